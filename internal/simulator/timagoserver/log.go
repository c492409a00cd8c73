package timagoserver

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// Entry is the log's record of one request. It is written when the outcome is known and
// before the client gets its answer. It never holds the token.
type Entry struct {
	Time     time.Time // arrival, real
	Method   string
	Call     string   // the operation: "GET /stations/{id}"; of what is none, method and path
	Path     string   // below the base path
	Query    string   // as it was sent
	Command  string   // of POST /commands
	Stations []string // client ids that it is about, of what was sent
	Keys     []string // idempotency keys, of what was sent
	Status   int      // 0: it was not answered
	Fault    world.FaultName
}

func (s *Server) entry(r *http.Request, body []byte, arrived time.Time) Entry {
	e := Entry{
		Time: arrived, Method: s.redacted(r.Method), Path: s.redacted(strings.TrimPrefix(r.URL.Path, base)),
		Query: s.redacted(r.URL.RawQuery), Stations: r.URL.Query()["id"],
	}
	e.Call = e.Method + " " + e.Path
	if rest, found := strings.CutPrefix(e.Path, "/stations/"); found {
		id, _, _ := strings.Cut(rest, "/")
		e.Stations = []string{id}
	}
	var sent struct {
		Command  string
		Stations []struct{ ID, Key string }
	}
	if r.Method == http.MethodPost && json.Unmarshal(body, &sent) == nil {
		e.Command = s.redacted(sent.Command)
		for _, station := range sent.Stations {
			e.Stations, e.Keys = append(e.Stations, station.ID), append(e.Keys, station.Key)
		}
	}
	for _, texts := range [][]string{e.Stations, e.Keys} {
		for i := range texts {
			texts[i] = s.redacted(texts[i])
		}
	}
	return e
}
