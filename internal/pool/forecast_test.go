package pool_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

const day = 24 * time.Hour

var noon = time.Date(2026, 9, 7, 12, 0, 0, 0, time.UTC)

const (
	idEducation = "e0c42288-980c-4788-a014-c080d2e1926e"
	idOffice    = "8d368fc1-9470-4be2-8d66-90e836cbb051"
	idServer    = "9bd77860-9b31-4b7b-96ad-2564017315bf"
)

// asked is a record of so long ago.
func asked(ago time.Duration, client string, id int, activationID string) kms.Counted {
	threshold := 5
	if activationID == idEducation {
		threshold = 25
	}
	return kms.Counted{
		Time: noon.Add(-ago), Threshold: threshold, Client: client, ActivationID: activationID,
		CMID: kms.CMID(fmt.Sprintf("00000000-0000-4000-8000-%012d", id)),
	}
}

// many are so many machines with ids from first, an hour apart from ago on.
func many(n, first int, ago time.Duration, activationID string) []kms.Counted {
	var records []kms.Counted
	for i := range n {
		records = append(records, asked(ago-time.Duration(i)*time.Hour, fmt.Sprintf("PC%02d", first+i), first+i, activationID))
	}
	return records
}

func hostLog(counts map[kms.Product]int, records ...kms.Counted) pool.HostReading {
	return pool.HostReading{
		Uptime: kms.Uptime{Now: noon, Boot: noon.Add(-90 * day)}, Host: host(counts), Counted: records,
	}
}

// held knows the products of a member with these licences.
func held(licences ...kms.Licence) pool.ProductOf {
	m := pool.Member{Name: "PC01"}
	m.Station.Licences = licences
	return pool.ProductsHeld([]pool.Member{m})
}

var educationAndOffice = held(kms.Licence{ID: idEducation, Product: kms.Windows}, kms.Licence{ID: idOffice, Product: kms.Office})

func TestTheCountFallsAsIdsAreNotSeenAgain(t *testing.T) {
	t.Parallel()
	reading := hostLog(map[kms.Product]int{kms.Windows: 4},
		asked(29*day, "PC01", 1, idEducation), asked(20*day, "PC02", 2, idEducation), asked(20*day, "PC03", 3, idEducation),
		asked(10*day, "PC04", 4, idEducation), asked(25*day, "PC04", 4, idEducation), // seen twice: the last time counts
		asked(31*day, "PC05", 5, idEducation)) // left already
	f, err := pool.ForecastOf(reading, kms.Windows, educationAndOffice)
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[time.Duration]int{
		-day: 4, 0: 4, day - time.Second: 4, day: 3, 10*day - time.Second: 3, 10 * day: 1, 20*day - 1: 1, 20 * day: 0, 90 * day: 0,
	} {
		if got := f.At(noon.Add(in)); got != want {
			t.Errorf("in %s: %d, want %d", in, got, want)
		}
	}
	want := []pool.Step{{noon, 4}, {noon.Add(day), 3}, {noon.Add(10 * day), 1}, {noon.Add(20 * day), 0}}
	if got := f.Steps(); !slices.Equal(got, want) {
		t.Errorf("steps: %v, want %v", got, want)
	}
	for threshold, in := range map[int]time.Duration{5: 0, 4: day, 3: 10 * day, 2: 10 * day, 1: 20 * day} {
		if got, falls := f.Below(threshold); !falls || !got.Equal(noon.Add(in)) {
			t.Errorf("below %d: %s %t, want in %s", threshold, got, falls, in)
		}
	}
	if at, falls := f.Below(0); falls {
		t.Errorf("below 0: %s", at)
	}
}

func TestMoreThanAHostCountsStayCappedForLonger(t *testing.T) {
	t.Parallel()
	f, err := pool.ForecastOf(hostLog(map[kms.Product]int{kms.Windows: 50}, many(60, 1, 29*day, idEducation)...), kms.Windows, educationAndOffice)
	if err != nil {
		t.Fatal(err)
	}
	// The first ten leave a day from now, an hour apart, before it shows.
	if due, _ := f.Below(50); !due.Equal(noon.Add(day+10*time.Hour)) || f.At(due.Add(-time.Second)) != 50 || f.At(due) != 49 {
		t.Errorf("below 50 at %s, then %d", due, f.At(due))
	}
	if steps := f.Steps(); len(steps) != 51 || !steps[1].Time.Equal(noon.Add(day+10*time.Hour)) {
		t.Errorf("%d steps, the second %v", len(steps), steps[1])
	}
	servers := hostLog(map[kms.Product]int{kms.Windows: 10}, many(12, 1, 29*day, idServer)...)
	if f, err := pool.ForecastOf(servers, kms.Windows, educationAndOffice); err != nil || f.Count != 10 {
		t.Errorf("servers alone are counted up to 10: %+v, %v", f, err)
	}
}

