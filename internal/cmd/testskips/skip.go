package main

import (
	"regexp"
	"strconv"
	"strings"
)

// skip is a skipped test with what is wrong about the skip, "" if nothing is.
type skip struct{ test, reason, wrong string }

var (
	// logged is a line of t.Log or t.Skip: indented, with its place in front.
	logged = regexp.MustCompile(`^\s+\S+\.go:\d+: (.*)$`)
	// need is an alternative of "needs A or B": a name, and perhaps a version.
	need = regexp.MustCompile(`^(\S+) (\d+(?:\.\d+)*)$`)
)

// judge reads why a test was skipped out of what it printed. The skip's message is the
// last that a skipped test logs.
func judge(name, output, cli string) skip {
	s := skip{test: name}
	for line := range strings.Lines(output) {
		line = strings.TrimRight(line, "\r\n")
		if m := logged.FindStringSubmatch(line); m != nil {
			s.reason = strings.TrimSpace(m[1])
		} else if s.reason != "" && strings.HasPrefix(line, "        ") {
			s.reason += " " + strings.TrimSpace(line)
		}
	}
	what, why, found := strings.Cut(s.reason, ": ")
	what, needs := strings.CutPrefix(what, "needs ")
	switch {
	case s.reason == "":
		s.reason, s.wrong = "no reason", "a skip says what it needs and why"
	case !needs || !found || what == "" || why == "":
		s.wrong = `a reason reads "needs <what>: <why>"`
	case has(cli, what):
		s.wrong = cli + " is at hand"
	}
	return s
}

// has reports whether the command-line interface at hand is one of those named in what,
// "A 1.2 or B 3", and new enough.
func has(cli, what string) bool {
	name, version, _ := strings.Cut(cli, " ")
	for alternative := range strings.SplitSeq(what, " or ") {
		m := need.FindStringSubmatch(alternative)
		if (m != nil && m[1] == name && !older(version, m[2])) || (name != "" && alternative == name) {
			return true
		}
	}
	return false
}

// older compares dotted versions number by number. A pre-release counts as what it leads
// to: a test that needs 1.14 is not to be skipped with 1.14.0-rc1.
func older(version, than string) bool {
	version, _, _ = strings.Cut(version, "-")
	have, want := strings.Split(version, "."), strings.Split(than, ".")
	for i := range max(len(have), len(want)) {
		h, w := part(have, i), part(want, i)
		if h != w {
			return h < w
		}
	}
	return false
}

func part(version []string, i int) int {
	if i >= len(version) {
		return 0
	}
	n, err := strconv.Atoi(version[i])
	if err != nil {
		return 0
	}
	return n
}
