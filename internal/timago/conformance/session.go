package conformance

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/timago/terraform-provider-timago/internal/timago/contract"
)

const (
	base    = "/api/v1"
	maxBody = 16 << 20
)

// session asks a server for a check, and keeps what does not hold.
type session struct {
	config  Config
	client  *http.Client
	address string // scheme and host, and the path before /api/v1

	skipped string
	wrong   []string
}

func newSession(config Config) (*session, error) {
	address, err := url.Parse(strings.TrimSpace(config.URL))
	if err != nil || address.Host == "" {
		return nil, fmt.Errorf("%q is no URL of a server", config.URL)
	}
	client := *cmp.Or(config.HTTP, http.DefaultClient)
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client.Timeout = cmp.Or(client.Timeout, time.Minute)
	path := strings.TrimSuffix(strings.TrimRight(address.Path, "/"), base)
	return &session{config: config, client: &client, address: address.Scheme + "://" + address.Host + path}, nil
}

// request is what is asked.
type request struct {
	method, path string // path below the base path, with its query, as it is sent
	body         string
	header       map[string]string // beside the token; "" takes one out
}

// answer is what came.
type answer struct {
	what   string // that was asked
	status int
	header http.Header
	body   []byte
	err    error
}

// ask asks, and compares the answer with the contract where it knows the call.
func (s *session) ask(ctx context.Context, q request) answer {
	a := s.send(ctx, q)
	if a.err != nil {
		s.fail(a, "no answer: %v", a.err)
		return a
	}
	if a.status == http.StatusMethodNotAllowed || a.problem().Code == contract.ProblemCodeUnknownPath {
		return a // the contract's document has neither
	}
	known, err := http.NewRequestWithContext(ctx, q.method, base+q.path, strings.NewReader(q.body))
	if err != nil {
		return a
	}
	known.Header.Set("Content-Type", "application/json")
	if exchange, err := Find(known); err == nil {
		if err := exchange.Answer(a.status, a.header, a.body); err != nil { //nolint:contextcheck // the exchange carries its request's context
			s.fail(a, "%v", firstLine(err))
		}
	}
	media, _, _ := mime.ParseMediaType(a.header.Get("Content-Type"))
	switch {
	case !utf8.Valid(a.body):
		s.fail(a, "the body is not UTF-8")
	case bytes.HasPrefix(a.body, []byte("\ufeff")):
		s.fail(a, "the body begins with a byte order mark")
	case len(a.body) == 0:
		s.fail(a, "the answer has no body")
	case media != "application/json" && media != "application/problem+json":
		s.fail(a, "the answer is %q", a.header.Get("Content-Type"))
	}
	return a
}

func (s *session) send(ctx context.Context, q request) answer {
	a := answer{what: q.method + " " + q.path}
	sent, err := http.NewRequestWithContext(ctx, q.method, s.address+base+q.path, strings.NewReader(q.body))
	if err != nil {
		a.err = err
		return a
	}
	sent.Header.Set("Authorization", "Bearer "+s.config.Token)
	if q.body != "" {
		sent.Header.Set("Content-Type", "application/json")
	}
	for name, value := range q.header {
		sent.Header.Set(name, value)
		if value == "" {
			sent.Header.Del(name)
		}
	}
	response, err := s.client.Do(sent)
	if err != nil {
		a.err = err
		return a
	}
	defer response.Body.Close()
	a.status, a.header = response.StatusCode, response.Header
	a.body, a.err = io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	if a.err == nil && len(a.body) > maxBody {
		a.err = errors.New("the answer is larger than 16 MiB")
	}
	return a
}

// firstLine is what an error says before it quotes a whole schema.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// fail notes what does not hold of an answer.
func (s *session) fail(a answer, format string, arguments ...any) {
	what := a.what
	if len(what) > 160 {
		what = what[:160] + "…"
	}
	s.wrong = append(s.wrong, what+": "+fmt.Sprintf(format, arguments...))
}

func (s *session) skip(why string) { s.skipped = why }

func (a answer) problem() contract.Problem {
	var problem contract.Problem
	_ = json.Unmarshal(a.body, &problem) // what is none has no code
	return problem
}

// refused wants a problem document of a status with one of these codes.
func (s *session) refused(a answer, status int, codes ...contract.ProblemCode) {
	if a.err != nil {
		return // it is noted
	}
	problem := a.problem()
	fits := false
	for _, code := range codes {
		fits = fits || problem.Code == code
	}
	if a.status != status || !fits {
		s.fail(a, "answered %d %s, want %d %s", a.status, cmp.Or(problem.Code, "without a code"), status, strings.Join(codes, " or "))
	}
	if problem.Status != a.status {
		s.fail(a, "the problem document says status %d", problem.Status)
	}
}

// read wants an answer of a status and decodes it; false where that did not work.
func read[T any](s *session, a answer, status int) (T, bool) {
	var value T
	if a.err != nil {
		return value, false
	}
	if a.status != status {
		s.fail(a, "answered %d %s, want %d", a.status, a.problem().Code, status)
		return value, false
	}
	if err := json.Unmarshal(a.body, &value); err != nil {
		s.fail(a, "%v", err)
		return value, false
	}
	return value, true
}

func (s *session) get(ctx context.Context, path string) answer {
	return s.ask(ctx, request{method: http.MethodGet, path: path})
}

// stations lists what passes a query, on at most so many pages; false where that did not work.
func (s *session) stations(ctx context.Context, query string, pages int) ([]contract.Station, bool) {
	var all []contract.Station
	token := ""
	seen := map[string]bool{}
	for range pages {
		path := "/stations?" + query
		if token != "" {
			path += "&page_token=" + url.QueryEscape(token)
		}
		a := s.get(ctx, path)
		page, ok := read[contract.StationPage](s, a, http.StatusOK)
		if !ok {
			return nil, false
		}
		all = append(all, page.Items...)
		if page.NextPageToken == nil {
			return all, true
		}
		if token = *page.NextPageToken; seen[token] {
			s.fail(a, "the page token %q came twice", token)
			return nil, false
		}
		if len(page.Items) == 0 {
			s.fail(a, "a page that is not the last has no items")
		}
		seen[token] = true
	}
	return all, true
}

// station is the one that changes are about; false where there is none of the name.
func (s *session) station(ctx context.Context) (contract.Station, bool) {
	found, ok := s.stations(ctx, "name="+url.QueryEscape(s.config.Station), 1)
	if !ok {
		return contract.Station{}, false
	}
	if len(found) != 1 {
		s.wrong = append(s.wrong, fmt.Sprintf("%d stations are named %s", len(found), s.config.Station))
		return contract.Station{}, false
	}
	if len(found[0].OperatingSystems) == 0 {
		s.skip("the station has no operating system")
		return contract.Station{}, false
	}
	return found[0], true
}
