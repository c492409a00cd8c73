//go:build linux

package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// What the guide says that plans and applies cost is what `make bench` measures.
func TestTheGuidesSizesAreMeasured(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile("../../../GNUmakefile")
	if err != nil {
		t.Fatal(err)
	}
	measured := func(variable string) []int {
		found := regexp.MustCompile(`(?m)^` + variable + ` \?= (.+)$`).FindSubmatch(makefile)
		if found == nil {
			t.Fatalf("the makefile sets no %s", variable)
		}
		numbers, err := numbersOf(string(found[1]))
		if err != nil {
			t.Fatal(err)
		}
		return numbers
	}
	sizes, restarts := measured("SCALE_SIZES"), measured("SCALE_RESTARTS")
	guide, err := os.ReadFile("../../../templates/guides/limits.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(guide), "## What a plan and an apply cost")
	table, _, _ = strings.Cut(table, "\n### ")
	what, seen := "", 0
	for _, row := range regexp.MustCompile(`(?m)^\| ([^|]*) ?\| ([0-9,]+) \|`).FindAllStringSubmatch(table, -1) {
		if name := strings.TrimSpace(row[1]); name != "" {
			what = name
		}
		n, err := numbersOf(strings.ReplaceAll(row[2], ",", ""))
		if err != nil {
			t.Fatal(err)
		}
		among := sizes
		if strings.Contains(what, "restarts") && !strings.Contains(what, "vendor's example") { // which is that of 5
			among = restarts
		}
		if seen++; !slices.Contains(among, n[0]) {
			t.Errorf("%s of %d stations: `make bench` measures %v", what, n[0], among)
		}
	}
	if seen < 15 {
		t.Errorf("only %d rows were found: this test looks in the wrong place", seen)
	}
}

func TestNumbersOfStations(t *testing.T) {
	t.Parallel()
	if got, err := numbersOf("5,30"); err != nil || !slices.Equal(got, []int{5, 30}) {
		t.Errorf("%v, %v", got, err)
	}
	for _, text := range []string{"0", "-3", "many", "5,x"} {
		if got, err := numbersOf(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

// What a plan and restarts may cost at most fails the run, also where a record is as high.
func TestWhatIsMeasuredIsBounded(t *testing.T) {
	t.Parallel()
	steady := func(n int, cpu time.Duration, megabytes int64) measurement {
		return measurement{what: whatSteady, stations: n, usage: usage{CPU: cpu, RSS: megabytes << 20}, counts: counts{Requests: 4 * n}}
	}
	floor := measurement{what: whatFloor, wall: time.Second, usage: usage{CPU: time.Second}}
	for name, tt := range map[string]struct {
		large measurement
		each  int // requests a restart
		fails string
	}{
		"all is well":              {steady(10_000, 6*time.Second, 180), 29, ""},
		"it takes too much memory": {steady(10_000, 6*time.Second, 251), 29, "steady n=10000 rss is 251.00"},
		"it grows with the pool":   {steady(10_000, 12*time.Second, 180), 29, "steady n=10000 cpu/smaller is 1.20"},
		"it asks much":             {steady(10_000, 6*time.Second, 180), 31, "restarts n=50 requests/restart is 31.00"},
	} {
		var all table
		all.add(floor, nil, []measurement{steady(1_000, time.Second, 50)})
		all.add(floor, nil, []measurement{tt.large})
		all.restarts(measurement{what: whatRestarts, stations: 50, counts: counts{All: 50 * tt.each, Restarts: 50}})
		switch err := all.held(); {
		case tt.fails == "" && err != nil, tt.fails != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.fails)):
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A bound under a name that no measurement has would never fail.
func TestEachBoundIsMeasured(t *testing.T) {
	t.Parallel()
	much := func(what string, n int) measurement {
		return measurement{
			what: what, stations: n, wall: time.Minute, usage: usage{CPU: time.Duration(n) * time.Duration(n) * time.Millisecond, RSS: 1 << 40},
			counts: counts{Requests: 100 * n, All: 100 * n, Restarts: n},
		}
	}
	small := measurement{wall: time.Second, usage: usage{CPU: time.Millisecond, RSS: 1 << 20}}
	var all table
	for _, n := range []int{1_000, 10_000} {
		all.add(small, nil, []measurement{much(whatSteady, n)})
	}
	all.restarts(much(whatRestarts, 50))
	all.beside(small, much(whatRestarts, 50), much(whatFirstRestarts, 50))
	err := all.held()
	for name := range bounds {
		if err == nil || !strings.Contains(err.Error(), name+" is ") {
			t.Errorf("%s is not held: %v", name, err)
		}
	}
}