func TestServersAndOfficeAreToldApart(t *testing.T) {
	t.Parallel()
	clients, office, servers := many(20, 1, 9*day, idEducation), many(6, 101, 9*day, idOffice), many(4, 201, 9*day, idServer)
	all := slices.Concat(clients, office, servers)
	for name, tt := range map[string]struct {
		counts map[kms.Product]int
		holds  pool.ProductOf
		says   string // why there is none; empty where there is
	}{
		"Office is known, the rest are servers":      {map[kms.Product]int{kms.Windows: 24, kms.Office: 6}, educationAndOffice, ""},
		"both are Office":                            {map[kms.Product]int{kms.Windows: 20, kms.Office: 10}, educationAndOffice, ""},
		"nothing is known, and they are both":        {map[kms.Product]int{kms.Windows: 24, kms.Office: 6}, held(), "may be Office or Windows Server"},
		"nothing is known, and all are Office":       {map[kms.Product]int{kms.Windows: 20, kms.Office: 10}, held(), ""},
		"nothing is known, and all are Windows":      {map[kms.Product]int{kms.Windows: 30, kms.Office: 0}, held(), ""},
		"nothing is known, and there is no Office":   {map[kms.Product]int{kms.Windows: 30}, held(), ""},
		"Office's count is none, the rest fits":      {map[kms.Product]int{kms.Windows: 20, kms.Office: -1}, held(), ""},
		"neither fits":                               {map[kms.Product]int{kms.Windows: 20, kms.Office: 6}, educationAndOffice, "counts do not tell which"},
		"a host that does not count the one at hand": {map[kms.Product]int{kms.Office: 10}, held(), "no key"},
	} {
		f, err := pool.ForecastOf(hostLog(tt.counts, all...), kms.Windows, tt.holds)
		switch {
		case tt.says == "" && (err != nil || f.Count != tt.counts[kms.Windows]):
			t.Errorf("%s: %v, %v", name, f.Count, err)
		case tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)):
			t.Errorf("%s: %v, it does not say %q", name, err, tt.says)
		}
	}
}

func TestCappedCountsDoNotTellServersFromOffice(t *testing.T) {
	t.Parallel()
	records := slices.Concat(many(60, 1, 9*day, idEducation), many(12, 101, 9*day, idOffice), many(4, 201, 9*day, idServer))
	reading := hostLog(map[kms.Product]int{kms.Windows: 50, kms.Office: 10}, records...)
	for _, product := range kms.Products() {
		if _, err := pool.ForecastOf(reading, product, educationAndOffice); err == nil || !strings.Contains(err.Error(), "do not tell which") {
			t.Errorf("%s: %v", product, err)
		}
	}
}

// Here Office's count would be reproduced with the servers among it, since it is capped,
// and not without: that proves nothing.
func TestACappedCountIsNoProof(t *testing.T) {
	t.Parallel()
	records := slices.Concat(many(60, 1, 9*day, idEducation), many(8, 101, 9*day, idOffice), many(7, 201, 9*day, idServer))
	_, err := pool.ForecastOf(hostLog(map[kms.Product]int{kms.Windows: 50, kms.Office: 10}, records...), kms.Office, educationAndOffice)
	if err == nil || !strings.Contains(err.Error(), "do not tell which") {
		t.Error(err)
	}
}

