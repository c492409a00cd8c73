package cycle_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/timago/terraform-provider-timago/internal/cycle"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/schedule"
	"github.com/timago/terraform-provider-timago/internal/simulator/catalogue"
	"github.com/timago/terraform-provider-timago/internal/simulator/timeline"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

func TestImageKeepsItsID(t *testing.T) {
	t.Parallel()
	site := room(5, func(_ int, s *world.Station) { s.Image.KeepsCMID = true })
	run(t, site, nil, func(t *testing.T, _ *fakeSite, r outcome.Result, err error) {
		var same *outcome.SameCMID
		if !errors.As(err, &same) || same.Members != 5 || !strings.Contains(err.Error(), "5 members can add at most 5") {
			t.Fatalf("error %v", err)
		}
		if r.Asked != 5 || r.Restarts != 1 {
			t.Errorf("asked %d, restarts %d; want 5 and the one that proves it", r.Asked, r.Restarts)
		}
	})
}

func TestOneImageKeepsItsID(t *testing.T) {
	t.Parallel()
	site := room(5, func(i int, s *world.Station) { s.Image.KeepsCMID = i == 2 })
	run(t, site, nil, func(t *testing.T, _ *fakeSite, r outcome.Result, err error) {
		if err != nil || r.Counts[kms.Windows] != 25 {
			t.Fatalf("counts %v, %v", r.Counts, err)
		}
		if odd := r.ByStation["PC03"]; odd.Outcome != outcome.LeftOut || odd.Restarts != 1 || !strings.Contains(odd.Reason, "no new client machine id") {
			t.Errorf("PC03: %+v", odd)
		}
		if r.Restarts != 21 {
			t.Errorf("%d restarts; want the 20 that counted and PC03's", r.Restarts)
		}
	})
}

func TestStationInUse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		how      kms.WhenInUse
		ignore   []string
		restarts int // of the station in use
		lost     int // sessions
		reason   string
	}{
		{kms.WaitWhenInUse, nil, 1, 0, ""},
		{kms.SkipWhenInUse, nil, 0, 0, "stations in use are skipped"},
		{kms.ForceWhenInUse, nil, 1, 1, ""},
		{kms.WaitWhenInUse, []string{"beamer"}, 1, 1, ""},
	} {
		t.Run(string(test.how)+strings.Join(test.ignore, ""), func(t *testing.T) {
			t.Parallel()
			site := room(2, func(i int, s *world.Station) { s.Counted = true })
			site.Host = counted(21)
			site.Faults = []world.Fault{{Name: world.UserLogsOn, On: []string{"PC01"}, For: time.Hour, User: `SCHULE\beamer`}}
			run(t, site, func(j *cycle.Job, _ *fakeSite) {
				j.Limits = pool.Limits{WhenInUse: test.how, IgnoreUsers: test.ignore, MaxRestartsPerStation: 1}
				j.Memory.Proof = time.Now()
			}, func(t *testing.T, s *fakeSite, r outcome.Result, err error) {
				used := r.ByStation["PC01"]
				if used.Restarts != test.restarts || !strings.Contains(used.Reason, test.reason) {
					t.Errorf("PC01: %+v, %v", used, err)
				}
				if lost := s.State().Stations[0].Lost; lost != test.lost {
					t.Errorf("%d sessions lost", lost)
				}
				if (err == nil) != (test.restarts == 1) {
					t.Errorf("error %v", err)
				}
			})
		})
	}
}

func TestNeverComesBack(t *testing.T) {
	t.Parallel()
	site := room(5, nil)
	site.Faults = []world.Fault{{Name: world.NeverComesBack, On: []string{"PC02"}}}
	run(t, site, nil, func(t *testing.T, _ *fakeSite, r outcome.Result, err error) {
		if err != nil {
			t.Fatal(err)
		}
		if dead := r.ByStation["PC02"]; dead.Outcome != outcome.LeftOut || !strings.Contains(dead.Reason, "did not come back within 15m0s") {
			t.Errorf("PC02: %+v", dead)
		}
	})
}

