package simulator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// control is the loopback HTTP interface by which tests and the demonstration look at
// the site and change it. It answers JSON and takes JSON or YAML, with durations as
// texts ("40h").
type control struct {
	url    string
	server *http.Server
	ended  chan struct{}
}

func (s *Simulator) serveControl(ctx context.Context, address string) (*control, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening for the control interface: %w", err)
	}
	if bound, ok := l.Addr().(*net.TCPAddr); !ok || !bound.IP.IsLoopback() {
		_ = l.Close() // nothing to be saved
		return nil, fmt.Errorf("the control interface listens on loopback only, not at %s", l.Addr())
	}
	c := &control{
		url:    "http://" + l.Addr().String(),
		server: &http.Server{Handler: loopbackOnly(s.routes()), ReadHeaderTimeout: 10 * time.Second},
		ended:  make(chan struct{}),
	}
	go func() {
		defer close(c.ended)
		_ = c.server.Serve(l) // ends with close
	}()
	return c, nil
}

func (c *control) close() {
	_ = c.server.Close() // nothing to be saved
	<-c.ended
}

// loopbackOnly keeps web pages out that a browser on this machine shows.
func loopbackOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := (&url.URL{Host: r.Host}).Hostname()
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) || r.Header.Get("Origin") != "" {
			answer(w, http.StatusForbidden, map[string]string{"error": "loopback only"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Simulator) routes() http.Handler {
	mux := http.NewServeMux()
	s.page.Register(mux, s.World)
	mux.HandleFunc("GET /state", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, s.State()) })
	mux.HandleFunc("GET /ready", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, s.Ready()) })
	mux.HandleFunc("GET /log", func(w http.ResponseWriter, r *http.Request) {
		after, err := strconv.Atoi(r.URL.Query().Get("after"))
		if err != nil && r.URL.Query().Has("after") {
			answer(w, http.StatusBadRequest, map[string]string{"error": "after is the number of an entry"})
			return
		}
		answer(w, http.StatusOK, s.Log(after))
	})
	mux.HandleFunc("POST /faults", change(s, func(f world.Fault, _ string) error { return s.World.Inject(f) }))
	mux.HandleFunc("DELETE /faults/{name}", change(s, func(_ struct{}, name string) error {
		s.World.Heal(world.FaultName(name))
		return nil
	}))
	type passing struct {
		For     time.Duration `yaml:"for"`
		StayOff bool          `yaml:"stay_off"`
	}
	mux.HandleFunc("POST /advance", change(s, func(p passing, _ string) error {
		if p.For < 0 {
			return errors.New("time does not run backwards")
		}
		s.World.Advance(p.For)
		return nil
	}))
	mux.HandleFunc("POST /holidays", change(s, func(p passing, _ string) error {
		if p.For <= 0 {
			return errors.New("for is missing")
		}
		s.World.Holidays(p.For, p.StayOff)
		return nil
	}))
	for path, act := range map[string]func(string) error{
		"wake": s.World.Wake, "power-on": s.World.PowerOn, "power-off": s.World.PowerOff, "log-off": s.World.LogOff,
	} {
		mux.HandleFunc("POST /stations/{name}/"+path, change(s, func(_ struct{}, name string) error { return act(name) }))
	}
	mux.HandleFunc("POST /stations/{name}/log-on", change(s, func(u struct {
		User string `yaml:"user"`
	}, name string,
	) error {
		return s.World.LogOn(name, u.User)
	}))
	mux.HandleFunc("POST /stations/{name}/option", change(s, func(o struct {
		KMS bool `yaml:"kms"`
	}, name string,
	) error {
		return s.World.SetOption(name, o.KMS)
	}))
	mux.HandleFunc("POST /stations/{name}/reset-image", change(s, func(o struct {
		Force bool `yaml:"force"`
	}, name string,
	) error {
		return s.World.ResetImage(name, o.Force)
	}))
	return mux
}

// change answers with the state after something was changed.
func change[T any](s *Simulator, act func(wanted T, name string) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var wanted T
		decoder := yaml.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
		decoder.KnownFields(true)
		if err := decoder.Decode(&wanted); err != nil && !errors.Is(err, io.EOF) {
			answer(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
			return
		}
		name := r.PathValue("name")
		if station, err := s.Name(name); err == nil {
			name = station
		}
		switch err := act(wanted, name); {
		case errors.Is(err, world.ErrUnknownMachine):
			answer(w, http.StatusNotFound, map[string]string{"error": err.Error()})
		case err != nil:
			answer(w, http.StatusUnprocessableEntity, map[string]string{"error": err.Error()})
		default:
			answer(w, http.StatusOK, s.State())
		}
	}
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that has gone has its own problem
}
