package pool_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
)

// fakeSite is a site in memory: room R101 with its stations, and one KMS host.
type fakeSite struct {
	stations   map[string]pool.Member
	identities map[string]string // of names that are not a station's own
	pending    map[string]string
	lookup     error // of the site's own management
	host       pool.HostReading
	denied     error // what the KMS host answers instead
	answers    map[string][]kms.Exchange
	noWinRM    bool
	slow       bool // the KMS host answers nothing while anybody waits
	shown      pool.Shown

	mu    sync.Mutex
	asked []string // machines, in order
}

func (s *fakeSite) note(machine string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, machine)
}

func (s *fakeSite) Station(_ context.Context, name string) (kms.Station, error) {
	s.note("station")
	m := s.stations[name]
	return m.Station, m.Err
}

func (s *fakeSite) Presence(_ context.Context, name string) (kms.Presence, error) {
	s.note("presence")
	if used := s.stations[name].Presence; used != nil {
		return *used, nil
	}
	return kms.Presence{}, nil
}

func (s *fakeSite) Requests(_ context.Context, name string, _ time.Time) ([]kms.Exchange, error) {
	return s.answers[name], nil
}

func (s *fakeSite) InLocation(_ context.Context, location string) ([]string, error) {
	if location != "R101" {
		return nil, fmt.Errorf("location %q: not found", location)
	}
	return slices.Sorted(maps.Keys(s.stations)), nil
}

func (s *fakeSite) Identity(_ context.Context, name string) string {
	if own := s.identities[name]; own != "" {
		return own
	}
	return name
}

func (s *fakeSite) Pending(context.Context, []string) (map[string]string, error) {
	return s.pending, s.lookup
}

func (s *fakeSite) KMSHost(ctx context.Context, name string) (pool.HostReading, error) {
	return pool.ReadHost(ctx, fakeHost{s, name})
}
func (s *fakeSite) AsksWindows() bool { return !s.noWinRM }

func (s *fakeSite) Shown(context.Context) (pool.Shown, error) { return s.shown, s.lookup }

type fakeHost struct {
	*fakeSite
	name string
}

func (h fakeHost) Clock(context.Context) (kms.Uptime, error) {
	h.note(h.name)
	return h.host.Uptime, h.denied
}

func (h fakeHost) Counted(context.Context, time.Time) ([]kms.Counted, error) {
	return h.host.Counted, h.host.LogErr
}
func (h fakeHost) Host(ctx context.Context) (kms.Host, error) {
	if h.slow {
		<-ctx.Done()
		return kms.Host{}, kms.ErrUnreachable
	}
	return h.host.Host, h.denied
}

// room is a site of these members with a KMS host that has counted 26 for Windows.
func room(members ...pool.Member) *fakeSite {
	s := &fakeSite{stations: map[string]pool.Member{}, host: pool.HostReading{Host: host(map[kms.Product]int{kms.Windows: 26})}}
	for _, m := range members {
		m.Station.KMSHost = "kms01.schule.example"
		s.stations[m.Name] = m
	}
	return s
}

func (s *fakeSite) names() pool.Definition {
	return pool.Definition{Stations: slices.Sorted(maps.Keys(s.stations)), MaxAge: 7 * 24 * time.Hour}
}

func TestAPoolIsReadStationsFirst(t *testing.T) {
	t.Parallel()
	s := room(station("PC01", longUp, windows(kms.Licensed)), station("PC02", longUp, windows(kms.Licensed)))
	r, err := pool.Read(t.Context(), s, pool.Definition{Location: "R101"}, pool.Known{})
	if err != nil || !r.Holds() || r.KMSHost != "kms01.schule.example" || len(r.Members) != 2 || r.At.IsZero() || r.CountsFromClients() {
		t.Errorf("%+v, %v", r, err)
	}
	if want := []string{"station", "station", "kms01.schule.example"}; !slices.Equal(s.asked, want) {
		t.Errorf("asked %v, want %v: an account is proved on a station first", s.asked, want)
	}
}

