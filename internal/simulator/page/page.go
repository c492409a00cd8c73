// Package page shows a simulated site in a browser: its rooms and stations, the KMS
// host's counts against their thresholds, and what happened last. The page is rendered
// here alone; in the browser a script fetches it anew every second and takes over what
// changed. It reads the site and cannot change it.
package page

import (
	"bytes"
	"embed"
	"html/template"
	"io"
	"net/http"
	"slices"
	"sync"

	"github.com/timago/terraform-provider-timago/internal/report/style"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

//go:embed page.html page.css page.js
var files embed.FS

var layout = template.Must(template.ParseFS(files, "page.html"))

// policy lets the page load its own style and script and nothing else: names come from
// scenario files.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// recentSize is how many of the things that happened last are shown.
const recentSize = 14

// Page remembers what happened at a site, as far as it is shown.
type Page struct {
	title string

	mu     sync.Mutex
	last   map[string]world.Entry // by machine
	recent []world.Entry          // the oldest first
}

// New makes the page of a site with this title.
func New(title string) *Page { return &Page{title: title, last: map[string]world.Entry{}} }

// Happened takes in what happens at the site, in order.
func (p *Page) Happened(e world.Entry) {
	if _, shown := happenings[e.Kind]; !shown {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last[e.Machine] = e
	if len(p.recent) == recentSize {
		p.recent = slices.Delete(p.recent, 0, 1)
	}
	p.recent = append(p.recent, e)
}

// Register adds the page to the routes: at /, with its style and script.
func (p *Page) Register(mux *http.ServeMux, w *world.World) {
	mux.HandleFunc("GET /{$}", func(answer http.ResponseWriter, _ *http.Request) {
		var page bytes.Buffer
		if err := layout.Execute(&page, p.shown(w)); err != nil {
			http.Error(answer, err.Error(), http.StatusInternalServerError)
			return
		}
		protect(answer.Header())
		answer.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = answer.Write(page.Bytes()) // a browser that has gone has its own problem
	})
	for _, file := range []string{"page.css", "page.js"} {
		mux.HandleFunc("GET /"+file, func(answer http.ResponseWriter, r *http.Request) {
			protect(answer.Header())
			http.ServeFileFS(answer, r, files, file)
		})
	}
	mux.HandleFunc("GET /sheet.css", func(answer http.ResponseWriter, _ *http.Request) {
		protect(answer.Header())
		answer.Header().Set("Content-Type", "text/css; charset=utf-8")
		_, _ = io.WriteString(answer, style.Sheet)
	})
}

func protect(header http.Header) {
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cache-Control", "no-store")
}

// shown takes what the page shows.
func (p *Page) shown(w *world.World) site {
	state := w.State() // before the lock: it hands Happened what became due
	p.mu.Lock()
	defer p.mu.Unlock()
	return describe(p.title, w.Speed(), state, p.last, p.recent)
}