func TestLostAnswerIsNotSentTwice(t *testing.T) {
	t.Parallel()
	site := room(5, nil)
	site.Faults = []world.Fault{{Name: world.Drops, Of: "restart"}}
	run(t, site, nil, func(t *testing.T, s *fakeSite, r outcome.Result, err error) {
		if err != nil {
			t.Fatal(err)
		}
		if made := s.State().Counters[world.KindRestart]; made != 20 || r.Restarts != 20 {
			t.Errorf("%d restarts made, %d reported; want 20", made, r.Restarts)
		}
	})
}

func TestHostUnreadable(t *testing.T) {
	t.Parallel()
	site := room(5, nil)
	site.Faults = []world.Fault{{Name: world.Refuses, On: []string{"kms01"}}}
	run(t, site, nil, func(t *testing.T, _ *fakeSite, r outcome.Result, err error) {
		var unreadable *outcome.HostUnreadable
		if !errors.As(err, &unreadable) || !errors.Is(err, kms.ErrUnreachable) || r.Restarts+r.Asked != 0 {
			t.Errorf("asked %d, restarts %d, %v", r.Asked, r.Restarts, err)
		}
	})
}

func TestHostHasNoKey(t *testing.T) {
	t.Parallel()
	run(t, room(5, nil), func(j *cycle.Job, _ *fakeSite) { j.Thresholds[kms.Office] = 5 },
		func(t *testing.T, _ *fakeSite, r outcome.Result, err error) {
			var keyless *outcome.HostWithoutKey
			if !errors.As(err, &keyless) || keyless.Product != kms.Office || r.Restarts+r.Asked != 0 {
				t.Errorf("asked %d, restarts %d, %v", r.Asked, r.Restarts, err)
			}
		})
}

func TestSleepersAreWokenFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, err := world.New(room(10, func(i int, s *world.Station) { s.Off = i >= 5 }), world.Options{Speed: 1})
		if err != nil {
			t.Fatal(err)
		}
		backs := 0
		r, err := cycle.New().Run(t.Context(), wakeableSite{&fakeSite{World: w, latency: time.Millisecond}}, cycle.Job{
			Host: "kms01", Members: w.Names(), Thresholds: map[kms.Product]int{kms.Windows: 25}, Limits: pool.Limits{Wake: true},
			Progress: func(e outcome.Event) {
				if e.Kind == outcome.KindBack {
					backs++
				}
			},
		})
		if backs != r.Restarts+r.Woken {
			t.Errorf("%d stations were told to be back, of %d restarted and %d woken", backs, r.Restarts, r.Woken)
		}
		if err != nil || r.Asked != 5 || r.Woken != 5 || r.Restarts != 15 {
			t.Errorf("asked %d, woken %d, restarts %d, %v; want 5, 5, 15", r.Asked, r.Woken, r.Restarts, err)
		}
	})
}

func TestWhoNeverCountsIsNamed(t *testing.T) {
	t.Parallel()
	site := room(3, func(i int, s *world.Station) {
		s.Products = []world.Product{{Title: "windows-11-education", By: []catalogue.Means{catalogue.ByMAK, catalogue.ByOEM, catalogue.ByActiveDirectory}[i], Unlicensed: i < 2}}
	})
	run(t, site, nil, func(t *testing.T, s *fakeSite, r outcome.Result, err error) {
		var stalled *outcome.Stalled
		if !errors.As(err, &stalled) {
			t.Fatal(err)
		}
		for name, reason := range map[string]string{"PC01": "multiple activation key", "PC02": "pre-installed", "PC03": "Active Directory"} {
			if !strings.Contains(stalled.Stations[name], reason) {
				t.Errorf("%s: %q", name, stalled.Stations[name])
			}
		}
		if made := s.State().Counters; made[world.KindActivate]+made[world.KindRestart] != 0 {
			t.Errorf("touched: %v", made)
		}
	})
}

