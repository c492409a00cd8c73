package pool

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// ProductOf says which product family a request was for; false where that is not known.
type ProductOf func(kms.Counted) (kms.Product, bool)

// ProductsHeld knows the requests of the products that members hold, by activation id.
func ProductsHeld(members []Member) ProductOf {
	products := map[string]kms.Product{}
	for _, m := range members {
		for _, licence := range m.Station.Licences {
			products[licence.ID] = licence.Product
		}
	}
	return func(record kms.Counted) (kms.Product, bool) {
		product, known := products[record.ActivationID]
		return product, known
	}
}

// Forecast is a product's count over the next 30 days if nobody starts: it only falls, as
// client machine ids leave it 30 days after they were last seen.
type Forecast struct {
	From   time.Time   // the moment of the reading, on the host's clock
	Count  int         // then
	leaves []time.Time // when each id leaves the count, in order; more than Count where that is capped
}

// Step is a moment from which the count is another one.
type Step struct {
	Time  time.Time
	Count int
}

// At is the count at a moment; before the reading it is that of the reading.
func (f Forecast) At(t time.Time) int {
	if t.Before(f.From) {
		return f.Count
	}
	left := sort.Search(len(f.leaves), func(i int) bool { return f.leaves[i].After(t) })
	return min(f.Count, len(f.leaves)-left)
}

// Below is the first moment at which the count is below the threshold; false where it
// never is, which only a threshold of 0 promises.
func (f Forecast) Below(threshold int) (time.Time, bool) {
	switch {
	case threshold <= 0:
		return time.Time{}, false
	case f.Count < threshold:
		return f.From, true
	}
	return f.leaves[len(f.leaves)-threshold], true
}

// Steps lists every change of the count, from the reading down to 0.
func (f Forecast) Steps() []Step {
	steps := []Step{{f.From, f.Count}}
	for i, at := range f.leaves {
		count := min(f.Count, len(f.leaves)-i-1)
		switch last := &steps[len(steps)-1]; {
		case count == last.Count:
		case at.Equal(last.Time):
			last.Count = count
		default:
			steps = append(steps, Step{at, count})
		}
	}
	return steps
}

// NoForecast says why the log does not tell how a product's count will fall.
type NoForecast struct {
	Product kms.Product
	Reason  string // in words
}

func (e *NoForecast) Error() string {
	return fmt.Sprintf("no forecast for %s: %s", e.Product.Title(), e.Reason)
}

// ForecastOf forecasts a product's count from the host's log. The log must reproduce the
// count of today, else the error is a *NoForecast. Host and log both forget what is
// oldest, so what one knows is part of what the other knows: where their numbers agree
// they mean the same client machine ids.
func ForecastOf(reading HostReading, product kms.Product, productOf ProductOf) (Forecast, error) {
	count, reason := countOf(reading.Host, product)
	switch {
	case reason != "":
	case reading.Host.FromClients:
		reason = "the KMS host itself is not read, and only its log shows how the count will fall"
	case reading.LogErr != nil:
		reason = "the KMS host's log could not be read: " + reading.LogErr.Error()
	default:
		reason = reading.clockSetBack()
	}
	if reason != "" {
		return Forecast{}, &NoForecast{product, reason}
	}
	seen, reason := reading.attribute(productOf)
	if reason == "" && !seen[product].reproduce(count, product) {
		reason = reading.disagreement(product, len(seen[product].last), count)
	}
	if reason != "" {
		return Forecast{}, &NoForecast{product, reason}
	}
	forecast := Forecast{From: reading.Now, Count: count}
	for _, last := range seen[product].last {
		forecast.leaves = append(forecast.leaves, last.Add(kms.CountedFor))
	}
	slices.SortFunc(forecast.leaves, time.Time.Compare)
	return forecast, nil
}

// countOf is the count that a log must reproduce; else the reason why there is none.
func countOf(host kms.Host, product kms.Product) (count int, reason string) {
	if !host.HasKey(product) {
		return 0, "the KMS host has no key for it"
	}
	count, known := host.Count(product)
	if !known {
		return 0, "the KMS host gives no count for it"
	}
	counting := 0
	for _, entry := range host.Products {
		if entry.Product == product && entry.Count != nil && *entry.Count > 0 {
			counting++
		}
	}
	if counting > 1 {
		return 0, "the KMS host counts with several keys for it, each by itself, and its log does not say with which"
	}
	return count, ""
}

// clockTolerance is how much later than the reading of the clock a record may be: it was
// written while the rest was read.
const clockTolerance = 10 * time.Minute

func (r HostReading) clockSetBack() string {
	for _, record := range r.Counted {
		if record.Time.After(r.Now.Add(clockTolerance)) {
			return "the KMS host's log has a record of " + kms.Moment(record.Time) + ", later than its clock: the clock was set back"
		}
	}
	return ""
}

// sightings are the client machine ids that a log shows as counted for a product.
type sightings struct {
	last    map[kms.CMID]time.Time // when each was last seen
	largest int                    // threshold asked for
}

