package main

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// event is a line of `go test -json`, as `go doc test2json` gives it.
type event struct{ Action, Package, Test, Output string }

// read gives the number of tests that ended, and those that were skipped.
func read(in io.Reader, cli string) (ran int, skips []skip, err error) {
	said := map[string]*strings.Builder{} // by each test that has not ended
	for events := json.NewDecoder(in); ; {
		var e event
		if err := events.Decode(&e); errors.Is(err, io.EOF) {
			return ran, skips, nil
		} else if err != nil {
			return ran, skips, err
		}
		if e.Test == "" {
			continue
		}
		name := e.Package + "." + e.Test
		if said[name] == nil {
			said[name] = &strings.Builder{}
		}
		switch e.Action {
		case "output":
			said[name].WriteString(e.Output)
		case "skip":
			skips = append(skips, judge(name, said[name].String(), cli))
			fallthrough
		case "pass", "fail":
			ran++
			delete(said, name)
		}
	}
}
