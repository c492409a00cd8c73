package cycle_test

import (
	"context"
	"fmt"
	"hash/fnv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/timago/terraform-provider-timago/internal/cycle"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// fakeSite is a simulated site as a cycle sees it: each call takes a little time, and a
// station that is switched off keeps its caller waiting.
type fakeSite struct {
	*world.World
	latency time.Duration
	watch   *invariantChecker // sees every call; may be nil
	probes  atomic.Int64
	notice  time.Duration // between a restart's command and the going down
	late    bool          // calls do not end with their context
}

// dialTimeout is how long a caller waits for a machine that gives no answer.
const dialTimeout = 3 * time.Second

// travel lets a call take its time; it fails when the context ends first.
func (s *fakeSite) travel(ctx context.Context, station, kind string) error {
	took := s.latency
	about := []string{kind}
	if kind != world.AboutActivate && kind != world.AboutRestart {
		about = append(about, world.AboutRead)
	}
	slow := s.AnswerTakes(station, about...)
	if took > 0 {
		// Different for each pair of station and kind, so that no two calls end at one moment.
		hash := fnv.New32a()
		fmt.Fprintf(hash, "%s|%s", station, kind)
		took += time.Duration(hash.Sum32()) % took
	}
	if s.late {
		ctx = context.WithoutCancel(ctx)
	}
	return pause(ctx, took+slow)
}

func pause(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", kms.ErrUnreachable, ctx.Err())
	}
}

// answered passes on an answer; silence takes as long as a dial.
func answered[T any](ctx context.Context, answer T, err error) (T, error) {
	if err != nil && (strings.Contains(err.Error(), "("+string(world.ContactSilent)+")") || strings.Contains(err.Error(), "("+string(world.HalfOpen)+")")) {
		if ended := pause(ctx, dialTimeout); ended != nil {
			return answer, ended
		}
	}
	return answer, err
}

func (s *fakeSite) Probe(ctx context.Context, station string) (kms.Uptime, error) {
	if err := s.travel(ctx, station, "probe"); err != nil {
		return kms.Uptime{}, err
	}
	s.probes.Add(1)
	u, err := s.World.Probe(station)
	return answered(ctx, u, err)
}

func (s *fakeSite) Station(ctx context.Context, station string) (kms.Station, error) {
	if err := s.travel(ctx, station, "whole"); err != nil {
		return kms.Station{}, err
	}
	p, err := s.World.Presence(station)
	if p, err = answered(ctx, p, err); err != nil {
		return kms.Station{}, err
	}
	read := kms.Station{Uptime: p.Uptime, Name: p.Name, At: time.Now()}
	read.Licensing, err = s.World.Licensing(station)
	read.Licensing, err = answered(ctx, read.Licensing, err)
	return read, err
}

func (s *fakeSite) Presence(ctx context.Context, station string) (kms.Presence, error) {
	if err := s.travel(ctx, station, "presence"); err != nil {
		return kms.Presence{}, err
	}
	p, err := s.World.Presence(station)
	p, err = answered(ctx, p, err)
	s.watch.presence(station, p, err) // the cycle knows it from here on
	return p, err
}

func (s *fakeSite) Licensing(ctx context.Context, station string) (kms.Licensing, error) {
	if err := s.travel(ctx, station, "licensing"); err != nil {
		return kms.Licensing{}, err
	}
	l, err := s.World.Licensing(station)
	return answered(ctx, l, err)
}

func (s *fakeSite) Requests(ctx context.Context, station string, since time.Time) ([]kms.Exchange, error) {
	if err := s.travel(ctx, station, "requests"); err != nil {
		return nil, err
	}
	e, err := s.World.Requests(station, since)
	return answered(ctx, e, err)
}

func (s *fakeSite) Activate(ctx context.Context, station, licence string) error {
	s.watch.activate(station, licence)
	if err := s.travel(ctx, station, "activate"); err != nil {
		return err
	}
	attempt, err := s.StartActivate(station, licence)
	if _, err = answered(ctx, 0, err); err != nil {
		return err
	}
	if ended := pause(ctx, attempt.Takes); ended != nil {
		return fmt.Errorf("%w: %w", kms.ErrUnknownOutcome, ended)
	}
	return attempt.Err()
}

