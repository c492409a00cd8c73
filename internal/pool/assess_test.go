package pool_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
)

// A room is described station by station.

func licence(product kms.Product, channel string, status kms.LicenceStatus) kms.Licence {
	l := kms.Licence{ID: string(product), Product: product, Name: product.Title(), Channel: kms.ChannelOf(channel, ""), Status: status}
	if status == kms.Licensed {
		l.Grace = 180 * 24 * time.Hour
	}
	if status == kms.Notification {
		l.Reason = kms.CodeNotEnoughCount // it has asked, and was told so
	}
	return l
}

func station(name string, up time.Duration, licences ...kms.Licence) pool.Member {
	now := time.Date(2026, 9, 7, 8, 0, 0, 0, time.UTC)
	m := pool.Member{Name: name}
	m.Station.Uptime = kms.Uptime{Now: now, Boot: now.Add(-up)}
	m.Station.Licences = licences
	return m
}

func silent(name string) pool.Member {
	return pool.Member{Name: name, Err: fmt.Errorf("station %s: %w", name, kms.ErrUnreachable)}
}

func windows(status kms.LicenceStatus) kms.Licence {
	return licence(kms.Windows, "Volume:GVLK", status)
}
func office(status kms.LicenceStatus) kms.Licence { return licence(kms.Office, "Volume:GVLK", status) }

// host has an activated key for each product that a count is given for; -1 is no count.
func host(counts map[kms.Product]int) kms.Host {
	h := kms.Host{IsHost: true}
	for product, count := range counts {
		entry := kms.HostProduct{Product: product, Status: kms.Licensed}
		if count >= 0 {
			entry.Count = &count
		}
		h.Products = append(h.Products, entry)
	}
	return h
}

const longUp = 3 * time.Hour

