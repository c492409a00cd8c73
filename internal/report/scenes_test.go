package report

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
)

// room names stations as a school does.
func room(n int) []string {
	names := make([]string, n)
	for i := range n {
		names[i] = fmt.Sprintf("R%d-PC%02d", 101+i/30, i%30+1)
	}
	return names
}

// fakeCycle tells a section what a cycle would, in its time.
type fakeCycle struct {
	section *Section
	counts  map[kms.Product]int
	targets map[kms.Product]int
	result  outcome.Result
}

func begin(r *Report, pool Pool) *fakeCycle {
	c := &fakeCycle{
		section: r.Begin(pool), counts: map[kms.Product]int{}, targets: pool.Targets,
		result: outcome.Result{ByStation: map[string]outcome.StationResult{}},
	}
	for _, name := range pool.Stations {
		c.result.ByStation[name] = outcome.StationResult{Outcome: outcome.Unneeded}
	}
	return c
}

func (c *fakeCycle) report(kind outcome.Kind, station string) {
	c.section.Event(outcome.Event{Kind: kind, Station: station})
}

func (c *fakeCycle) count(windows, office int) {
	c.counts = map[kms.Product]int{kms.Windows: windows}
	if c.targets[kms.Office] > 0 {
		c.counts[kms.Office] = office
	}
	c.section.Event(outcome.Event{Kind: outcome.KindCounts, Counts: c.counts})
}

func (c *fakeCycle) note(station string, change func(*outcome.StationResult)) {
	r := c.result.ByStation[station]
	r.Outcome = outcome.TookPart
	change(&r)
	c.result.ByStation[station] = r
}

func (c *fakeCycle) ask(station string, product kms.Product) {
	c.section.Event(outcome.Event{Kind: outcome.KindAsked, Station: station, Product: product})
	c.note(station, func(r *outcome.StationResult) { r.Asked++ })
	c.result.Asked++
}

func (c *fakeCycle) counted(station string, product kms.Product) {
	c.section.Event(outcome.Event{Kind: outcome.KindCounted, Station: station, Product: product})
	c.note(station, func(r *outcome.StationResult) { r.Counted++ })
	c.counts[product]++
	c.count(c.counts[kms.Windows], c.counts[kms.Office])
}

func (c *fakeCycle) leaveOut(station, reason string) {
	c.section.Event(outcome.Event{Kind: outcome.KindLeftOut, Station: station, Reason: reason})
	c.note(station, func(r *outcome.StationResult) { r.Outcome, r.Reason = outcome.LeftOut, reason })
}

func (c *fakeCycle) restart(station string) {
	c.report(outcome.KindRestarting, station)
	c.note(station, func(r *outcome.StationResult) { r.Restarts++ })
	c.result.Restarts++
}

// rounds has stations restarted, some at a time and each again after its count, until
// Windows has its own. It returns when the last is counted.
func (c *fakeCycle) rounds(stations []string, parallel int) {
	var mu sync.Mutex
	var workers sync.WaitGroup
	waiting, flying, draw := slices.Clone(stations), 0, 0
	for i := range min(parallel, len(stations)) {
		workers.Go(func() {
			time.Sleep(time.Duration(i)*400*time.Millisecond + time.Millisecond)
			for {
				mu.Lock()
				if c.counts[kms.Windows]+flying >= c.targets[kms.Windows] || len(waiting) == 0 {
					mu.Unlock()
					return
				}
				station := waiting[0]
				waiting = waiting[1:]
				flying, draw = flying+1, draw+1
				away := time.Duration(52+draw*7%31)*time.Second + time.Duration(draw)*time.Millisecond
				asks := time.Duration(11+draw*5%13) * time.Second
				c.restart(station)
				mu.Unlock()
				time.Sleep(away)
				c.report(outcome.KindBack, station)
				time.Sleep(asks)
				mu.Lock()
				if c.counts[kms.Office] < c.targets[kms.Office] {
					c.counted(station, kms.Office)
				}
				c.counted(station, kms.Windows)
				flying, waiting = flying-1, append(waiting, station)
				mu.Unlock()
			}
		})
	}
	workers.Wait()
}

// reach ends the section well.
func (c *fakeCycle) reach() []error {
	c.section.Event(outcome.Event{Kind: outcome.KindReached, Counts: c.counts})
	return c.section.End(Outcome{Result: c.result, Counts: c.counts, Holds: true})
}

// scene is a story that is looked at once, at its moment.
type scene struct {
	name string
	play func(r *Report, look func())
}

// shot is what the files held at the moment of a scene.
type shot struct {
	once              sync.Once
	page, data, lines string
}

var shots sync.Map // by the scene's name

// render plays a scene, each once for all tests.
func (s scene) render(t *testing.T) (page, data, lines string) {
	t.Helper()
	found, _ := shots.LoadOrStore(s.name, &shot{})
	taken := found.(*shot) //nolint:forcetypeassert // only shots are stored
	taken.once.Do(func() { taken.page, taken.data, taken.lines = shoot(t, s.play) })
	return taken.page, taken.data, taken.lines
}