func TestNoForecastWithoutALogThatFits(t *testing.T) {
	t.Parallel()
	three := many(3, 1, 6*day, idEducation)
	restarted := hostLog(map[kms.Product]int{kms.Windows: 1}, three...)
	restarted.Boot = noon.Add(-5 * day)
	apart := hostLog(nil, many(3, 1, 6*day, idOffice)...)
	one, two := 1, 2
	noLog := hostLog(map[kms.Product]int{kms.Windows: 0})
	noLog.LogErr = fmt.Errorf("KMS host kms01: %w", kms.ErrDenied)
	apart.Host.Products = []kms.HostProduct{{Product: kms.Office, Count: &one}, {Product: kms.Office, Count: &two}}
	for name, tt := range map[string]struct {
		reading pool.HostReading
		product kms.Product
		says    string
	}{
		"the log reaches back 6 days": {
			hostLog(map[kms.Product]int{kms.Windows: 30}, three...), kms.Windows,
			"the KMS host's log shows 3 client machine ids for Windows, and it counts 30: the log is too short, its oldest record is of 2026-09-01 12:00 UTC (6 days ago), while a count lasts 30 days",
		},
		"the log is empty":          {hostLog(map[kms.Product]int{kms.Windows: 30}), kms.Windows, "shows 0 client machine ids for Windows, and it counts 30: the log is empty"},
		"the host was restarted":    {restarted, kms.Windows, "it was restarted on 2026-09-02 12:00 UTC and has counted anew since"},
		"the host has lost some":    {hostLog(map[kms.Product]int{kms.Windows: 1}, three...), kms.Windows, "shows 3 client machine ids for Windows, and it counts 1: it has lost some of them"},
		"no data is no count":       {hostLog(map[kms.Product]int{kms.Windows: -1}, three...), kms.Windows, "no forecast for Windows: the KMS host gives no count for it"},
		"no key":                    {hostLog(map[kms.Product]int{kms.Windows: 3}, three...), kms.Office, "no forecast for Office: the KMS host has no key for it"},
		"two keys that count apart": {apart, kms.Office, "with several keys"},
		"the log may not be read":   {noLog, kms.Windows, "log could not be read: KMS host kms01: access denied"},
		"the clock was set back": {
			hostLog(map[kms.Product]int{kms.Windows: 1}, asked(-time.Hour, "PC01", 1, idEducation)), kms.Windows,
			"a record of 2026-09-07 13:00 UTC, later than its clock",
		},
	} {
		_, err := pool.ForecastOf(tt.reading, tt.product, educationAndOffice)
		var none *pool.NoForecast
		if !errors.As(err, &none) || none.Product != tt.product || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, it does not say %q", name, err, tt.says)
		}
	}
	if f, err := pool.ForecastOf(hostLog(map[kms.Product]int{kms.Windows: 0}), kms.Windows, educationAndOffice); err != nil || f.At(noon) != 0 {
		t.Errorf("a host that has counted nobody: %v, %v", f, err)
	}
}

func TestRefusedRequestsAreNotCounted(t *testing.T) {
	t.Parallel()
	refused, unreadable := asked(day, "PC02", 2, idEducation), asked(day, "PC03", 3, idEducation)
	refused.Code, unreadable.CMID = 0xC004F06C, ""
	counted := asked(day, "PC04", 4, idEducation)
	counted.Code = kms.CodeNotEnoughCount
	f, err := pool.ForecastOf(hostLog(map[kms.Product]int{kms.Windows: 2}, asked(day, "PC01", 1, idEducation), refused, unreadable, counted), kms.Windows, educationAndOffice)
	if err != nil || f.At(noon.Add(29*day)) != 0 {
		t.Errorf("%v, %v", f, err)
	}
}

func TestMachinesThatShareAnID(t *testing.T) {
	t.Parallel()
	records := []kms.Counted{
		asked(9*day, "PC02.schule.example", 7, idEducation), asked(8*day, "pc01", 7, idEducation), asked(7*day, "PC01.schule.example", 7, idEducation),
		asked(6*day, "PC03", 8, idEducation), asked(5*day, "pc03", 9, idEducation), asked(4*day, "PC03", 9, idEducation),
	}
	clones := pool.Clones(records)
	if len(clones) != 1 || clones[0].CMID != records[0].CMID || !slices.Equal(clones[0].Clients, []string{"PC01.schule.example", "PC02.schule.example"}) {
		t.Errorf("clones: %v", clones)
	}
}