func assess(t *testing.T, members []pool.Member, h kms.Host, wanted pool.Wanted, last map[string]pool.LastKnown) pool.Assessment {
	t.Helper()
	a, err := pool.Assess(members, h, wanted, last)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestTheHostsCountDecidesTheStatus(t *testing.T) {
	t.Parallel()
	room := []pool.Member{station("PC01", longUp, windows(kms.Notification), office(kms.Notification)), station("PC02", longUp, windows(kms.Licensed))}
	for name, tt := range map[string]struct {
		counts map[kms.Product]int
		want   pool.Status
		needs  int
	}{
		"both met":                   {map[kms.Product]int{kms.Windows: 25, kms.Office: 5}, pool.Activated, 0},
		"Windows is one short":       {map[kms.Product]int{kms.Windows: 24, kms.Office: 5}, pool.NotActivated, 1},
		"Office is short":            {map[kms.Product]int{kms.Windows: 50, kms.Office: 2}, pool.NotActivated, 3},
		"nothing counted yet":        {map[kms.Product]int{kms.Windows: -1}, pool.NotActivated, 25},
		"the host has no Office key": {map[kms.Product]int{kms.Windows: 25}, pool.Activated, 0},
	} {
		a := assess(t, room, host(tt.counts), pool.Wanted{}, nil)
		if a.Status != tt.want || a.Missing() != tt.needs {
			t.Errorf("%s: %s, %d missing; want %s, %d", name, a.Status, a.Missing(), tt.want, tt.needs)
		}
	}
}

func TestTheVendorsExample(t *testing.T) {
	t.Parallel()
	var room []pool.Member
	for i := range 5 {
		room = append(room, station(fmt.Sprintf("PC%02d", i+1), longUp, windows(kms.OOBGrace)))
	}
	for count, want := range map[int][2]int{0: {5, 20}, 18: {5, 2}, 22: {3, 0}, 25: {0, 0}} {
		a := assess(t, room, host(map[kms.Product]int{kms.Windows: count}), pool.Wanted{}, nil)
		if got := [2]int{a.Asks, a.Restarts}; got != want {
			t.Errorf("count %d: %d asked, %d restarts; want %v", count, got[0], got[1], want)
		}
	}
	for i := range room {
		room[i] = station(room[i].Name, longUp, windows(kms.Notification)) // they have asked, and were counted
	}
	if a := assess(t, room, host(map[kms.Product]int{kms.Windows: 5}), pool.Wanted{}, nil); a.Asks != 0 || a.Restarts != 20 {
		t.Errorf("after the holidays: %d asked, %d restarts; want 0, 20", a.Asks, a.Restarts)
	}
}

func TestSilenceNeverTurnsTheStatus(t *testing.T) {
	t.Parallel()
	counts := host(map[kms.Product]int{kms.Windows: 30})
	byDay := assess(t, []pool.Member{station("PC01", longUp, windows(kms.Licensed)), station("PC02", longUp, windows(kms.Notification))},
		counts, pool.Wanted{}, nil)
	atNight := assess(t, []pool.Member{silent("PC02"), silent("PC01")}, counts,
		pool.Wanted{Managed: []kms.Product{kms.Windows}, Licensed: pool.Requirement{Number: 1}}, byDay.LastKnown)
	if atNight.Status != pool.Activated || !slices.Equal(atNight.Unreachable, []string{"PC01", "PC02"}) {
		t.Errorf("%s, unreachable %v", atNight.Status, atNight.Unreachable)
	}
	if state := atNight.Products[kms.Windows]; state.Licensed != 1 || state.Members != 2 {
		t.Errorf("%d of %d licensed", state.Licensed, state.Members)
	}
	if !maps.Equal(atNight.Unlicensed, byDay.Unlicensed) || !strings.Contains(atNight.Unlicensed["PC02"], "the KMS host's count is below the threshold") {
		t.Errorf("unlicensed: %v", atNight.Unlicensed)
	}
}

func TestWhoMustBeLicensed(t *testing.T) {
	t.Parallel()
	room := []pool.Member{station("PC01", longUp, windows(kms.Licensed)), station("PC02", longUp, windows(kms.Notification)), silent("PC03")}
	counts := host(map[kms.Product]int{kms.Windows: 30})
	for name, tt := range map[string]struct {
		required pool.Requirement
		want     pool.Status
	}{
		"nobody":                    {pool.Requirement{}, pool.Activated},
		"all, and one is known not": {pool.Requirement{All: true}, pool.NotActivated},
		"two, and one is not known": {pool.Requirement{Number: 2}, pool.Activated},
		"three":                     {pool.Requirement{Number: 3}, pool.NotActivated},
	} {
		if a := assess(t, room, counts, pool.Wanted{Licensed: tt.required}, nil); a.Status != tt.want {
			t.Errorf("%s: %s, want %s", name, a.Status, tt.want)
		}
	}
}

func TestAStationThatHasJustStartedKeepsItsLicenceButMayBringGoodNews(t *testing.T) {
	t.Parallel()
	counts := host(map[kms.Product]int{kms.Windows: 30})
	wanted := pool.Wanted{Settle: 15 * time.Minute, Licensed: pool.Requirement{All: true}}
	licensed := assess(t, []pool.Member{station("PC01", longUp, windows(kms.Licensed))}, counts, wanted, nil)
	unlicensed := assess(t, []pool.Member{station("PC01", longUp, windows(kms.Notification))}, counts, wanted, nil)
	for name, tt := range map[string]struct {
		now  pool.Member
		last pool.Assessment
		want pool.Status
	}{
		"started a minute ago, not asked yet":    {station("PC01", time.Minute, windows(kms.OOBGrace)), licensed, pool.Activated},
		"started long ago and lost its licence":  {station("PC01", time.Hour, windows(kms.OOBGrace)), licensed, pool.NotActivated},
		"started a minute ago, already licensed": {station("PC01", time.Minute, windows(kms.Licensed)), unlicensed, pool.Activated},
	} {
		if a := assess(t, []pool.Member{tt.now}, counts, wanted, tt.last.LastKnown); a.Status != tt.want {
			t.Errorf("%s: %s, want %s", name, a.Status, tt.want)
		}
	}
}

func TestWhichProductsAreManaged(t *testing.T) {
	t.Parallel()
	both := map[kms.Product]int{kms.Windows: 25, kms.Office: 5}
	read, mute := station("PC01", longUp, windows(kms.Licensed)), silent("PC02")
	for name, tt := range map[string]struct {
		members []pool.Member
		counts  map[kms.Product]int
		wanted  pool.Wanted
		want    map[kms.Product]int
	}{
		"what members hold and the host has a key for": {[]pool.Member{read}, both, pool.Wanted{}, map[kms.Product]int{kms.Windows: 25}},
		"what was set, whoever holds it":               {[]pool.Member{read}, both, pool.Wanted{Thresholds: map[kms.Product]int{kms.Office: 3}}, map[kms.Product]int{kms.Windows: 25, kms.Office: 3}},
		"0 leaves a product out":                       {[]pool.Member{station("PC01", longUp, windows(kms.Licensed), office(kms.Licensed))}, both, pool.Wanted{Thresholds: map[kms.Product]int{kms.Windows: 0}}, map[kms.Product]int{kms.Office: 5}},
		"managed before, and not all were read":        {[]pool.Member{read, mute}, both, pool.Wanted{Managed: kms.Products()}, map[kms.Product]int{kms.Windows: 25, kms.Office: 5}},
		"managed before, all were read, nobody has it": {[]pool.Member{read}, both, pool.Wanted{Managed: kms.Products()}, map[kms.Product]int{kms.Windows: 25}},
		"managed before, and the host lost its key":    {[]pool.Member{read}, map[kms.Product]int{kms.Office: 5}, pool.Wanted{Managed: []kms.Product{kms.Windows}}, map[kms.Product]int{kms.Windows: 25}},
	} {
		a := assess(t, tt.members, host(tt.counts), tt.wanted, nil)
		if got := a.Thresholds(); !maps.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

func TestWhatCannotBeJudgedIsAnError(t *testing.T) {
	t.Parallel()
	counts := host(map[kms.Product]int{kms.Windows: 25})
	if _, err := pool.Assess([]pool.Member{silent("PC01")}, counts, pool.Wanted{}, nil); !errors.Is(err, pool.ErrNoProduct) {
		t.Errorf("nobody answered and nothing was set: %v", err)
	}
	if _, err := pool.Assess([]pool.Member{station("PC01", longUp, windows(kms.Licensed))}, kms.Host{}, pool.Wanted{}, nil); !errors.Is(err, pool.ErrNotKMSHost) {
		t.Errorf("no KMS host: %v", err)
	}
	mak := []pool.Member{station("PC01", longUp, licence(kms.Windows, "Volume:MAK", kms.Licensed)), station("PC02", longUp)}
	_, err := pool.Assess(mak, counts, pool.Wanted{}, nil)
	var none *pool.NoneCountsError
	if !errors.As(err, &none) || !strings.Contains(none.Reasons["PC01"], "MAK") || !strings.Contains(none.Reasons["PC02"], "no product with an installed key") {
		t.Errorf("nobody can count: %v", err)
	}
}

func TestMembersThatNeverCountAreLeftOut(t *testing.T) {
	t.Parallel()
	room := []pool.Member{
		station("PC01", longUp, windows(kms.OOBGrace)), station("PC02", longUp, licence(kms.Windows, "Volume:MAK", kms.Unlicensed)),
		station("PC03", longUp, licence(kms.Windows, "Retail", kms.Licensed), office(kms.OOBGrace)),
	}
	a := assess(t, room, host(map[kms.Product]int{kms.Windows: 0, kms.Office: 0}), pool.Wanted{Licensed: pool.Requirement{All: true}}, nil)
	if got := slices.Collect(maps.Keys(a.NeverCounts)); !slices.Equal(got, []string{"PC02"}) {
		t.Errorf("left out: %v", got)
	}
	if _, blamed := a.Unlicensed["PC02"]; blamed {
		t.Error("a member that never counts is blamed for its licence")
	}
	if a.Asks != 2 {
		t.Errorf("%d asked: the one with Windows and the one with Office", a.Asks)
	}
}

func TestAReasonIsSaidInWords(t *testing.T) {
	t.Parallel()
	room := []pool.Member{station("PC01", longUp, windows(kms.Notification)), station("PC02", longUp, windows(kms.Notification)), station("PC03", longUp, windows(kms.OOBGrace))}
	a := assess(t, room, host(map[kms.Product]int{kms.Windows: 3}), pool.Wanted{}, nil)
	want := "the KMS host's count 3 is below the threshold 25; " +
		"2 members: Windows: Notification: the KMS host's count is below the threshold (0xC004F038); " +
		"1 member: Windows: OOBGrace"
	if got := a.Products[kms.Windows].Reason; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAMemberWhoseImageIsPendingIsNotJudged(t *testing.T) {
	t.Parallel()
	retail := station("PC01", longUp, licence(kms.Windows, "Retail", kms.Licensed))
	retail.Pending = "its image is to be made anew"
	counts := host(map[kms.Product]int{kms.Windows: 10})
	if _, err := pool.Assess([]pool.Member{retail}, counts, pool.Wanted{}, nil); !errors.Is(err, pool.ErrNoProduct) {
		t.Errorf("nobody can be judged yet: %v", err)
	}
	a := assess(t, []pool.Member{retail}, counts, pool.Wanted{Managed: []kms.Product{kms.Windows}}, nil)
	if a.Missing() != 15 || len(a.NeverCounts)+len(a.Unreachable)+a.Asks != 0 || a.Pending["PC01"] == "" {
		t.Errorf("%+v", a)
	}
}
