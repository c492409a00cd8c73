package pool_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
)

// servers is a room of Windows Server alone, whose host has counted so many.
func servers(count int) pool.Facts {
	f := classroom()
	for i := range f.Members {
		server := windows(kms.OOBGrace)
		server.Name = "Windows(R), ServerStandard edition"
		f.Members[i].Station.Licences = []kms.Licence{server}
	}
	f.Host.Host = host(map[kms.Product]int{kms.Windows: count})
	return f
}

// A threshold above what the host counts is an error before the first restart.
func TestACeilingIsSeenBeforeTheFirstRestart(t *testing.T) {
	t.Parallel()
	asked := func(threshold int) kms.Counted { return kms.Counted{Threshold: threshold, CMID: "a"} }
	for name, tt := range map[string]struct {
		change func(*pool.Facts)
		found  bool
	}{
		"servers only":                       {func(*pool.Facts) {}, true},
		"servers and Office, in the log":     {func(f *pool.Facts) { f.Host.Counted = []kms.Counted{asked(5)} }, true},
		"a client asks the host too":         {func(f *pool.Facts) { f.Host.Counted = []kms.Counted{asked(5), asked(25)} }, false},
		"one that was refused shows nothing": {func(f *pool.Facts) { f.Host.Counted = []kms.Counted{{Threshold: 25, Code: 0xC004F06C}} }, true},
		"a client among the members":         {func(f *pool.Facts) { f.Members[0].Station.Licences = []kms.Licence{windows(kms.OOBGrace)} }, false},
		"a client of Active Directory": {func(f *pool.Facts) {
			client := windows(kms.Licensed)
			client.ActivationType = kms.ActivationTypeActiveDirectory
			f.Members[0].Station.Licences = []kms.Licence{client}
		}, true},
		"a member that was not read":     {func(f *pool.Facts) { f.Members[0] = silent("PC01") }, false},
		"a log that was not read":        {func(f *pool.Facts) { f.Host.LogErr = kms.ErrDenied }, false},
		"a host that was not read":       {func(f *pool.Facts) { f.Host = nil }, false},
		"the servers' own threshold":     {func(f *pool.Facts) { f.Wanted.Thresholds = map[kms.Product]int{kms.Windows: 5} }, false},
		"a count that is higher already": {func(f *pool.Facts) { f.Host.Host = host(map[kms.Product]int{kms.Windows: 12}) }, false},
	} {
		f := servers(3)
		tt.change(&f)
		findings := pool.Preflight(f)
		at := slices.IndexFunc(findings, func(f pool.Finding) bool { return f.Kind == pool.AboveCeiling })
		if (at >= 0) != tt.found {
			t.Errorf("%s: %+v", name, findings)
		}
		if at < 0 {
			continue
		}
		if f := findings[at]; f.Severity != pool.Error || f.Summary != "KMS host kms01.schule.example:5985 counts Windows up to 10, and 25 is to hold" ||
			!strings.Contains(f.Detail, "thresholds = { windows = 5 }") {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// At the ceiling a restart shows nothing, so that no renewal is ready.
func TestNoRenewalIsReadyWhereNoRestartCanHelp(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 9, 7, 8, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		asked, ids, threshold int
		ready                 bool
		target                int
	}{
		"clients below it":  {25, 30, 25, true, 50},
		"clients at it":     {25, 50, 30, false, 0},
		"servers below it":  {5, 8, 5, true, 10},
		"servers at it":     {5, 10, 5, false, 0},
		"above the servers": {5, 12, 5, true, 17},
	} {
		reading := pool.HostReading{Uptime: kms.Uptime{Now: now, Boot: now.Add(-time.Hour)}, Host: host(map[kms.Product]int{kms.Windows: tt.ids})}
		for i := range tt.ids {
			cmid := kms.CMID(strings.Repeat("0", i) + "1")
			reading.Counted = append(reading.Counted, kms.Counted{Time: now.Add(-29 * 24 * time.Hour), Threshold: tt.asked, CMID: cmid})
		}
		count := tt.ids
		a := pool.Assessment{Status: pool.Activated, Products: map[kms.Product]pool.ProductState{kms.Windows: {Count: &count, Threshold: tt.threshold}}}
		r := pool.RenewalOf(reading, a, pool.ProductsHeld(nil), 48*time.Hour)
		if r.Why != nil || r.Ready != tt.ready || r.Targets[kms.Windows] != tt.target || r.Ready != (r.Missing > 0) {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// A verdict about a family is drawn from all its client licences, in whatever order
// Windows lists them.
func TestOneRefusedLicenceDoesNotDecideForItsFamily(t *testing.T) {
	t.Parallel()
	refused := licence(kms.Office, "Volume:GVLK", kms.OOBGrace)
	refused.Name, refused.Reason = "Visio", kms.CodeIDMismatch
	unlicensed := licence(kms.Office, "Volume:GVLK", kms.OOBGrace)
	unlicensed.Name = "Office 24"
	for name, tt := range map[string]struct {
		licences []kms.Licence
		licensed int
		says     string
		asks     int // where a count is missing
	}{
		"the other is licensed":     {[]kms.Licence{refused, office(kms.Licensed)}, 1, "", 0},
		"the other is not licensed": {[]kms.Licence{refused, unlicensed}, 0, "Office 24: OOBGrace", 1},
		"there is no other":         {[]kms.Licence{refused}, 0, "Visio: OOBGrace: this KMS host's key cannot activate this product (0xC004F042)", 0},
	} {
		for range 2 {
			slices.Reverse(tt.licences)
			members := []pool.Member{station("PC01", longUp, tt.licences...)}
			a := assess(t, members, host(map[kms.Product]int{kms.Office: 4}), pool.Wanted{}, nil)
			if state := a.Products[kms.Office]; state.Licensed != tt.licensed || a.Unlicensed["PC01"] != tt.says || a.Asks != tt.asks {
				t.Errorf("%s: %+v, %+v", name, state, a)
			}
		}
	}
}