// Each way in which a pool cannot be read has an error of its own.
func TestWhyAPoolCannotBeRead(t *testing.T) {
	t.Parallel()
	healthy := func() *fakeSite { return room(station("PC01", longUp, windows(kms.Licensed))) }
	is := func(target error) func(error) bool { return func(err error) bool { return errors.Is(err, target) } }
	for name, tt := range map[string]struct {
		change func(*fakeSite, *pool.Definition)
		is     func(error) bool
	}{
		"an unknown room": {func(_ *fakeSite, d *pool.Definition) { d.Stations, d.Location = nil, "R999" }, as[*pool.LocationError]},
		"a name that is no station": {
			func(s *fakeSite, _ *pool.Definition) { s.lookup = &pool.NotFoundError{Err: errors.New("not found")} }, as[*pool.NotFoundError],
		},
		"one station under two names": {
			func(s *fakeSite, d *pool.Definition) {
				d.Stations, s.identities = []string{"PC01", "192.0.2.7"}, map[string]string{"192.0.2.7": "PC01"}
			}, as[*pool.RepeatedError],
		},
		"no KMS host is known": {
			func(s *fakeSite, _ *pool.Definition) { s.stations["PC01"] = silent("PC01") }, as[*pool.NoHostError],
		},
		"the host is silent": {func(s *fakeSite, _ *pool.Definition) { s.denied = kms.ErrUnreachable }, as[*pool.HostError]},
		"the host refuses the account, and nothing may stand for it": {
			func(s *fakeSite, d *pool.Definition) { s.denied, d.CountSource = kms.ErrDenied, kms.CountHost }, as[*pool.HostError],
		},
		"the host refuses an account that no station took": {
			func(s *fakeSite, d *pool.Definition) {
				s.denied, d.KMSHost, s.stations["PC01"] = kms.ErrDenied, "kms01", pool.Member{Err: kms.ErrDenied}
			}, as[*pool.HostError],
		},
		"the machine is no KMS host": {func(s *fakeSite, _ *pool.Definition) { s.host.Host = kms.Host{} }, is(pool.ErrNotKMSHost)},
		"no product":                 {func(s *fakeSite, _ *pool.Definition) { s.host.Host = kms.Host{IsHost: true} }, is(pool.ErrNoProduct)},
		"what members hold is left out": {
			func(_ *fakeSite, d *pool.Definition) { d.Wanted.Thresholds = map[kms.Product]int{kms.Windows: 0} }, as[*pool.NothingLeftError],
		},
		"Timago cannot be asked, and nobody else": {
			func(s *fakeSite, _ *pool.Definition) { s.noWinRM, s.lookup = true, kms.ErrUnreachable }, as[*pool.LookupError],
		},
		"Timago shows no product": {func(s *fakeSite, _ *pool.Definition) { s.noWinRM = true }, as[*pool.ShownError]},
	} {
		s := healthy()
		d := s.names()
		if r, err := pool.Read(t.Context(), s, d, pool.Known{}); err != nil {
			t.Fatalf("%s: without the fault: %+v, %v", name, r, err)
		}
		tt.change(s, &d)
		if _, err := pool.Read(t.Context(), s, d, pool.Known{}); !tt.is(err) {
			t.Errorf("%s: %T: %v", name, err, err)
		}
	}
}

// A KMS host that a read had no time for is none that gave no answer.
func TestAReadThatHasTooLittleTimeForTheHost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // so that a busy machine has read the members in time
		s := room(station("PC01", longUp, windows(kms.Licensed)))
		s.slow = true
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var unfinished *pool.UnfinishedError
		if _, err := pool.Read(ctx, s, s.names(), pool.Known{}); !errors.As(err, &unfinished) || unfinished.KMSHost != "kms01.schule.example" || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%T: %v", err, err)
		}
	})
}

func as[E error](err error) bool {
	var target E
	return errors.As(err, &target)
}

// What was seen stands beside the error that it allows no verdict.
func TestAReadingWithoutAVerdictShowsWhatWasSeen(t *testing.T) {
	t.Parallel()
	s := room(station("PC01", longUp, windows(kms.Licensed)), silent("PC02"))
	s.host.Host = kms.Host{IsHost: true}
	r, err := pool.Read(t.Context(), s, s.names(), pool.Known{})
	var unjudged *pool.UnjudgedError
	if !errors.As(err, &unjudged) || unjudged.Answered != 1 || unjudged.Members != 2 || !unjudged.HostRead || len(unjudged.Silent) != 1 {
		t.Errorf("%+v", unjudged)
	}
	if !errors.Is(err, kms.ErrUnreachable) || r.KMSHost == "" || len(r.Members) != 2 {
		t.Errorf("%v beside %+v", err, r)
	}
}

// Windows decides where Timago does not answer: a pool must not hang on its interface.
func TestTimagoMayBeSilentWhereWindowsAnswers(t *testing.T) {
	t.Parallel()
	s := room(station("PC01", longUp, windows(kms.Licensed)))
	s.lookup = kms.ErrUnreachable
	if r, err := pool.Read(t.Context(), s, s.names(), pool.Known{}); err != nil || !r.Holds() {
		t.Errorf("%+v, %v", r, err)
	}
}

