package timago

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode"

	"github.com/timago/terraform-provider-timago/internal/timago/contract"
)

// Whatever the interface answers becomes what the contract has, or an error that a person
// can read.
func FuzzDecode(f *testing.F) {
	const station = `{"id": "6f1c1c52-6c1e-4f0a-9d57-0b1c5f3f0a01", "etag": "\"1\"", "name": "R101-PC01", "location": "R101", "computer_group": "", "online": true,` +
		` "last_start": null, "last_operating_system": null, "logged_on_user": null, "pending_command": null,` +
		` "operating_systems": [{"name": "Windows", "kms_activation": true, "image_kms_activation": null, "image_generation": 1}]}`
	for _, seed := range []struct {
		status     int
		kind, body string
	}{
		{200, "application/json", `{"items": [` + station + `], "next_page_token": null}`},
		{200, "application/json; charset=utf-8", "\ufeff{\"items\": [], \"next_page_token\": \"x\"}"},
		{200, "text/html", "<html>Anmeldung</html>"},
		{200, "application/json", `{"items": {"a": [[[[1, 2e999, "\ud800"]]]]}}`},
		{409, "application/problem+json", `{"status": 409, "code": "conflict", "title": "Conflict", "detail": "a\u001b[2J", "errors": [{"pointer": "/x", "detail": "y"}]}`},
		{302, "", ""},
	} {
		f.Add(seed.status, seed.kind, seed.body, "https://timago.example/else\n")
	}
	f.Fuzz(func(t *testing.T, status int, kind, body, location string) {
		answer := func() *http.Response {
			return &http.Response{
				StatusCode: status, Header: http.Header{"Content-Type": {kind}, "Location": {location}}, Body: io.NopCloser(strings.NewReader(body)),
				Request: &http.Request{Method: http.MethodGet, URL: &url.URL{Scheme: "https", Host: "timago.example", Path: "/api/v1/stations"}},
			}
		}
		page, err := decode[contract.StationPage](t.Context(), answer())
		if err == nil {
			if n := len(page.Items); n > maxArray || n > bytes.Count([]byte(body), []byte("{")) {
				t.Errorf("%d stations of %d bytes", n, len(body))
			}
			for _, item := range page.Items {
				stationOf(item)
			}
			return
		}
		shown(t, err)
		if problem, ok := errors.AsType[*Problem](err); ok {
			shown(t, errors.New(problem.Advice()))
		}
		if _, err := decode[contract.Command](t.Context(), answer()); err != nil {
			shown(t, err)
		}
	})
}

func shown(t *testing.T, err error) {
	t.Helper()
	for _, r := range err.Error() {
		if !unicode.IsPrint(r) {
			t.Fatalf("%U in %q", r, err)
		}
	}
}

// What stations have in common counts once against what a list may hold, what they have
// of their own each time.
func TestWhatAListHoldsIsCounted(t *testing.T) {
	t.Parallel()
	room, shared := strings.Repeat("R", 1000), texts{}
	station := func(name string, systems ...string) Station {
		s := contract.Station{ID: "1", Name: name, Location: room}
		for _, system := range systems {
			s.OperatingSystems = append(s.OperatingSystems, contract.OperatingSystem{Name: system})
		}
		return stationOf(s)
	}
	first, second := station("PC1", "Windows 11"), station("PC2", "Windows 11")
	if a, b := shared.share(&first), shared.share(&second); a-b != len(room)+len("Windows 11") {
		t.Errorf("the first adds %d, the second %d", a, b)
	}
	long, many := station(strings.Repeat("x", 5000)), station("PC4", make([]string, 100)...)
	if a := shared.share(&long); a < 5000 {
		t.Errorf("a long name adds %d", a)
	}
	if a := shared.share(&many); a < 100*32 {
		t.Errorf("many systems add %d", a)
	}
}

// A server that lists thousands under one name fills no screen.
func TestAdviceIsBounded(t *testing.T) {
	t.Parallel()
	many := make([]string, 20_000)
	for i := range many {
		many[i] = strings.Repeat("x", 36)
	}
	for name, advice := range map[string]string{
		"stations": (&Ambiguous{Name: "PC01", IDs: many}).Advice(), "systems": (&NoOperatingSystem{Station: "PC01", Has: many}).Advice(),
		"a long name": (&NoOperatingSystem{Station: "PC01", Has: []string{strings.Repeat("x", 1<<20)}}).Advice(),
	} {
		if len(advice) > 700 || name != "a long name" && !strings.Contains(advice, "19990 more") {
			t.Errorf("%s: %d bytes: %.100s", name, len(advice), advice)
		}
	}
}
