package site

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/timago"
)

// Words of package timago that the services speak.
type (
	// TimagoConfig says where the HTTP interface is and how it is asked.
	TimagoConfig = timago.Config
	// Station is a station as Timago or the inventory knows it.
	Station = timago.Station
	// OperatingSystem is one of a station's systems.
	OperatingSystem = timago.OperatingSystem
	// NoOperatingSystem: a station has no operating system of a name.
	NoOperatingSystem = timago.NoOperatingSystem
	// Filter chooses stations.
	Filter = timago.Filter
	// KMSStatus is what Timago itself shows for a product.
	KMSStatus = timago.KMSStatus
	// TimagoKMS is activation as Timago itself shows it.
	TimagoKMS = timago.KMS
)

// What Timago itself shows for a product.
const (
	KMSActivated    = timago.KMSActivated
	KMSNotActivated = timago.KMSNotActivated
	KMSUnknown      = timago.KMSUnknown
)

// ResetImageCommand is what a pending command is called that makes an image anew.
const ResetImageCommand = timago.ResetImage

// ErrNotFound is definite: there is no such station in Timago, or in the inventory.
var ErrNotFound = timago.ErrNotFound

// NoTimagoError: what was asked for needs API mode, or an inventory.
type NoTimagoError struct{ What string }

func (e *NoTimagoError) Error() string {
	return e.What + " is known only to Timago, and neither endpoint nor inventory is configured"
}

// Advice says what to set.
func (e *NoTimagoError) Advice() string {
	return "Set inventory in the provider block to a Datenexport file, or endpoint where an HTTP interface stands in front of the Timago server; or name the stations one by one."
}

// HasTimago tells whether the site is in API mode.
func (s *Site) HasTimago() bool { return s.timago != nil }

// HasWinRM tells whether Windows itself can be asked.
func (s *Site) HasWinRM() bool { return s.machines != nil }

// Stations lists stations, from Timago or the inventory, ordered by name.
func (s *Site) Stations(ctx context.Context, filter Filter) ([]Station, error) {
	var stations []Station
	var err error
	switch {
	case s.timago != nil:
		stations, err = s.timago.Stations(ctx, filter)
	case s.inventory != nil:
		stations = slices.DeleteFunc(slices.Clone(s.inventory), func(station Station) bool { return !passes(station, filter) })
	default:
		err = &NoTimagoError{What: "the list of stations"}
	}
	slices.SortFunc(stations, func(x, y Station) int { return strings.Compare(x.Name, y.Name) })
	return stations, err
}

// passes is Timago's filter for what stands in an inventory. What an inventory cannot
// know passes no filter that asks for it.
func passes(s Station, f Filter) bool {
	named := func(list []string, name string) bool {
		return len(list) == 0 || slices.ContainsFunc(list, func(n string) bool { return strings.EqualFold(n, name) })
	}
	return named(f.IDs, s.ID) && named(f.Names, s.Name) &&
		(f.Location == "" || strings.EqualFold(f.Location, s.Location)) &&
		(f.ComputerGroup == "" || strings.EqualFold(f.ComputerGroup, s.ComputerGroup)) &&
		(f.Online == nil || *f.Online == s.Online) && f.KMSActivation == nil &&
		(f.StartedAfter.IsZero() || s.LastStart.After(f.StartedAfter))
}

// Find reads one station by name or client id, from Timago or the inventory. In direct
// mode without an inventory, or where the inventory does not list it, a station is what
// it is called.
func (s *Site) Find(ctx context.Context, nameOrID string) (Station, error) {
	if s.timago != nil {
		return s.timago.Station(ctx, nameOrID)
	}
	station, err := s.Listed(nameOrID)
	if errors.Is(err, ErrNotFound) {
		return Station{Name: nameOrID}, nil
	}
	return station, err
}

// FindFresh is Find without anything remembered.
func (s *Site) FindFresh(ctx context.Context, nameOrID string) (Station, error) {
	if s.timago != nil {
		return s.timago.FreshStation(ctx, nameOrID)
	}
	return s.Find(ctx, nameOrID)
}

// SetKMSActivation sets the option "KMS-Aktivierung" of a station's operating system.
// Where it is as wanted nothing is sent. API mode only.
func (s *Site) SetKMSActivation(ctx context.Context, stationID, operatingSystem string, on bool) (Station, error) {
	return s.timago.SetKMSActivation(ctx, stationID, operatingSystem, on)
}

// Timago's own view of the activation. API mode only.
func (s *Site) TimagoKMS(ctx context.Context) (TimagoKMS, error) { return s.timago.KMS(ctx) }

// ResetImage tells Timago to make a station's image anew with the option as it is now
// set; force also under a user. It returns when Timago has taken the command. The same
// reset of the same image is never made twice. API mode only.
func (s *Site) ResetImage(ctx context.Context, station Station, operatingSystem string, force bool) error {
	system, err := station.OperatingSystem(operatingSystem)
	if err != nil {
		return err
	}
	return s.command(ctx, station, timago.Command{Name: timago.ResetImage, OperatingSystem: system.Name, UnlessInUse: !force},
		timago.Wish{Command: timago.ResetImage, OperatingSystem: system.Name, KMSActivation: system.KMSActivation})
}

// settling is how long a command's first outcome is waited for: a refusal comes at once,
// everything else takes its time and is seen in the station.
const settling = 2 * time.Second

func (s *Site) command(ctx context.Context, station Station, command timago.Command, wish timago.Wish) error {
	status, err := s.give(ctx, station, command, wish)
	if err != nil {
		return err
	}
	watch, cancel := context.WithTimeout(ctx, settling)
	defer cancel()
	if last, err := s.timago.Await(watch, status.ID, settling/2, nil); err == nil {
		status = last
	}
	return refusal(station, status)
}

func (s *Site) give(ctx context.Context, station Station, command timago.Command, wish timago.Wish) (timago.CommandStatus, error) {
	command.Stations = []timago.Target{{ID: station.ID, Key: timago.Key(station, wish)}}
	return s.timago.Command(ctx, command)
}

// refusal is a *CommandError where a command was not carried out.
func refusal(station Station, status timago.CommandStatus) error {
	for _, outcome := range status.Stations {
		if outcome.State == timago.Failed || outcome.State == timago.Expired {
			return &CommandError{Command: string(status.Command), Station: station.Name, State: string(outcome.State), Reason: outcome.Reason, Detail: outcome.Detail}
		}
	}
	return nil
}

// CommandError: Timago took a command and did not carry it out.
type CommandError struct{ Command, Station, State, Reason, Detail string }

func (e *CommandError) Error() string {
	text := fmt.Sprintf("Timago did not carry out %s on %s: %s", e.Command, e.Station, e.State)
	if e.Reason != "" {
		text += " (" + e.Reason + ")"
	}
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}

// Is kms.ErrInUse where somebody uses the station.
func (e *CommandError) Is(target error) bool {
	return target == kms.ErrInUse && e.Reason == timago.ReasonInUse
}