func (s *fakeSite) Restart(ctx context.Context, station string, force bool) error {
	s.watch.restart(station, force) // judged by what the cycle knows when it sends the command
	if err := s.travel(ctx, station, "restart"); err != nil {
		s.watch.restarted(station, err)
		return err
	}
	err := s.RestartAfter(station, s.notice, force)
	s.watch.restarted(station, err)
	_, err = answered(ctx, 0, err)
	return err
}

func (s *fakeSite) Clock(ctx context.Context) (kms.Uptime, error) {
	if err := s.travel(ctx, "", "clock"); err != nil {
		return kms.Uptime{}, err
	}
	view, err := s.View("kms01")
	return kms.Uptime{Now: view.Now, Boot: view.Boot}, err
}

func (s *fakeSite) Host(ctx context.Context) (kms.Host, error) {
	if err := s.travel(ctx, "", "host"); err != nil {
		return kms.Host{}, err
	}
	host, err := s.World.Host()
	s.watch.host(host, err)
	return host, err
}

func (s *fakeSite) Counted(ctx context.Context, since time.Time) ([]kms.Counted, error) {
	if err := s.travel(ctx, "", "counted"); err != nil {
		return nil, err
	}
	events, err := s.World.Counted(since)
	if since.IsZero() {
		for len(events) > 0 && s.Now().Sub(events[0].Time) >= kms.CountedFor {
			events = events[1:]
		}
	}
	return events, err
}

// wakeableSite can switch its stations on.
type wakeableSite struct{ *fakeSite }

func (s wakeableSite) Wake(ctx context.Context, station string) error {
	s.watch.wake(station)
	if err := s.travel(ctx, station, "wake"); err != nil {
		return err
	}
	return s.World.Wake(station)
}

// room is a school room of so many stations, switched on some time ago.
func room(number int, change func(i int, s *world.Station)) world.Site {
	site := world.Site{Seed: 1}
	for i := range number {
		s := world.Station{Name: fmt.Sprintf("PC%02d", i+1), Uptime: 20 * time.Minute}
		if change != nil {
			change(i, &s)
		}
		site.Stations = append(site.Stations, s)
	}
	return site
}

// counted gives the host so many counts of other clients.
func counted(number int) world.Host {
	return world.Host{Keys: []world.Key{{Key: "windows", Counted: []world.Counted{{Number: number, Age: time.Hour}}}}}
}

// run runs a cycle at the site, in simulated time.
func run(t *testing.T, site world.Site, change func(*cycle.Job, *fakeSite), judge func(*testing.T, *fakeSite, outcome.Result, error)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var (
			log     strings.Builder
			writing sync.Mutex
		)
		write := func(format string, args ...any) {
			writing.Lock()
			defer writing.Unlock()
			fmt.Fprintf(&log, format, args...)
		}
		w, err := world.New(site, world.Options{Speed: 1, Observe: func(e world.Entry) {
			write("%s world %s %s %s\n", e.Time.Format("15:04:05.000"), e.Machine, e.Kind, e.Detail)
		}})
		if err != nil {
			t.Fatal(err)
		}
		s := &fakeSite{World: w, latency: 20 * time.Millisecond}
		job := cycle.Job{
			Host: "kms01", Members: w.Names(), Thresholds: map[kms.Product]int{kms.Windows: 25},
			Progress: func(e outcome.Event) {
				write("%s   cycle %s %s %s %v %s\n", time.Now().Format("15:04:05.000"), e.Station, e.Kind, e.Product, e.Counts, e.Reason)
			},
		}
		if change != nil {
			change(&job, s)
		}
		result, err := cycle.New().Run(t.Context(), s, job)
		defer func() {
			if t.Failed() {
				t.Log("\n" + log.String())
			}
		}()
		judge(t, s, result, err)
	})
}
