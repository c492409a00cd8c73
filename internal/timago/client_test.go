package timago_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/timago"
)

// hang keeps the request until the client gives it up.
func hang(arrived, ended chan<- struct{}) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		close(arrived)
		<-r.Context().Done()
		close(ended)
	}
}

// silent never answers, not even while the client is hanging up.
func silent(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
	<-r.Context().Done()
	panic(http.ErrAbortHandler)
}

// cut promises more than it sends.
func cut(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", "1000")
	_, _ = io.WriteString(w, `{"version": "1.0`)
}

func saying(contentType, body string) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", contentType)
		_, _ = io.WriteString(w, body)
	}
}

type adviser interface{ Advice() string }

// Every way in which the interface can refuse or fail, for a read: how often it is
// asked, which error comes, what it says and what it advises.
func TestEveryFaultHasItsError(t *testing.T) {
	t.Parallel()
	for name, story := range map[string]struct {
		fault    func(http.ResponseWriter, *http.Request, http.Handler)
		attempts int
		is       error
		text     string
		advice   string
	}{
		"400": {answering(400, "invalid_request", "page_size"), 1, nil, "GET /api/v1/info: 400 Bad Request (invalid_request): page_size", "made for another version"},
		"401": {answering(401, "unauthorized", "The token has ended"), 1, kms.ErrDenied, "GET /api/v1/info: 401 Unauthorized (unauthorized): The token has ended", "TIMAGO_TOKEN"},
		"403": {answering(403, "forbidden", "No right on Verwaltung"), 1, kms.ErrDenied, "403 Forbidden (forbidden): No right on Verwaltung", "Rights are given per computer group"},
		"404": {answering(404, "not_found", "gone"), 1, nil, "404 Not Found (not_found): gone", "says nothing about whether the station exists"},
		"405": {answering(405, "method_not_allowed", ""), 1, nil, "405 Method Not Allowed (method_not_allowed)", "refuses the method GET"},
		"409": {answering(409, "conflict", "being edited"), 1, nil, "409 Conflict (conflict): being edited", "Somebody else"},
		"412": {answering(412, "precondition_failed", ""), 1, nil, "412 Precondition Failed (precondition_failed)", "Somebody else"},
		"413": {answering(413, "too_large", ""), 1, nil, "413 Request Entity Too Large (too_large)", "bodies of 256 KiB"},
		"418": {answering(418, "something_new", "tea"), 1, nil, "418 I'm a teapot (something_new): tea", "made for another version"},
		"428": {answering(428, "precondition_required", ""), 1, nil, "428 Precondition Required (precondition_required)", "sends If-Match with every change"},
		"422": {answering(422, "unsupported", "no wake here"), 1, nil, "422 Unprocessable Entity (unsupported): no wake here", "cannot do it"},
		"429": {answering(429, "rate_limited", "", "Retry-After", "0"), 4, nil, "429 Too Many Requests (rate_limited)", "max_retries"},
		"500": {answering(500, "internal_error", "database\x1b[31m\naway"), 4, nil, "500 Internal Server Error (internal_error): database[31m away", "its log"},
		"503": {answering(503, "unavailable", "", "Retry-After", "0"), 4, kms.ErrUnreachable, "503 Service Unavailable (unavailable)", "its log"},

		"timeout":         {silent, 4, kms.ErrUnreachable, "no complete answer within 300ms", "request_timeout"},
		"cut body":        {cut, 4, kms.ErrUnreachable, "unexpected EOF", "the server runs"},
		"connection lost": {lost, 4, kms.ErrUnreachable, "EOF", "the server runs"},
		"too large":       {saying("application/json", strings.Repeat(" ", 5<<20)), 1, kms.ErrUnreachable, "larger than 4 MB", "endpoint"},

		"web page":           {saying("text/html", "<html>Anmeldung</html>"), 1, nil, "GET /api/v1/info: the answer does not keep to the contract: no JSON, but text/html", "not of a web page"},
		"invalid JSON":       {saying("application/json", `{"version": "1.0",`), 1, nil, "broken JSON: unexpected end of JSON input", "openapi.yaml"},
		"Latin-1":            {saying("application/json", "{\"version\": \"B\xfcro\"}"), 1, nil, "the answer does not keep to the contract: it is not in UTF-8", "answer in UTF-8"},
		"204":                {func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { w.WriteHeader(204) }, 1, nil, "it has no body (204 No Content)", "openapi.yaml"},
		"1 million values":   {saying("application/json", `{"version": [`+strings.Repeat("1,", 1_000_000)+`1]}`), 1, nil, "it holds more than 150000 values", "openapi.yaml"},
		"nested deep":        {saying("application/json", `{"version": `+strings.Repeat("[", 1000)+strings.Repeat("]", 1000)+`}`), 1, nil, "it is nested deeper than 32", "openapi.yaml"},
		"a thousand and one": {saying("application/json", `{"version": "1", "server_time": "2026-09-07T06:15:00Z", "features": [`+strings.Repeat(`"x",`, 1000)+`"x"]}`), 1, nil, "$.features: has more than 1000 items", "openapi.yaml"},
		"null":               {saying("application/json", `null`), 1, nil, "$: must not be null", "openapi.yaml"},
		"a long refusal":     {answering(400, "invalid_request", strings.Repeat("x", 100_000)), 1, nil, "GET /api/v1/info: 400 Bad Request", "made for another version"},
		"missing field":      {saying("application/json", `{"version": "1.0", "features": []}`), 1, nil, "$.server_time: the field is missing", "openapi.yaml"},
		"redirect":           {answering(307, "", "", "Location", "https://elsewhere.example/login?token="+token), 1, nil, "307 Temporary Redirect: redirected to https://elsewhere.example", "set endpoint"},
		"404 of a proxy": {func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			http.Error(w, "nginx", http.StatusNotFound)
		}, 1, nil, "GET /api/v1/info: 404 Not Found", "does not know this path"},
		"token repeated": {answering(400, "invalid_request", "bad header: Bearer "+token), 1, nil, "bad header: Bearer [token]", "made for another version"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := newFakeTimago(t, 0)
			fake.failing("GET", 100, story.fault)
			client := fake.client(t, func(c *timago.Config) {
				if name == "timeout" {
					c.RequestTimeout = 300 * time.Millisecond
				}
			})
			_, err := client.Info(t.Context())
			if err == nil {
				t.Fatal("no error")
			}
			if n := len(fake.log()); n != story.attempts || len(fake.requests()) == 0 {
				t.Errorf("%d attempts of which %d arrived, want %d", n, len(fake.requests()), story.attempts)
			}
			if !strings.Contains(err.Error(), story.text) || strings.ContainsAny(err.Error(), "\x1b\n") {
				t.Errorf("says %q, want %q in it", err, story.text)
			}
			for _, sentinel := range []error{kms.ErrDenied, kms.ErrUnreachable, timago.ErrNotFound} {
				if errors.Is(err, sentinel) != errors.Is(story.is, sentinel) {
					t.Errorf("%v: is %q: %t", err, sentinel, errors.Is(err, sentinel))
				}
			}
			var advises adviser
			if !errors.As(err, &advises) || !strings.Contains(advises.Advice(), story.advice) {
				t.Errorf("%v does not advise %q", err, story.advice)
			}
			if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), token) {
				t.Errorf("the error holds the token: %#v", err)
			}
		})
	}
}