// drawnSite is a site of which something is to be forecast: what was counted when, what
// the log lost, whom the host forgot. whole says that nothing was lost.
func drawnSite(seed uint64) (site world.Site, age time.Duration, whole bool) {
	r := rand.New(rand.NewPCG(seed, 5)) //nolint:gosec // seeded: the same site each time
	upTo := func(d time.Duration) time.Duration { return time.Duration(r.Int64N(int64(d))).Truncate(time.Second) }
	site, whole = world.Site{Seed: seed}, true
	groups := func() (drawn []world.Counted) {
		for range r.IntN(4) {
			drawn = append(drawn, world.Counted{Number: 1 + r.IntN(25), Age: upTo(20 * day), Over: upTo(15 * day)})
		}
		if r.IntN(6) == 0 { // the log has lost what is oldest
			drawn = append(drawn, world.Counted{Number: 1 + r.IntN(5), Age: 29*day + upTo(20*time.Hour), Unlogged: true})
			whole = false
		}
		return drawn
	}
	site.Host.Keys = []world.Key{{Key: "windows", Counted: groups()}}
	products := []world.Product{{Title: "windows-11-education"}}
	if r.IntN(2) == 0 {
		site.Host.Keys = append(site.Host.Keys, world.Key{Key: "office-2024", Counted: groups()})
		hour := time.Hour
		products = append(products, world.Product{Title: "office-2024", Asks: &hour})
	}
	site.Host.Skew = upTo(2*day) - day
	if r.IntN(5) == 0 {
		site.Host.LogSize, whole = 5+r.IntN(80), false
	}
	stations := world.Rows(1+r.IntN(12), world.Station{Name: "PC%02d", Products: products, Uptime: time.Minute + upTo(3*day)})
	for i := range stations {
		stations[i].Off, stations[i].Skew = r.IntN(3) == 0, site.Host.Skew
		stations[i].Counted, stations[i].Licensed = r.IntN(2) == 0, r.IntN(4) == 0
	}
	site.Stations = stations
	if r.IntN(2) == 0 {
		site.Traffic = []world.Traffic{{Every: time.Hour + upTo(30*time.Hour), Same: r.IntN(9), Threshold: []int{0, 0, 5}[r.IntN(3)]}}
	}
	age = upTo(4 * day)
	if r.IntN(6) == 0 {
		site.Faults, whole = []world.Fault{{Name: world.CountFalls, After: upTo(age + 1), Number: r.IntN(12)}}, false
	}
	return site, age, whole
}

// Whatever is forecast comes true: the simulator's own count, at moments over 30 days in
// which nobody starts, in 1,000 sites.
func TestTheForecastComesTrue(t *testing.T) {
	t.Parallel()
	given, refused, fell := 0, 0, 0
	for seed := range uint64(1000) {
		site, age, whole := drawnSite(seed)
		w, err := world.New(site, world.Options{Start: noon})
		if err != nil {
			t.Fatal(err)
		}
		w.Advance(age)
		forecasts := map[kms.Product]pool.Forecast{}
		reading, productOf := readHost(t, w)
		for _, product := range kms.Products() {
			if !reading.Host.HasKey(product) {
				continue
			}
			f, err := pool.ForecastOf(reading, product, productOf)
			switch {
			case err == nil:
				forecasts[product] = f
				given++
			case whole && len(site.Traffic) == 0:
				t.Errorf("seed %d: all is in the log: %v", seed, err)
			default:
				refused++
			}
		}
		r := rand.New(rand.NewPCG(seed, 6)) //nolint:gosec // seeded: the same moments each time
		for passed := time.Duration(0); passed < 31*day && len(forecasts) > 0; {
			step := time.Duration(r.Int64N(int64(4 * day)))
			w.Holidays(step, true)
			passed += step
			for _, key := range w.State().Host.Keys {
				f, forecast := forecasts[key.Product]
				if got := f.At(reading.Now.Add(passed)); forecast && got != key.Count {
					t.Errorf("seed %d: %s in %s: %d was forecast, it is %d", seed, key.Product, passed, got, key.Count)
				}
			}
		}
		for product, f := range forecasts {
			if due, falls := f.Below(product.Threshold()); falls && f.Count >= product.Threshold() {
				fell++
				if f.At(due) >= product.Threshold() || f.At(due.Add(-1)) < product.Threshold() {
					t.Errorf("seed %d: %s is not below its threshold from %s", seed, product, due)
				}
			}
		}
	}
	t.Logf("%d forecasts, %d refused, %d with a threshold to fall below", given, refused, fell)
	if given < 800 || refused < 50 || fell < 300 {
		t.Error("too few of a kind: this test shows too little")
	}
}

// readHost reads the simulated host, and the products that its stations hold.
func readHost(t *testing.T, w *world.World) (pool.HostReading, pool.ProductOf) {
	t.Helper()
	reading, err := pool.ReadHost(t.Context(), atOnce{w})
	if err != nil {
		t.Fatal(err)
	}
	members := make([]pool.Member, 0, len(w.Names()))
	for _, name := range w.Names() {
		m := pool.Member{Name: name}
		m.Station.Licensing, m.Err = w.Licensing(name)
		members = append(members, m)
	}
	return reading, pool.ProductsHeld(members)
}

// atOnce asks a simulated host without a network.
type atOnce struct{ *world.World }

func (a atOnce) Clock(context.Context) (kms.Uptime, error) {
	view, err := a.View(a.State().Host.Name)
	return kms.Uptime{Now: view.Now, Boot: view.Boot}, err
}

func (a atOnce) Host(context.Context) (kms.Host, error) { return a.World.Host() }

func (a atOnce) Counted(_ context.Context, since time.Time) ([]kms.Counted, error) {
	return a.World.Counted(since)
}
