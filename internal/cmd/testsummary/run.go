package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// event is a line of `go test -json`, as `go doc test2json` and `go help buildjson` give it.
type event struct {
	Action      string
	Package     string
	ImportPath  string // of build-output and build-fail
	Test        string
	Elapsed     float64 // seconds
	Output      string
	FailedBuild string // the ImportPath whose build failed
}

// test is one test or subtest. A test that was started and never ended has no outcome:
// its package panicked, ran out of time, or was ended.
type test struct {
	outcome string // pass, fail or skip
	output  strings.Builder
	subs    int // subtests, at any depth
}

// pkg is a package while its tests run.
type pkg struct {
	tests  map[string]*test
	output strings.Builder // of no test
}

// skip is a skipped test with what is wrong about the skip, "" if nothing is.
type skip struct{ test, reason, wrong string }

// run is everything that one `go test` told.
type run struct {
	cli    string
	out    io.Writer
	builds map[string]*strings.Builder
	pkgs   map[string]*pkg

	passed, failed int
	broken         int // packages that failed without a failed test
	skips          []skip
}

func newRun(cli string, out io.Writer) *run {
	return &run{cli: cli, out: out, builds: map[string]*strings.Builder{}, pkgs: map[string]*pkg{}}
}

// read takes the events in; a package is told when it ends.
func (r *run) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil {
				// The go command's own words, such as a bad flag.
				fmt.Fprintf(r.out, "%s", line)
			} else {
				r.take(e)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the test events: %w", err)
		}
	}
}

func (r *run) take(e event) {
	if e.Action == "build-output" {
		build := r.builds[e.ImportPath]
		if build == nil {
			build = &strings.Builder{}
			r.builds[e.ImportPath] = build
		}
		build.WriteString(e.Output)
		return
	}
	if e.Package == "" {
		return
	}
	p := r.pkgs[e.Package]
	if p == nil {
		p = &pkg{tests: map[string]*test{}}
		r.pkgs[e.Package] = p
	}
	if e.Test == "" {
		switch e.Action {
		case "output":
			p.output.WriteString(e.Output)
		case "pass", "fail", "skip":
			r.end(e, p)
			delete(r.pkgs, e.Package)
		}
		return
	}
	t := p.tests[e.Test]
	if t == nil {
		t = &test{}
		p.tests[e.Test] = t
		for parent := e.Test; strings.Contains(parent, "/"); {
			parent = parent[:strings.LastIndexByte(parent, '/')]
			if above := p.tests[parent]; above != nil {
				above.subs++
			}
		}
	}
	switch e.Action {
	case "output":
		t.output.WriteString(e.Output)
	case "pass", "fail", "skip":
		t.outcome = e.Action
	}
}

// end counts and tells a package.
func (r *run) end(e event, p *pkg) {
	failures, count := []string{}, 0
	for _, name := range slices.Sorted(maps.Keys(p.tests)) {
		t := p.tests[name]
		if t.subs == 0 {
			count++
		}
		switch t.outcome {
		case "skip":
			r.skips = append(r.skips, r.judge(e.Package+"."+name, t.output.String()))
		case "pass":
			if t.subs == 0 {
				r.passed++
			}
		default:
			// A parent fails with its subtests; what it printed itself counts all the same.
			failures = append(failures, name)
			if t.subs == 0 || !failedBelow(p, name) {
				r.failed++
			}
		}
	}
	took := time.Duration(e.Elapsed * float64(time.Second)).Round(10 * time.Millisecond)
	switch {
	case e.Action == "fail":
		r.tellFailure(e, p, failures, took)
	case count > 0:
		fmt.Fprintf(r.out, "ok    %s  %d tests, %s\n", e.Package, count, took)
	}
}

func failedBelow(p *pkg, name string) bool {
	for other, t := range p.tests {
		if strings.HasPrefix(other, name+"/") && t.outcome != "pass" && t.outcome != "skip" {
			return true
		}
	}
	return false
}

func (r *run) tellFailure(e event, p *pkg, failures []string, took time.Duration) {
	if len(failures) == 0 {
		r.broken++
	}
	fmt.Fprintf(r.out, "FAIL  %s  %s\n", e.Package, took)
	if build := r.builds[e.FailedBuild]; build != nil {
		fmt.Fprint(r.out, build.String())
	}
	for _, name := range failures {
		fmt.Fprint(r.out, p.tests[name].output.String())
		if p.tests[name].outcome == "" {
			fmt.Fprintf(r.out, "--- FAIL: %s (did not end)\n", name)
		}
	}
	fmt.Fprint(r.out, p.output.String())
}

// report tells the skips and the sum, and whether all is well.
func (r *run) report() bool {
	well := r.failed == 0 && r.broken == 0
	// A package that never ended was cut off with the whole run.
	for _, name := range slices.Sorted(maps.Keys(r.pkgs)) {
		well = false
		r.broken++
		fmt.Fprintf(r.out, "FAIL  %s  did not end\n", name)
		fmt.Fprint(r.out, r.pkgs[name].output.String())
	}
	if r.passed+r.failed+len(r.skips) == 0 {
		well = false
		fmt.Fprintln(r.out, "FAIL  no test ran")
	}
	for _, s := range r.skips {
		if s.wrong == "" {
			fmt.Fprintf(r.out, "skip  %s: %s\n", s.test, s.reason)
			continue
		}
		well = false
		fmt.Fprintf(r.out, "SKIP  %s: %s (%s)\n", s.test, s.reason, s.wrong)
	}
	if r.broken > 0 {
		fmt.Fprintf(r.out, "%d packages did not build or broke outside their tests\n", r.broken)
	}
	fmt.Fprintf(r.out, "%d passed, %d failed, %d skipped\n", r.passed, r.failed, len(r.skips))
	return well
}
