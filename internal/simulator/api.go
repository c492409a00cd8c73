package simulator

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator/timagoserver"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// Timago describes the HTTP interface in front of the site's Timago server.
type Timago struct {
	Token       string        `yaml:"token"`           // default: made up at the start
	Groups      []string      `yaml:"computer_groups"` // that the token has rights on; default all
	Features    []string      `yaml:"features"`        // default all
	PageSize    int           `yaml:"page_size"`       // the most that a page holds, whatever is asked for; default 500
	RateLimit   int           `yaml:"rate_limit"`      // requests per real second; default any number
	Latency     time.Duration `yaml:"latency"`         // real, of every answer
	TakenWithin time.Duration `yaml:"taken_within"`    // simulated, else a command expires; default half an hour
	// StartedWithin is for the station to come back, else the command failed.
	StartedWithin time.Duration `yaml:"started_within"` // simulated; default half an hour
}

// api is the running interface.
type api struct {
	server   *timagoserver.Server
	endpoint string
	ended    chan struct{}
}

// serveAPI opens the interface; check stands around its answers, see
// timagoserver.Config.
func (s *Simulator) serveAPI(ctx context.Context, check func(http.Handler) http.Handler) (*api, error) {
	addresses := map[string]string{}
	for _, station := range s.Ready().Stations {
		addresses[station.Name] = station.Address
	}
	ip := net.IPv4(127, 0, 0, 1)
	certificate, err := s.authority.issue(world.Timago, ip)
	if err != nil {
		return nil, err
	}
	described := s.scenario.Timago
	server := timagoserver.New(timagoserver.Config{
		World: s.World, TLS: certificate, Token: described.Token, Groups: described.Groups, Features: described.Features,
		MaxPage: described.PageSize, RateLimit: described.RateLimit, Latency: described.Latency, TakenWithin: described.TakenWithin,
		StartedWithin: described.StartedWithin,
		Address:       func(station string) string { return addresses[station] },
		Log:           s.interfaced, Check: check,
	})
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", net.JoinHostPort(ip.String(), "0"))
	if err != nil {
		return nil, err
	}
	a := &api{server: server, endpoint: "https://" + l.Addr().String(), ended: make(chan struct{})}
	go func() {
		defer close(a.ended)
		_ = server.Serve(l) // ends with close
	}()
	return a, nil
}

func (a *api) close() {
	a.server.Close()
	<-a.ended
}

// interfaced is given a request to the interface.
func (s *Simulator) interfaced(e timagoserver.Entry) {
	s.record.interfaced(s.World.Now(), e)
	s.logger.Debug("asked", "machine", world.Timago, "call", e.Call, "query", e.Query, "command", e.Command, "status", e.Status, "fault", string(e.Fault))
}
