package stationaction

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// machine is a Windows that answers all the time, unless it restarts.
type machine struct {
	booted   time.Time
	user     string
	began    time.Time     // of the story
	free     time.Duration // after which the user logs off; 0 never
	restart  error         // of the command
	obeys    bool          // the command
	away     time.Duration // by the restart
	forced   bool
	silent   error // what it answers while it is away
	returned time.Time
}

func (m *machine) Presence(context.Context, string) (kms.Presence, error) {
	if m.free > 0 && !time.Now().Before(m.began.Add(m.free)) {
		m.user = ""
	}
	return kms.Presence{Uptime: kms.Uptime{Now: time.Now(), Boot: m.booted}, User: m.user}, nil
}

func (m *machine) Probe(context.Context, string) (kms.Uptime, error) {
	if time.Now().Before(m.returned) {
		return kms.Uptime{}, m.silent
	}
	return kms.Uptime{Now: time.Now(), Boot: m.booted}, nil
}

func (m *machine) Restart(_ context.Context, _ string, force bool) error {
	m.forced = force
	if m.obeys {
		m.returned = time.Now().Add(m.away)
		m.booted = m.returned.Add(-20 * time.Second)
	}
	return m.restart
}

func TestOnlyTheUptimeProvesARestart(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		machine machine
		takes   time.Duration
		says    string // the error; "" none
	}{
		"it obeys":                            {machine{obeys: true, away: time.Minute}, time.Minute, ""},
		"its answer is lost, and it obeys":    {machine{obeys: true, away: time.Minute, restart: kms.ErrUnknownOutcome}, time.Minute, ""},
		"its answer is lost, and it goes on":  {machine{restart: kms.ErrUnknownOutcome}, kms.UnsureFor + pollEvery, errNotCarriedOut.Error()},
		"it takes the command and goes on":    {machine{}, 15 * time.Minute, "it was told to restart, and it had not restarted within station_timeout"},
		"it does not come back":               {machine{obeys: true, away: time.Hour}, 15 * time.Minute, "it was told to restart, and it had not come back within station_timeout: no answer"},
		"it refuses":                          {machine{restart: kms.ErrDenied}, 0, "access denied"},
		"somebody has just logged on":         {machine{restart: kms.ErrInUse}, 15 * time.Minute, "it was still in use by somebody who has just logged on at the end of station_timeout"},
		"a user who counts is not disturbed":  {machine{obeys: true, user: `SCHULE\erika`}, 15 * time.Minute, `it was still in use by SCHULE\erika at the end of station_timeout`},
		"a user who logs off is waited for":   {machine{obeys: true, away: time.Minute, user: `SCHULE\erika`, free: 5 * time.Minute}, 6 * time.Minute, ""},
		"a user who does not count is no bar": {machine{obeys: true, away: time.Minute, user: `SCHULE\kiosk`}, time.Minute, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m, began := tt.machine, time.Now()
				m.began, m.booted, m.silent = began, began.Add(-time.Hour), kms.ErrUnreachable
				ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
				defer cancel()
				err := restartWindows(ctx, &m, order{wait: true, ignored: []string{"kiosk"}}, "PC01", func(string, ...any) {})
				if (err == nil) != (tt.says == "") || err != nil && err.Error() != tt.says {
					t.Errorf("error: %v", err)
				}
				if took := time.Since(began); took < tt.takes || took > tt.takes+pollEvery {
					t.Errorf("it took %s, want %s", took, tt.takes)
				}
				if m.forced != strings.HasSuffix(m.user, "kiosk") {
					t.Errorf("forced: %t", m.forced)
				}
			})
		})
	}
}

func TestARestartThatIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	m := machine{restart: kms.ErrUnknownOutcome}
	if err := restartWindows(t.Context(), &m, order{}, "PC01", func(string, ...any) {}); !errors.Is(err, kms.ErrUnknownOutcome) {
		t.Errorf("its answer was lost, and nobody looks: %v", err)
	}
}
