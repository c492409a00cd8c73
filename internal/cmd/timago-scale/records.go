//go:build linux

package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
)

// table prints what is measured, and holds its ratios against the last records.
type table struct {
	ratios []ratio
	seen   map[string]float64 // what is bounded, whether it is recorded or not
}

// bounds are what a measurement may be at most, whatever the record says.
var bounds = map[string]float64{
	"steady n=10000 requests/station": 4.01, // the first logon asks one more
	"steady n=10000 rss":              250,
	// What a station costs in a pool of 10,000, beside one of 1,000.
	"steady n=10000 cpu/smaller":     1.15,
	"restarts n=50 wall/peer":        0.65,
	"restarts n=50 cpu/peer":         0.1,
	"restarts n=50 rss/peer":         0.05,
	"first-restarts n=50 cpu/peer":   0.1,
	"first-restarts n=50 rss/peer":   0.05,
	"restarts n=50 requests/restart": 30,
}

// see notes a value that may be bounded.
func (t *table) see(m measurement, what string, value float64) {
	if t.seen == nil {
		t.seen = map[string]float64{}
	}
	t.seen[fmt.Sprintf("%s n=%d %s", m.what, m.stations, what)] = value
}

// held fails where something is more than it may be.
func (t *table) held() error {
	each := func(n float64) float64 { return t.seen[fmt.Sprintf("steady n=%g cpu", n)] / n }
	if smaller := each(1_000); smaller > 0 {
		t.seen["steady n=10000 cpu/smaller"] = each(10_000) / smaller
	}
	var failed []error
	for _, name := range slices.Sorted(maps.Keys(bounds)) {
		if value := t.seen[name]; value > bounds[name] {
			failed = append(failed, fmt.Errorf("%s is %.2f, and may be %g at most", name, value, bounds[name]))
		}
	}
	return errors.Join(failed...)
}

// ratio is one that is recorded: the same on a faster machine and on a slower one.
type ratio struct {
	name  string
	value float64
}

func (t *table) floor(m measurement) { fmt.Println(m) }

// add prints measurements of one size, with what they are beside the floor and beside an
// earlier provider.
func (t *table) add(floor measurement, before, now []measurement) {
	for i, m := range now {
		if before != nil {
			early := before[i]
			early.what = "before-" + early.what
			fmt.Println(early)
		}
		fmt.Print(m)
		t.note("cpu/floor", m, part64(m.CPU, floor.CPU))
		t.note("wall/floor", m, part64(m.wall, floor.wall))
		t.note("requests/station", m, float64(m.Requests)/float64(m.stations))
		t.see(m, "rss", float64(m.RSS>>20))
		t.see(m, "cpu", m.CPU.Seconds())
		if before != nil {
			fmt.Printf(" cpu/before=%.2f wall/before=%.2f rss/before=%.2f",
				part64(m.CPU, before[i].CPU), part64(m.wall, before[i].wall), float64(m.RSS)/float64(before[i].RSS))
		}
		fmt.Println()
	}
}

// restarts prints what restarts took.
func (t *table) restarts(m measurement) {
	each := float64(m.All) / float64(max(1, m.Restarts))
	fmt.Printf("%v requests/restart=%.1f\n", m, each)
	t.see(m, "requests/restart", each)
	t.ratios = append(t.ratios, ratio{fmt.Sprintf("%s n=%d requests/restart", m.what, m.stations), each})
}

// beside prints what a peer took for a piece of work, and what the provider did, with their
// ratios.
func (t *table) beside(peer measurement, ours ...measurement) {
	fmt.Println(peer)
	for _, m := range ours {
		fmt.Print(m)
		t.note("wall/peer", m, part64(m.wall, peer.wall))
		t.note("cpu/peer", m, part64(m.CPU, peer.CPU))
		t.note("rss/peer", m, float64(m.RSS)/float64(peer.RSS))
		fmt.Println()
	}
}

func part64(a, b time.Duration) float64 { return a.Seconds() / b.Seconds() }

func (t *table) note(what string, m measurement, value float64) {
	t.see(m, what, value)
	if what != "requests/station" {
		fmt.Printf(" %s=%.2f", what, value)
	}
	if !strings.HasPrefix(what, "wall/") { // what else the machine does moves it more than a fifth
		t.ratios = append(t.ratios, ratio{fmt.Sprintf("%s n=%d %s", m.what, m.stations, what), value})
	}
}

// worse is how much worse than its record a ratio may be.
const worse = 1.2

// compare fails where a ratio is worse than the one in the file. With write what was measured
// becomes the record.
func (t *table) compare(file string, write bool) error {
	if file == "" {
		return nil
	}
	content, err := os.ReadFile(file) //nolint:gosec // named by the user
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	var lines []string
	records := map[string]float64{}
	for line := range strings.Lines(string(content)) {
		name, text, found := strings.Cut(strings.TrimSpace(line), "=>")
		var value float64
		if _, err := fmt.Sscan(text, &value); found && err == nil {
			records[strings.TrimSpace(name)] = value
		} else if strings.HasPrefix(line, "#") {
			lines = append(lines, strings.TrimRight(line, "\n"))
		}
	}
	var failed []error
	for _, r := range t.ratios {
		record, known := records[r.name]
		if known && r.value > worse*record && !write {
			failed = append(failed, fmt.Errorf("%s is %.2f, and was %.2f", r.name, r.value, record))
		}
		if write {
			records[r.name] = r.value
		}
	}
	if !write {
		return errors.Join(failed...)
	}
	for _, name := range slices.Sorted(maps.Keys(records)) {
		lines = append(lines, fmt.Sprintf("%s => %.3g", name, records[name]))
	}
	return os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600)
}