// A byte order mark has no place in JSON and does no harm.
func TestByteOrderMarkIsRead(t *testing.T) {
	t.Parallel()
	fake := newFakeTimago(t, 0)
	fake.failing("GET", 1, saying("application/json", "\ufeff"+`{"version":"1","server_time":"2026-09-07T06:15:00Z","features":[]}`))
	if info, err := fake.client(t).Info(t.Context()); err != nil || info.Version != "1" {
		t.Errorf("%+v, %v", info, err)
	}
}

func TestWhatPassesIsNotSeen(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(http.ResponseWriter, *http.Request, http.Handler){
		"429":      answering(429, "rate_limited", "", "Retry-After", "0"),
		"503":      answering(503, "unavailable", "", "Retry-After", "0"),
		"500":      answering(500, "internal_error", ""),
		"cut body": cut,
		"lost":     lost,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := newFakeTimago(t, 0)
			fake.failing("GET", 2, fault)
			info, err := fake.client(t).Info(t.Context())
			if err != nil || info.Version != "1.0.0" || !info.ServerTime.Equal(started) || len(info.Features) != 2 {
				t.Errorf("%+v, %v", info, err)
			}
			if len(fake.requests()) != 3 {
				t.Errorf("%d attempts, want 3", len(fake.requests()))
			}
		})
	}
}