// reproduce reports whether so many sightings make that count. A host stops counting at
// twice the largest threshold that it was asked for; that may have been long ago.
func (s sightings) reproduce(count int, product kms.Product) bool {
	n := len(s.last)
	return n == count || n > count && (count == 2*s.largest || count == product.Cap())
}

// attribute sorts the records by product; else it gives the reason why that cannot be
// done. Office has the threshold of Windows Server: where the host counts both and no
// member holds the product, the counts themselves must tell which it was.
func (r HostReading) attribute(productOf ProductOf) (seen map[kms.Product]sightings, reason string) {
	office, guessed := r.sightings(productOf, kms.Office)
	if !guessed {
		return office, ""
	}
	servers, _ := r.sightings(productOf, kms.Windows)
	switch isOffice, isServers := r.explainedBy(office), r.explainedBy(servers); {
	case isOffice && !isServers:
		return office, ""
	case isServers && !isOffice:
		return servers, ""
	}
	return nil, "the KMS host's log has requests with threshold 5 for products that no member holds, which may be Office or Windows Server, " +
		"and its counts do not tell which"
}

// sightings sorts the records by product. Those of which neither activation id nor
// threshold tells the product are taken for guess.
func (r HostReading) sightings(productOf ProductOf, guess kms.Product) (seen map[kms.Product]sightings, guessed bool) {
	seen = map[kms.Product]sightings{}
	both := r.Host.HasKey(kms.Windows) && r.Host.HasKey(kms.Office) // what it has no key for it does not count
	for _, record := range r.Counted {
		if !record.Code.Counted() || record.CMID == "" || !record.Time.Add(kms.CountedFor).After(r.Now) {
			continue
		}
		product, known := productOf(record)
		switch {
		case known:
		case record.Threshold >= kms.Windows.Threshold(), !r.Host.HasKey(kms.Office):
			product = kms.Windows
		case !both:
			product = kms.Office
		default:
			product, guessed = guess, true
		}
		s := seen[product]
		if s.last == nil {
			s.last = map[kms.CMID]time.Time{}
		}
		s.largest = max(s.largest, record.Threshold)
		if record.Time.After(s.last[record.CMID]) {
			s.last[record.CMID] = record.Time
		}
		seen[product] = s
	}
	return seen, guessed
}

// explainedBy reports whether the sightings reproduce every count of the host, and one of
// them exactly: a capped count is reproduced by any larger number.
func (r HostReading) explainedBy(seen map[kms.Product]sightings) bool {
	exactly := false
	for _, product := range kms.Products() {
		count, unknown := countOf(r.Host, product)
		if unknown != "" {
			continue
		}
		if !seen[product].reproduce(count, product) {
			return false
		}
		exactly = exactly || len(seen[product].last) == count
	}
	return exactly
}

// disagreement says in words why log and count differ.
func (r HostReading) disagreement(product kms.Product, logged, count int) string {
	shows := fmt.Sprintf("the KMS host's log shows %s for %s, and it counts %d",
		kms.Plural(logged, "client machine id"), product.Title(), count)
	reach := r.Reach()
	switch {
	case logged > count && r.Boot.After(reach):
		return shows + ": it was restarted on " + kms.Moment(r.Boot) + " and has counted anew since"
	case logged > count:
		return shows + ": it has lost some of them since"
	case reach.IsZero():
		return shows + ": the log is empty"
	}
	return fmt.Sprintf("%s: the log is too short, its oldest record is of %s (%s ago), while a count lasts 30 days",
		shows, kms.Moment(reach), days(r.Now.Sub(reach)))
}

func days(d time.Duration) string {
	const day = 24 * time.Hour
	if d < 2*day {
		return kms.Plural(int(d/time.Hour), "hour")
	}
	return kms.Plural(int(d/day), "day")
}

// Clone is a client machine id under which several machines asked: they count as one.
type Clone struct {
	CMID    kms.CMID
	Clients []string // the machines' names
}

// Clones lists the client machine ids that several machines share, in their order. A
// machine is the same with and without its domain.
func Clones(records []kms.Counted) []Clone {
	names := map[kms.CMID]map[string]string{}
	for _, record := range records {
		if record.CMID == "" || record.Client == "" {
			continue
		}
		if names[record.CMID] == nil {
			names[record.CMID] = map[string]string{}
		}
		names[record.CMID][kms.HostLabel(record.Client)] = record.Client
	}
	var clones []Clone
	for cmid, clients := range names {
		if len(clients) > 1 {
			clones = append(clones, Clone{CMID: cmid, Clients: sortedValues(clients)})
		}
	}
	slices.SortFunc(clones, func(x, y Clone) int { return cmp.Compare(x.CMID, y.CMID) })
	return clones
}

func sortedValues(names map[string]string) []string {
	sorted := make([]string, 0, len(names))
	for _, name := range names {
		sorted = append(sorted, name)
	}
	slices.Sort(sorted)
	return sorted
}