// Pending members show their products later, so that none is known is no error yet.
func TestPendingMembersAreNotJudged(t *testing.T) {
	t.Parallel()
	s := room(station("PC01", longUp))
	s.pending = map[string]string{"PC01": "its image has not started yet"}
	r, err := pool.Read(t.Context(), s, s.names(), pool.Known{})
	if err != nil || r.Assessment.Pending["PC01"] == "" || len(r.Silent()) != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestTheKMSHostOfMostMembers(t *testing.T) {
	t.Parallel()
	s := room(station("PC01", longUp, windows(kms.Licensed)), station("PC02", longUp, windows(kms.Licensed)), station("PC03", longUp, windows(kms.Licensed)))
	for name, host := range map[string]string{"PC01": "a", "PC02": "KMS02", "PC03": "kms02"} {
		m := s.stations[name]
		m.Station.KMSHost = host
		s.stations[name] = m
	}
	r, err := pool.Read(t.Context(), s, s.names(), pool.Known{})
	if err != nil || r.KMSHost != "kms02" {
		t.Errorf("%s, %v", r.KMSHost, err)
	}
	d := s.names()
	d.KMSHost = "kms03"
	if r, err := pool.Read(t.Context(), s, d, pool.Known{}); err != nil || r.KMSHost != "kms03" {
		t.Errorf("what is configured counts: %s, %v", r.KMSHost, err)
	}
}

// The counts of a cycle stand where the host is lost before it is read back.
func TestCountsThatWereSeenLaterAreJudged(t *testing.T) {
	t.Parallel()
	s := room(station("PC01", longUp, windows(kms.Notification)))
	s.host.Host = host(map[kms.Product]int{kms.Windows: -1})
	d := s.names()
	r, err := pool.Read(t.Context(), s, d, pool.Known{})
	if err != nil || r.Assessment.Products[kms.Windows].Count != nil {
		t.Fatalf("%+v, %v", r, err)
	}
	six := r.Recount(d, pool.Known{}, map[kms.Product]int{kms.Windows: 6})
	if state := six.Assessment.Products[kms.Windows]; state.Count == nil || *state.Count != 6 || !strings.Contains(state.Reason, "count 6 is below") || six.Assessment.Status != pool.NotActivated {
		t.Errorf("%+v", six.Assessment)
	}
	if held := r.Recount(d, pool.Known{}, map[kms.Product]int{kms.Windows: 25}); held.Assessment.Status != pool.Activated {
		t.Errorf("%+v", held.Assessment)
	}
	if same := r.Recount(d, pool.Known{}, nil); same.Assessment.Products[kms.Windows].Count != nil {
		t.Errorf("%+v", same.Assessment)
	}
	if *r.Host.Host.WithCount(kms.Office, 3).Products[1].Count != 3 || len(r.Host.Host.Products) != 1 {
		t.Error("the reading itself has changed")
	}
}

// Whoever answers and holds an unlicensed product of a threshold that holds can be asked.
func TestWhoCanBeAskedWhereThresholdsHold(t *testing.T) {
	t.Parallel()
	s := room(station("PC01", longUp, windows(kms.Licensed)), station("PC02", longUp, windows(kms.OOBGrace)), silent("PC03"),
		station("PC04", longUp, windows(kms.Licensed), licence(kms.Office, "Volume:GVLK", kms.OOBGrace)), station("PC05", longUp, windows(kms.OOBGrace)))
	s.pending = map[string]string{"PC05": "its image has not started yet"}
	r, err := pool.Read(t.Context(), s, s.names(), pool.Known{})
	if err != nil || !slices.Equal(r.Askable(), []string{"PC02"}) {
		t.Errorf("%v, %v", r.Askable(), err)
	}
	s.host.Host = host(map[kms.Product]int{kms.Windows: 24})
	if r, _ := pool.Read(t.Context(), s, s.names(), pool.Known{}); len(r.Askable()) > 0 {
		t.Errorf("a cycle asks them to make counts, and they are %v", r.Askable())
	}
}

// An apply holds to the products of its plan.
func TestAnApplyTakesUpNoProductThatItsPlanLeftAlone(t *testing.T) {
	t.Parallel()
	s := room(station("PC01", longUp, windows(kms.Licensed), office(kms.Licensed)))
	s.host.Host = host(map[kms.Product]int{kms.Windows: 26, kms.Office: 6})
	d := s.names()
	for _, tt := range []struct{ planned, managed []kms.Product }{
		{nil, kms.Products()}, {[]kms.Product{kms.Windows}, []kms.Product{kms.Windows}},
	} {
		d.Wanted.Planned = tt.planned
		if r, err := pool.Read(t.Context(), s, d, pool.Known{}); err != nil || !slices.Equal(r.Assessment.Managed(), tt.managed) {
			t.Errorf("%v: %v, %v", tt.planned, r.Assessment.Managed(), err)
		}
	}
}