func TestUnlicensedAreAskedInTheEnd(t *testing.T) {
	t.Parallel()
	run(t, room(5, nil), nil, func(t *testing.T, s *fakeSite, r outcome.Result, err error) {
		if err != nil || r.AskedAfter != 4 {
			t.Errorf("asked again %d, %v; the fifth's last request was answered with 25", r.AskedAfter, err)
		}
		for _, station := range s.State().Stations {
			if station.Products[0].Status != kms.Licensed.String() {
				t.Errorf("%s is %s", station.Name, station.Products[0].Status)
			}
		}
	})
}

func TestWindowsAndOfficeTogether(t *testing.T) {
	t.Parallel()
	asks := 20 * time.Second
	for name, office := range map[string]world.Product{
		"Office asks": {Title: "office-2024", Asks: &asks}, "Office must be asked": {Title: "office-2024"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site := room(5, func(i int, s *world.Station) {
				s.Counted = true
				s.Products = []world.Product{{Title: "windows-11-education"}}
				if i < 2 {
					s.Products = append(s.Products, office)
				}
			})
			site.Host = world.Host{Keys: []world.Key{{Key: "windows"}, {Key: "office-2024"}}}
			run(t, site, func(j *cycle.Job, _ *fakeSite) { j.Thresholds = map[kms.Product]int{kms.Windows: 10, kms.Office: 5} },
				func(t *testing.T, _ *fakeSite, r outcome.Result, err error) {
					// Two have Office: three more of its counts need three restarts of these two,
					// which bring three of the five that Windows lacks.
					if err != nil || r.Restarts != 5 || r.ByStation["PC01"].Restarts+r.ByStation["PC02"].Restarts < 3 {
						t.Errorf("restarts %d (%v), %v", r.Restarts, r.ByStation, err)
					}
				})
		})
	}
}

// deaf is a site whose probes never end, whatever becomes of their context.
type deaf struct {
	*fakeSite
	end chan struct{}
}

func (d deaf) Probe(context.Context, string) (kms.Uptime, error) {
	<-d.end
	return kms.Uptime{}, kms.ErrUnreachable
}

func TestCancelReturnsWhateverHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, err := world.New(room(5, nil), world.Options{Speed: 1})
		if err != nil {
			t.Fatal(err)
		}
		site := deaf{&fakeSite{World: w, latency: time.Millisecond}, make(chan struct{})}
		defer close(site.end)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		begun := time.Now()
		r, err := cycle.New().Run(ctx, site, cycle.Job{
			Host: "kms01", Members: w.Names(), Thresholds: map[kms.Product]int{kms.Windows: 25},
			Memory: pool.Memory{Proof: begun},
		})
		if took := time.Since(begun); took > time.Minute+2*time.Second {
			t.Errorf("took %s", took)
		}
		var cancelled *outcome.Cancelled
		if !errors.As(err, &cancelled) || !errors.Is(err, context.Canceled) || len(cancelled.UnderWay) != 5 || r.Restarts != 5 || r.Asked != 5 {
			t.Errorf("asked %d, restarts %d, %v", r.Asked, r.Restarts, err)
		}
	})
}

func TestShareOfEach(t *testing.T) {
	t.Parallel()
	site := room(5, func(i int, s *world.Station) {
		timing := timeline.DefaultTiming()
		timing.Boot *= time.Duration(i + 1)
		s.Timing = &timing
	})
	run(t, site, func(j *cycle.Job, _ *fakeSite) { j.Limits.Spread = pool.SpreadEven },
		func(t *testing.T, _ *fakeSite, r outcome.Result, err error) {
			for name, station := range r.ByStation {
				if station.Restarts != 4 {
					t.Errorf("%s was restarted %d times; want 4 (%v)", name, station.Restarts, err)
				}
			}
		})
}

