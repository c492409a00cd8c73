package world

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/timago/terraform-provider-timago/internal/simulator/catalogue"
)

// Validate names everything that contradicts itself.
func (s Site) Validate() error {
	var problems problems
	taken := names{strings.ToLower(s.Host.name()): true, Timago: true}
	for i, station := range s.Stations {
		taken.enter(&problems, i+1, station)
		station.validate(problems.of("station %d (%q)", i+1, station.Name))
	}
	s.Host.validate(problems.of("kms_host"))
	for i, t := range s.Traffic {
		t.validate(problems.of("traffic %d", i+1))
	}
	for i, f := range s.Faults {
		if err := f.validate(); err != nil {
			problems.add("fault %d: %w", i+1, err)
		}
	}
	return errors.Join(problems...)
}

// problems are what a description contradicts itself in.
type problems []error

func (p *problems) add(format string, args ...any) { *p = append(*p, fmt.Errorf(format, args...)) }

// of adds what is said of one part of the description.
func (p *problems) of(format string, args ...any) reporter {
	where := fmt.Sprintf(format, args...)
	return func(format string, args ...any) { p.add("%s: %w", where, fmt.Errorf(format, args...)) }
}

type reporter func(format string, args ...any)

// names are those that machines have already, in lower case.
type names map[string]bool

// enter takes a station's names.
func (n names) enter(problems *problems, number int, s Station) {
	report := problems.of("station %d (%q)", number, s.Name)
	switch {
	case s.Name == "":
		problems.add("station %d: name is missing", number)
	case !n.take(s.Name):
		report("the name is taken already")
	}
	for _, alias := range s.Aliases {
		if alias == "" || !n.take(alias) {
			report("alias %q is no new name", alias)
		}
	}
}

// take notes a name; false where it is one already.
func (n names) take(name string) bool {
	key := strings.ToLower(name)
	if n[key] {
		return false
	}
	n[key] = true
	return true
}

func (h Host) validate(report reporter) {
	listed := names{}
	for _, key := range h.keys() {
		if _, known := catalogue.HostKeys[key.Key]; !known {
			report("key %q is none of %s", key.Key, catalogue.Names(catalogue.HostKeys))
		}
		if !listed.take(key.Key) {
			report("key %q is listed twice", key.Key)
		}
	}
}

func (t Traffic) validate(report reporter) {
	if t.Every <= 0 {
		report("every must be above 0")
	}
	if _, known := catalogue.HostKeys[t.key()]; !known {
		report("key %q is none of %s", t.Key, catalogue.Names(catalogue.HostKeys))
	}
}

func (s Station) validate(report reporter) {
	if s.Number != 0 {
		report("number was not expanded")
	}
	systems := names{strings.ToLower(s.system()): true}
	for _, other := range s.Others {
		if other.Name == "" || !systems.take(other.Name) {
			report("others: %q is no new name of an operating system", other.Name)
		}
	}
	for _, p := range s.Products {
		p.validate(report)
	}
	if s.Cards < 0 || s.Cards > mostVirtual || s.Explorers < 0 || s.Sessions < 0 {
		report("virtual_cards are 0 to %d; sessions and explorers are not negative", mostVirtual)
	}
	if s.Timing != nil {
		for _, problem := range s.Timing.Problems() {
			report("timing: %s", problem)
		}
	}
	if s.Off && (s.User != "" || s.Sessions > 0) {
		report("it is off, so nobody is logged on")
	}
}

// mostVirtual is how many virtual network cards the site knows.
const mostVirtual = 3

func (p Product) validate(report reporter) {
	if _, known := catalogue.Titles[p.Title]; !known {
		report("title %q is none of %s", p.Title, catalogue.Names(catalogue.Titles))
	}
	if _, known := catalogue.Channels[p.By]; p.By != "" && !known {
		report("by %q is none of %v", p.By, slices.Sorted(maps.Keys(catalogue.Channels)))
	}
	if p.Channel != "" && p.By != catalogue.ByOther {
		report("channel is for products by other")
	}
}
