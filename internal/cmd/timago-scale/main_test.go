//go:build linux

package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
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
