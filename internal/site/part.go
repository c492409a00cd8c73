package site

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"
)

// Part is how far a station is with taking part in the activation, as Timago knows it.
type Part uint8

// How far a station is.
const (
	TakesPart    Part = iota // the running image was made with the option set, or it cannot be seen (direct mode)
	OptionOff                // the option "KMS-Aktivierung" is off
	ImagePending             // the option is on, and the image was made without it
)

// Words says it in a sentence; empty for TakesPart.
func (p Part) Words() string {
	switch p {
	case OptionOff:
		return `the option "KMS-Aktivierung" is off in Timago (Stationen > Betriebssystem)`
	case ImagePending:
		return `the option "KMS-Aktivierung" is on, and the image that carries it has not started yet`
	case TakesPart:
	}
	return ""
}

const (
	// partsAtOnce bounds the stations that wait for the same list, each with a stack of its own.
	partsAtOnce = 250
	// partErrors is how many stations an error names.
	partErrors = 10
)

// Parts reads how far stations are, side by side; fresh leaves nothing to memory. In
// direct mode that cannot be seen, and nothing is asked.
func (s *Site) Parts(ctx context.Context, names []string, fresh bool) (map[string]Part, error) {
	parts := make(map[string]Part, len(names))
	if s.timago == nil {
		return parts, nil
	}
	find := s.Find
	if fresh {
		find = s.FindFresh
	}
	found, errs := make([]Part, len(names)), make([]error, len(names))
	var group errgroup.Group
	group.SetLimit(partsAtOnce)
	for i, name := range names {
		group.Go(func() error {
			station, err := find(ctx, name)
			if errs[i] = named("station", name, err); err == nil {
				found[i] = partOf(station)
			}
			return nil
		})
	}
	_ = group.Wait() // no read returns an error here
	for i, name := range names {
		parts[name] = found[i]
	}
	return parts, joined(errs)
}

// joined names the first of many stations, those that do not exist before all others.
func joined(errs []error) error {
	var missing, others []error
	for _, err := range errs {
		switch {
		case errors.Is(err, ErrNotFound):
			missing = append(missing, err)
		case err != nil:
			others = append(others, err)
		}
	}
	errs = append(missing, others...)
	if more := len(errs) - partErrors; more > 0 {
		errs = append(errs[:partErrors:partErrors], fmt.Errorf("and %d more", more))
	}
	return errors.Join(errs...)
}

func partOf(station Station) Part {
	system, err := station.OperatingSystem("")
	switch {
	case err != nil:
		return TakesPart // which system is meant is not known; Windows itself will show
	case !system.KMSActivation:
		return OptionOff
	case !system.Effective():
		return ImagePending
	}
	return TakesPart
}

// NoLocationError: no station is in a room. It is ErrNotFound.
type NoLocationError struct {
	Inventory string   // path of the file that was looked in; "" where Timago was asked
	Lists     []string // the rooms that are in the file
}

func (e *NoLocationError) Error() string {
	switch {
	case e.Inventory == "":
		return ErrNotFound.Error()
	case len(e.Lists) == 0:
		return fmt.Sprintf("not found in %s, which lists no location", e.Inventory)
	}
	return fmt.Sprintf("not found in %s, which lists: %s", e.Inventory, strings.Join(e.Lists, ", "))
}

// Unwrap makes it ErrNotFound.
func (e *NoLocationError) Unwrap() error { return ErrNotFound }

// Advice says what to compare with.
func (e *NoLocationError) Advice() string {
	if e.Inventory == "" {
		return "Compare with the column Standort in Timago's window Stationen, and see that the token may see the stations' computer groups."
	}
	return "Compare with its column Standort."
}

// InLocation lists the names of a room's stations, in their order. A room without
// stations is a *NoLocationError; one where a name may mean several is an error too.
func (s *Site) InLocation(ctx context.Context, location string) ([]string, error) {
	stations, err := s.Stations(ctx, Filter{Location: location})
	if err != nil {
		return nil, named("location", strconv.Quote(location), err)
	}
	if len(stations) == 0 {
		return nil, named("location", strconv.Quote(location), s.noLocation())
	}
	names, err := s.names(stations)
	return names, named("location", strconv.Quote(location), err)
}

func (s *Site) noLocation() *NoLocationError {
	missing := &NoLocationError{Inventory: s.Inventory()}
	for _, station := range s.inventory {
		if station.Location != "" && !slices.Contains(missing.Lists, station.Location) {
			missing.Lists = append(missing.Lists, station.Location)
		}
	}
	slices.Sort(missing.Lists)
	return missing
}