func TestGroupingsAndKMS(t *testing.T) {
	t.Parallel()
	client := newFakeTimago(t, 0).client(t)
	rooms, err := client.Locations(t.Context())
	if err != nil || len(rooms) != 1 || rooms[0] != (timago.Grouping{ID: "l1", Name: "R101", Stations: 30}) {
		t.Errorf("%+v, %v", rooms, err)
	}
	groups, err := client.ComputerGroups(t.Context())
	if err != nil || len(groups) != 1 || groups[0].Name != "Unterricht" {
		t.Errorf("%+v, %v", groups, err)
	}
	shown, err := client.KMS(t.Context())
	if err != nil || shown.Host != "kms01.schule.example" || shown.Port != 1688 || len(shown.Products) != 1 ||
		shown.Products[0] != (timago.KMSProduct{Product: kms.Windows, Name: "Windows 11 Education", Status: timago.KMSActivated}) {
		t.Errorf("%+v, %v", shown, err)
	}
}

func TestRedirectTakesTheTokenNowhere(t *testing.T) {
	t.Parallel()
	reached := false
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	t.Cleanup(elsewhere.Close)
	fake := newFakeTimago(t, 0)
	fake.failing("GET", 1, answering(302, "", "", "Location", elsewhere.URL))
	if _, err := fake.client(t).Info(t.Context()); err == nil || !strings.Contains(err.Error(), elsewhere.URL) {
		t.Error(err)
	}
	if reached {
		t.Error("the redirect was followed")
	}
}

func TestCertificateThatIsNotTrusted(t *testing.T) {
	t.Parallel()
	fake := newFakeTimago(t, 0)
	_, err := fake.client(t, func(c *timago.Config) { c.CACertificate = nil }).Info(t.Context())
	var advises adviser
	if !errors.As(err, &advises) || !strings.Contains(advises.Advice(), "ca_certificate") || !errors.Is(err, kms.ErrUnreachable) {
		t.Errorf("%v", err)
	}
	if len(fake.requests()) != 0 {
		t.Error("the request was sent")
	}
	if _, err := fake.client(t, func(c *timago.Config) { c.CACertificate, c.InsecureSkipVerify = nil, true }).Info(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestConfigurationThatCannotWork(t *testing.T) {
	t.Parallel()
	const secret = "p4ssw0rd"
	for name, story := range map[string]struct {
		config timago.Config
		text   string
	}{
		"no endpoint":      {timago.Config{Token: token}, "endpoint is no URL of a server"},
		"name only":        {timago.Config{Endpoint: "timago.schule.example", Token: token}, "endpoint is no URL of a server"},
		"plain http":       {timago.Config{Endpoint: "http://timago.schule.example", Token: token}, "send the token in the clear"},
		"password in it":   {timago.Config{Endpoint: "https://admin:" + secret + "@timago.schule.example", Token: token}, "must not hold a user"},
		"broken, password": {timago.Config{Endpoint: "https://admin:" + secret + "@[::1", Token: token}, "endpoint is no URL"},
		"query":            {timago.Config{Endpoint: "https://timago.schule.example?a=b", Token: token}, "query"},
		"no token":         {timago.Config{Endpoint: "https://timago.schule.example"}, "TIMAGO_TOKEN"},
		"token of lines":   {timago.Config{Endpoint: "https://timago.schule.example", Token: secret + "\nX-A: b"}, "characters"},
		"CA certificate":   {timago.Config{Endpoint: "https://timago.schule.example", Token: token, CACertificate: []byte("x")}, "ca_certificate cannot be read"},
	} {
		_, err := timago.New(story.config)
		var wrong *timago.ConfigError
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), story.text) {
			t.Errorf("%s: %v, want %q", name, err, story.text)
		}
		if all := fmt.Sprintf("%v %#v %v %+v %#v", err, err, story.config, story.config, story.config); strings.Contains(all, secret) || strings.Contains(all, token) {
			t.Errorf("%s: a secret is told: %s", name, all)
		}
	}
}

func TestEndpointsThatWork(t *testing.T) {
	t.Parallel()
	var paths []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths = append(paths, r.URL.Path)
		saying("application/json", `{"version":"1","server_time":"2026-09-07T06:15:00Z","features":[],"added_later":1}`)(w, r, nil)
	}))
	t.Cleanup(server.Close)
	for path, want := range map[string]string{
		"": "/api/v1/info", "/": "/api/v1/info", "/api/v1": "/api/v1/info", "/api/v1/": "/api/v1/info", "/timago/": "/timago/api/v1/info",
	} {
		client, err := timago.New(timago.Config{Endpoint: server.URL + path, Token: token + "\n"}) // plain http to this machine
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Info(t.Context()); err != nil || paths[len(paths)-1] != want {
			t.Errorf("%q: %v, asked %v", path, err, paths)
		}
		client.Close()
	}
}
