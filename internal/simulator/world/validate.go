package world

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Validate names everything that contradicts itself.
func (s Site) Validate() error {
	var problems []error
	add := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	names := map[string]bool{strings.ToLower(s.Host.name()): true, Timago: true}
	for i, station := range s.Stations {
		where := fmt.Sprintf("station %d (%q)", i+1, station.Name)
		switch key := strings.ToLower(station.Name); {
		case station.Name == "":
			add("station %d: name is missing", i+1)
		case names[key]:
			add("%s: the name is taken already", where)
		default:
			names[key] = true
		}
		for _, alias := range station.Aliases {
			if key := strings.ToLower(alias); key == "" || names[key] {
				add("%s: alias %q is no new name", where, alias)
			} else {
				names[key] = true
			}
		}
		problems = append(problems, station.validate(where)...)
	}
	keys := map[string]bool{}
	for _, key := range s.Host.keys() {
		if _, known := hostKeys[key.Key]; !known {
			add("kms_host: key %q is none of %s", key.Key, namesOf(hostKeys))
		}
		if keys[key.Key] {
			add("kms_host: key %q is listed twice", key.Key)
		}
		keys[key.Key] = true
	}
	for i, t := range s.Traffic {
		if t.Every <= 0 {
			add("traffic %d: every must be above 0", i+1)
		}
		if _, known := hostKeys[t.key()]; !known {
			add("traffic %d: key %q is none of %s", i+1, t.Key, namesOf(hostKeys))
		}
	}
	for i, f := range s.Faults {
		if err := f.validate(); err != nil {
			add("fault %d: %w", i+1, err)
		}
	}
	return errors.Join(problems...)
}

func (s Station) validate(where string) []error {
	var problems []error
	add := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf(where+": "+format, args...))
	}
	if s.Number != 0 {
		add("number was not expanded")
	}
	systems := map[string]bool{strings.ToLower(s.system()): true}
	for _, other := range s.Others {
		if key := strings.ToLower(other.Name); key == "" || systems[key] {
			add("others: %q is no new name of an operating system", other.Name)
		} else {
			systems[key] = true
		}
	}
	for _, p := range s.Products {
		if _, known := titles[p.Title]; !known {
			add("title %q is none of %s", p.Title, namesOf(titles))
		}
		if _, known := channels[p.By]; p.By != "" && !known {
			add("by %q is none of %v", p.By, slices.Sorted(maps.Keys(channels)))
		}
		if p.Channel != "" && p.By != ByOther {
			add("channel is for products by other")
		}
	}
	if s.Cards < 0 || s.Cards > mostVirtual || s.Explorers < 0 || s.Sessions < 0 {
		add("virtual_cards are 0 to %d; sessions and explorers are not negative", mostVirtual)
	}
	if t := s.Timing; t != nil {
		if min(t.Shutdown, t.Boot, t.Ask, t.Image, t.Netlogon, t.Services) < 0 {
			add("timing: durations are not negative")
		}
		if t.Netlogon+t.Services > t.Boot {
			add("timing: netlogon and services are parts of boot, and longer than it")
		}
		if t.Spread < 0 || t.Spread >= 1 || t.Jitter < 0 || t.Jitter >= 1 {
			add("timing: spread and jitter are parts: 0 to less than 1")
		}
	}
	if s.Off && (s.User != "" || s.Sessions > 0) {
		add("it is off, so nobody is logged on")
	}
	return problems
}

// mostVirtual is how many virtual network cards the site knows.
const mostVirtual = 3
