package contracttest

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// Between stands between a client and a server of the contract and lets a test answer in
// the server's place: what no server should do, and some will.
type Between struct {
	mu     sync.Mutex
	answer Answerer
	met    int
}

// Answerer answers a request, or says that it does not.
type Answerer func(w http.ResponseWriter, r *http.Request, server http.Handler) (answered bool)

// Answer sets who answers; nil: the server itself. What was met is counted anew.
func (b *Between) Answer(answer Answerer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer, b.met = answer, 0
}

// Met counts the requests that were answered in the server's place.
func (b *Between) Met() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.met
}

// Handler puts it before a server.
func (b *Between) Handler(server http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		answer := b.answer
		b.mu.Unlock()
		answered := answer != nil
		defer func() { // also where the connection was broken
			if answered {
				b.mu.Lock()
				defer b.mu.Unlock()
				b.met++
			}
		}()
		if answered {
			answered = answer(w, r, server)
		}
		if !answered {
			server.ServeHTTP(w, r)
		}
	})
}

// On answers requests of a method whose path ends so, or has a segment that does, "/stations"
// or "/commands", with the same each time.
func On(method, path string, status int, contentType, body string) Answerer {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) bool {
		if r.Method != method || !strings.HasSuffix(r.URL.Path, path) {
			return false
		}
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // a client that has gone has its own problem
		return true
	}
}

// ProblemOn answers with a problem document.
func ProblemOn(method, path string, status int, code string) Answerer {
	body := `{"title":` + strconv.Quote(http.StatusText(status)) + `,"status":` + strconv.Itoa(status) + `,"code":` + strconv.Quote(code) + `}`
	return On(method, path, status, "application/problem+json", body)
}

// LostOn lets the server carry out the first so many requests of a method whose path ends so,
// and breaks the connection before the answer.
func LostOn(method, path string, times int) Answerer {
	var left atomic.Int64
	left.Store(int64(times))
	return func(_ http.ResponseWriter, r *http.Request, server http.Handler) bool {
		if r.Method != method || !strings.HasSuffix(r.URL.Path, path) || left.Add(-1) < 0 {
			return false
		}
		server.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	}
}

// EveryStation lets the server answer and changes every station in what it says.
func EveryStation(change func(station map[string]any)) Answerer {
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) bool {
		if !strings.Contains(r.URL.Path, "/stations") {
			return false
		}
		answer := httptest.NewRecorder()
		server.ServeHTTP(answer, r)
		var object map[string]any
		if err := json.Unmarshal(answer.Body.Bytes(), &object); err == nil && answer.Code == http.StatusOK {
			items, isList := object["items"].([]any)
			if !isList {
				items = []any{object}
			}
			for _, item := range items {
				change(item.(map[string]any)) //nolint:forcetypeassert // the server keeps to the contract
			}
			answer.Body.Reset()
			_ = json.NewEncoder(answer.Body).Encode(object) // it was JSON before
		}
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = answer.Body.WriteTo(w)
		return true
	}
}