// scenes are the pages that are looked at.
var scenes = []scene{
	{"running", func(r *Report, look func()) {
		c := firstApply(r)
		go func() { time.Sleep(3*time.Minute + 12*time.Second); look() }()
		c.rounds(room(12)[2:9], 4)
		c.reach()
	}},
	{"done", func(r *Report, look func()) {
		c := firstApply(r)
		c.rounds(room(12)[2:9], 4)
		c.reach()
		look()
	}},
	{"failed", func(r *Report, look func()) {
		c := firstApply(r)
		c.targets[kms.Windows] = 14
		c.rounds(room(12)[2:9], 4)
		c.targets[kms.Windows] = 25
		for i, name := range room(12)[2:9] {
			c.restart(name)
			time.Sleep(time.Duration(i+1) * 3 * time.Second)
			if i%2 == 0 {
				c.leaveOut(name, "it was restarted 2 times, the most allowed")
			} else {
				c.leaveOut(name, "it did not come back within 15m0s after its restart: no answer on TCP port 5985")
			}
		}
		c.section.End(Outcome{Result: c.result, Counts: c.counts, Err: &outcome.Stalled{},
			Next: "Mend what keeps the stations, add stations to the pool, or raise cycle.max_restarts_per_station; then apply again. What has been counted stays counted: only what is missing will be made."})
		look()
	}},
	{"pools", func(r *Report, look func()) {
		var pools sync.WaitGroup
		for i, name := range []string{"R101", "R102", "Library <b>", "Staff room"} {
			pools.Go(func() {
				names := room(150)[30*i : 30*i+12]
				c := begin(r, Pool{Name: name, Host: "kms01.schule.example", Stations: names, Targets: map[kms.Product]int{kms.Windows: 25, kms.Office: 5}})
				c.count(17+2*i, 5)
				for _, name := range names[8:] {
					c.report(outcome.KindWoken, name)
				}
				time.Sleep(time.Duration(i) * time.Second)
				for _, name := range names[8:] {
					time.Sleep(40 * time.Second)
					c.counted(name, kms.Windows)
				}
				c.rounds(names[:8], 5)
				c.reach()
			})
		}
		go func() { time.Sleep(4 * time.Minute); look() }()
		pools.Wait()
	}},
	{"large", func(r *Report, look func()) {
		c := begin(r, Pool{Name: "Whole school", Host: "kms01.schule.example", Stations: room(300), Targets: map[kms.Product]int{kms.Windows: 500}})
		c.count(0, 0)
		for _, name := range room(300)[250:270] {
			c.ask(name, kms.Windows)
			time.Sleep(300 * time.Millisecond)
			c.counted(name, kms.Windows)
		}
		for _, name := range room(300)[285:] {
			c.report(outcome.KindInUse, name)
		}
		go func() { time.Sleep(20 * time.Minute); look() }()
		c.rounds(room(300)[:250], 30)
		c.reach()
	}},
}

// firstApply is the beginning of a usual apply: two stations are asked, one is in use, one
// is left out, one is woken.
func firstApply(r *Report) *fakeCycle {
	names := room(12)
	usual := map[string]Usual{}
	for _, name := range names[2:6] {
		usual[name] = Usual{Return: 66 * time.Second, Request: 14 * time.Second}
	}
	c := begin(r, Pool{
		Name: "R101", Host: "kms01.schule.example", Stations: names, Usual: usual, StationTimeout: 15 * time.Minute,
		Targets: map[kms.Product]int{kms.Windows: 25, kms.Office: 5},
	})
	time.Sleep(2 * time.Second)
	c.count(8, 1)
	time.Sleep(time.Second)
	c.ask(names[0], kms.Windows)
	c.ask(names[1], kms.Windows)
	time.Sleep(4 * time.Second)
	c.counted(names[0], kms.Windows)
	c.report(outcome.KindInUse, names[9])
	c.leaveOut(names[10], "Windows 11 Education: "+kms.ChannelOf("Volume:MAK", "").NeverCounts())
	time.Sleep(2 * time.Second)
	c.counted(names[1], kms.Windows)
	return c
}

// shoot plays a scene and gives the files as they were at its moment.
func shoot(t *testing.T, play func(r *Report, look func())) (page, data, lines string) {
	t.Helper()
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := New(filepath.Join(folder, "report.html"))
		play(r, func() {
			page, data, lines = read(t, folder, "report.html"), read(t, folder, "report.json"), read(t, folder, "report.txt")
		})
		synctest.Wait()
	})
	return page, data, lines
}

func read(t *testing.T, folder, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Error(err)
	}
	return string(content)
}

// busy is a report in the middle of an apply: so many events of so many stations, the last
// forty of which are under way.
func busy(t testing.TB, stations, events int) (*Report, *fakeCycle) {
	t.Helper()
	r := New(t.TempDir() + "/report.html")
	c := begin(r, Pool{Name: "R101", Host: "kms01.schule.example", Stations: room(stations), Targets: map[kms.Product]int{kms.Windows: 25, kms.Office: 5}})
	names := room(stations)
	for i := 0; i < events; i += 3 {
		name := names[i/3%stations]
		c.report(outcome.KindRestarting, name)
		c.report(outcome.KindBack, name)
		c.section.Event(outcome.Event{Kind: outcome.KindCounted, Station: name, Product: kms.Windows})
	}
	for _, name := range names[:min(40, stations)] {
		c.report(outcome.KindRestarting, name)
	}
	return r, c
}
