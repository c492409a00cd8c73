package kms_test

import (
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

func TestARestartShowsInTheUptimeWhateverTheClocksDo(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 9, 7, 12, 0, 0, 0, time.UTC)
	up := func(now time.Time, since time.Duration) kms.Uptime {
		return kms.Uptime{Now: now, Boot: now.Add(-since)}
	}
	before := up(noon, 2*time.Hour)
	for name, tt := range map[string]struct {
		now  kms.Uptime
		want bool
	}{
		"still up":            {up(noon.Add(time.Minute), 2*time.Hour+time.Minute), false},
		"back after a minute": {up(noon.Add(time.Minute), 20*time.Second), true},
		"clock set forward, not told from a restart":   {kms.Uptime{Now: noon.Add(5 * time.Hour), Boot: before.Boot.Add(5*time.Hour - time.Minute)}, true},
		"clock set back while it stayed up":            {up(noon.Add(-time.Hour), 2*time.Hour+time.Minute), false},
		"restarted and clock set back a week":          {up(noon.AddDate(0, 0, -7), 20*time.Second), true},
		"long after, up for longer than it was before": {up(noon.Add(5*time.Hour), 4*time.Hour), true},
	} {
		if got := tt.now.RestartedSince(before); got != tt.want {
			t.Errorf("%s: restarted %t, want %t", name, got, tt.want)
		}
	}
}

func TestWhoUsesAStation(t *testing.T) {
	t.Parallel()
	kiosk := []string{"kiosk"}
	for name, tt := range map[string]struct {
		presence kms.Presence
		ignore   []string
		want     string
	}{
		"nobody":                             {kms.Presence{}, nil, ""},
		"a user at the console":              {kms.Presence{User: `SCHULE\erika`, Desktops: 1}, nil, `SCHULE\erika`},
		"a remote session alone":             {kms.Presence{Desktops: 1}, nil, "a user in a session of their own"},
		"the kiosk's logon":                  {kms.Presence{User: `PC01\Kiosk`, Desktops: 1}, kiosk, ""},
		"the kiosk's logon, with its domain": {kms.Presence{User: `PC01\Kiosk`, Desktops: 1}, []string{`pc01\KIOSK`}, ""},
		"somebody beside the kiosk":          {kms.Presence{User: `PC01\Kiosk`, Desktops: 2}, kiosk, "a user in a session of their own"},
		"another domain's kiosk":             {kms.Presence{User: `SCHULE\kiosk`, Desktops: 1}, []string{`PC01\kiosk`}, `SCHULE\kiosk`},
		"the kiosk before its desktop shows": {kms.Presence{User: `PC01\kiosk`}, kiosk, ""},
	} {
		if got := tt.presence.InUse(tt.ignore); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
