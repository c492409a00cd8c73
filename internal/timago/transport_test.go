package timago

import (
	"context"
	"errors"
	"math"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/timago/terraform-provider-timago/internal/timago/contract"
)

func TestOnlyWhatIsSafeIsRepeated(t *testing.T) {
	t.Parallel()
	for name, story := range map[string]struct {
		method, url, ifMatch string
		want                 bool
	}{
		"read":                   {"GET", "https://h/api/v1/info", "", true},
		"command, with keys":     {"POST", "https://h/api/v1/commands", "", true},
		"another post":           {"POST", "https://h/api/v1/stations", "", false},
		"write of a known state": {"PATCH", "https://h/api/v1/stations/1", `"1"`, true},
		"write of any state":     {"PATCH", "https://h/api/v1/stations/1", "", false},
		"deletion":               {"DELETE", "https://h/api/v1/stations/1", `"1"`, false},
	} {
		request, err := http.NewRequestWithContext(t.Context(), story.method, story.url, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if story.ifMatch != "" {
			request.Header.Set("If-Match", story.ifMatch)
		}
		if repeatable(request) != story.want {
			t.Errorf("%s: repeated %t", name, !story.want)
		}
	}
}

// Those who were sent away together do not come back together.
func TestServerCannotMakeItWaitLong(t *testing.T) {
	t.Parallel()
	at := func(draw float64) func(least, most time.Duration, try int, answer *http.Response) time.Duration {
		return pause(func() float64 { return draw })
	}
	for _, story := range []struct {
		status     int
		retryAfter string
		try        int
		want       time.Duration
	}{
		{429, "7", 0, 7 * time.Second},
		{503, "0", 5, 0},
		{429, "86400", 0, maxRetryWait},
		{429, strconv.Itoa(math.MaxInt64), 0, maxRetryWait},
		{429, "Fri, 31 Dec 2999 23:59:59 GMT", 0, maxRetryWait},
		{429, "-5", 0, time.Second},
		{500, "7", 0, time.Second},
		{500, "", 2, 4 * time.Second},
		{500, "", 20, maxRetryWait},
	} {
		answer := http.Response{StatusCode: story.status, Body: http.NoBody, Header: http.Header{"Retry-After": {story.retryAfter}}}
		if got := at(0)(time.Second, maxRetryWait, story.try, &answer); got != story.want { //nolint:bodyclose // it has no body
			t.Errorf("%+v: waits %v", story, got)
		}
		if got, most := at(1)(time.Second, maxRetryWait, story.try, &answer), story.want+story.want/2+time.Second/2; got != most { //nolint:bodyclose // it has no body
			t.Errorf("%+v: waits up to %v, want %v", story, got, most)
		}
	}
	if got := at(0)(time.Second, maxRetryWait, 1, nil); got != 2*time.Second { //nolint:bodyclose // there is no answer
		t.Errorf("without an answer: waits %v", got)
	}
}

func TestAnswersAreHeldToTheContract(t *testing.T) {
	t.Parallel()
	const station = `{"id":"6f1c1c52-6c1e-4f0a-9d57-0b1c5f3f0a01","name":"PC1","location":"","computer_group":"","online":true,"last_start":null,
		"last_operating_system":null,"logged_on_user":null,"pending_command":null,"etag":"1","new_field":[1],
		"operating_systems":[{"name":"W","kms_activation":true,"image_kms_activation":null,"image_generation":0}]}`
	replaced := func(part, by string) string { return `{"items":[` + strings.Replace(station, part, by, 1) + `]}` }
	for name, story := range map[string]struct{ body, path, text string }{
		"good":               {`{"items":[` + station + `]}`, "", ""},
		"no items":           {`{}`, "$.items", "the field is missing"},
		"items null":         {`{"items":null}`, "$.items", "must not be null"},
		"items an object":    {`{"items":{}}`, "$.items", "is no list"},
		"a list":             {`[]`, "$", "is no object"},
		"item a number":      {`{"items":[` + station + `,7]}`, "$.items[1]", "is no object"},
		"token a number":     {`{"items":[],"next_page_token":7}`, "$.next_page_token", "is no string"},
		"empty item":         {`{"items":[` + station + `,{}]}`, "$.items[1].computer_group", "the field is missing"},
		"nested, missing":    {replaced(`"name":"W",`, ``), "$.items[0].operating_systems[0].name", "the field is missing"},
		"nested, wrong type": {replaced(`"image_generation":0`, `"image_generation":"4"`), "$.items[0].operating_systems[0].image_generation", "is no int64"},
		"nested, null":       {replaced(`"kms_activation":true`, `"kms_activation":null`), "$.items[0].operating_systems[0].kms_activation", "must not be null"},
		"bad time":           {replaced(`"last_start":null`, `"last_start":"07.09.2026 08:15"`), "$.items[0].last_start", "is no time in the form of RFC 3339"},
		"user left out":      {replaced(`"logged_on_user":null,`, ``), "$.items[0].logged_on_user", "the field is missing"},
		"pending, missing":   {replaced(`"pending_command":null`, `"pending_command":{"id":"c1","state":"sent"}`), "$.items[0].pending_command.command", "the field is missing"},
	} {
		wrong := check(t.Context(), []byte(story.body), reflect.TypeFor[contract.StationPage](), "$")
		switch {
		case wrong == nil && story.path == "":
		case wrong == nil:
			t.Errorf("%s: nothing found", name)
		case wrong.JSONPath != story.path || wrong.Err.Error() != story.text:
			t.Errorf("%s: %s: %v, want %s: %s", name, wrong.JSONPath, wrong.Err, story.path, story.text)
		}
	}
}

// A list ends: by the contract, and where a server breaks it.
func TestPagesThatDoNotEnd(t *testing.T) {
	t.Parallel()
	token := func(text string) *string { return &text }
	for name, story := range map[string]struct {
		read  func(n int) page // the nth
		pages int
		err   error
	}{
		"the same token":           {func(int) page { return page{next: token("A"), items: 500, fresh: 500} }, 2, errTokenTwice},
		"A, B, A, B":               {func(n int) page { return page{next: token("AB"[n%2 : n%2+1]), items: 500, fresh: 500} }, 3, errTokenTwice},
		"ever new, the same items": {func(n int) page { return page{next: token(strconv.Itoa(n)), items: 500} }, maxBarren, errBarren},
		"ever new, without items":  {func(n int) page { return page{next: token(strconv.Itoa(n))} }, maxBarren, errBarren},
		"ever new, ever new items": {func(n int) page { return page{next: token(strconv.Itoa(n)), items: 500, fresh: 500} }, maxItems / 500, errTooManyPage},
		"ever new, one item each":  {func(n int) page { return page{next: token(strconv.Itoa(n)), items: 1, fresh: 1} }, maxPages, errTooManyPage},
		"ever new, ever fat items": {func(n int) page { return page{next: token(strconv.Itoa(n)), items: 1, fresh: 1, bytes: maxBody} }, maxList/maxBody + 1, errTooLong},
		"ever new, much to keep":   {func(n int) page { return page{next: token(strconv.Itoa(n)), items: 1, fresh: 1, kept: 1 << 20} }, maxKept>>20 + 1, errTooMuch},
		"some barren ones, then end": {func(n int) page {
			if n == 100 {
				return page{items: 1}
			}
			return page{next: token(strconv.Itoa(n)), items: 1, fresh: n % 2}
		}, 101, nil},
	} {
		asked := 0
		err := follow("/api/v1/stations", func(*string) (page, error) {
			asked++
			return story.read(asked - 1), nil
		})
		if !errors.Is(err, story.err) || asked != story.pages {
			t.Errorf("%s: %v after %d pages, want %v after %d", name, err, asked, story.err, story.pages)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "GET /api/v1/stations: the answer does not keep to the contract: $") {
			t.Errorf("%s: %v does not say which list", name, err)
		}
	}
}

// network is a way to a server, and what comes of it.
type network func(*http.Request) (*http.Response, error)

func (n network) RoundTrip(request *http.Request) (*http.Response, error) { return n(request) }

// A server that answers when the client hangs up has not answered in time, and says nothing of the station.
func TestAnAnswerToAClientThatHungUpIsNone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for late, wanted := range map[bool]error{false: nil, true: context.DeadlineExceeded} {
			way := &attempt{timeout: time.Second, log: func(context.Context, string, map[string]any) {}, network: network(func(r *http.Request) (*http.Response, error) {
				if late {
					<-r.Context().Done()
				}
				return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
			})}
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://timago.example/api/v1/info", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := way.RoundTrip(request); !errors.Is(err, wanted) { //nolint:bodyclose // it has no body
				t.Errorf("late %v: %v", late, err)
			}
		}
	})
}