// TestRestOfTheShares: what is left of the division falls to the quick one at once, while
// the slow one is still on its way.
func TestRestOfTheShares(t *testing.T) {
	t.Parallel()
	const slow = 103 * time.Second
	site := room(2, func(i int, s *world.Station) {
		s.Counted, s.Timing = true, &timeline.Timing{Shutdown: 2 * time.Second, Boot: time.Duration(20+80*i) * time.Second, Ask: time.Second}
	})
	site.Host = counted(20)
	run(t, site, func(j *cycle.Job, _ *fakeSite) {
		j.Limits.Spread, j.Memory.Proof = pool.SpreadEven, time.Now()
	}, func(t *testing.T, _ *fakeSite, r outcome.Result, err error) {
		quick, took := r.ByStation["PC01"].Restarts, r.Finished.Sub(r.Started)
		if err != nil || quick != 2 || r.Restarts != 3 || took > slow+slow/6 {
			t.Errorf("%d restarts, %d of the quick one, took %s, %v; nothing but the slow one, %s, was to be waited for", r.Restarts, quick, took, err, slow)
		}
	})
}

// TestKeptIDThatTheLogHasForgotten: an id that stayed adds nothing, also where the host's
// log reaches back too little to show that it was counted.
func TestKeptIDThatTheLogHasForgotten(t *testing.T) {
	t.Parallel()
	site := room(2, func(i int, s *world.Station) {
		s.Licensed, s.Uptime, s.Image.KeepsCMID = true, 3*time.Hour, i == 0
	})
	site.Host = counted(21)
	site.Host.LogSize = 1
	run(t, site, func(j *cycle.Job, _ *fakeSite) {
		j.Memory.Proof = time.Now()
	}, func(t *testing.T, _ *fakeSite, r outcome.Result, err error) {
		if kept := r.ByStation["PC01"]; err != nil || kept.Counted != 0 || kept.Restarts != 1 {
			t.Errorf("PC01 %+v, %v", kept, err)
		}
	})
}

func TestOutsideTheWindow(t *testing.T) {
	t.Parallel()
	run(t, room(5, nil), func(j *cycle.Job, _ *fakeSite) {
		j.Window = &schedule.Window{Start: 22 * time.Hour, End: 23 * time.Hour} // simulated time begins at midnight UTC
	}, func(t *testing.T, s *fakeSite, r outcome.Result, err error) {
		var outside *outcome.OutsideWindow
		if made := s.State().Counters; !errors.As(err, &outside) || made[world.KindActivate]+made[world.KindRestart] != 0 {
			t.Errorf("touched %v, %v", made, err)
		}
	})
}

func TestAsksNeedNoWindow(t *testing.T) {
	t.Parallel()
	site := room(5, nil)
	site.Host = counted(20)
	run(t, site, func(j *cycle.Job, _ *fakeSite) {
		j.Window = &schedule.Window{Start: 22 * time.Hour, End: 23 * time.Hour}
	}, func(t *testing.T, _ *fakeSite, r outcome.Result, err error) {
		if err != nil || r.Asked != 5 {
			t.Errorf("asked %d, %v", r.Asked, err)
		}
	})
}

func TestWindowCloses(t *testing.T) {
	t.Parallel()
	const closes = 4 * time.Minute
	site := room(5, nil)
	begun := time.Time{}
	run(t, site, func(j *cycle.Job, _ *fakeSite) {
		begun = time.Now()
		j.Window = &schedule.Window{Start: 0, End: closes}
		j.Memory.Proof = begun
		tell := j.Progress
		j.Progress = func(e outcome.Event) {
			tell(e)
			// The usual cycle is expected of stations of which nothing is known, a minute and
			// some once it was seen.
			if since := time.Since(begun); e.Kind == outcome.KindRestarting && since > closes-time.Minute {
				t.Errorf("%s was started %s after the beginning", e.Station, since)
			}
		}
	}, func(t *testing.T, _ *fakeSite, r outcome.Result, err error) {
		var outside *outcome.OutsideWindow
		if !errors.As(err, &outside) || r.Restarts == 0 || r.Finished.Sub(begun) > closes+time.Minute {
			t.Errorf("restarts %d, took %s, %v", r.Restarts, r.Finished.Sub(begun), err)
		}
	})
}
