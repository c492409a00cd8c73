package site

import (
	"cmp"
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
	// Progress is how far a station is with a command.
	Progress = timago.Progress
)

// What Timago itself shows for a product.
const (
	KMSActivated    = timago.KMSActivated
	KMSNotActivated = timago.KMSNotActivated
	KMSUnknown      = timago.KMSUnknown
)

// ResetImageCommand is what a pending command is called that makes an image anew.
const ResetImageCommand = timago.ResetImage

var (
	// ErrNotFound: there is no such station in Timago, or in the inventory.
	ErrNotFound = timago.ErrNotFound
	// ErrGone is definite: asked for this very station, Timago's server said that it does
	// not exist. It is ErrNotFound.
	ErrGone = timago.ErrGone
)

// NoTimagoError: what was asked for needs API mode, or an inventory.
type NoTimagoError struct{ What string }

func (e *NoTimagoError) Error() string {
	return e.What + " is known only to Timago, and neither endpoint nor inventory is configured"
}

// Advice says what to set.
func (e *NoTimagoError) Advice() string {
	return "Set inventory in the provider block to a Datenexport file, or endpoint where an HTTP interface stands in front of the Timago server; or name the stations one by one."
}

// HasTimago reports whether the site is in API mode.
func (s *Site) HasTimago() bool { return s.timago != nil }

// HasWinRM reports whether Windows itself can be asked.
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

// SetKMSActivation sets the option "KMS-Aktivierung" of an operating system of a station
// as it was last seen. Where it is as wanted nothing is sent. API mode only.
func (s *Site) SetKMSActivation(ctx context.Context, station Station, operatingSystem string, on bool) (Station, error) {
	defer s.commanding()()
	return s.timago.SetKMSActivation(ctx, station, operatingSystem, on)
}

// TimagoKMS is Timago's own view of the activation; a *NoStatusError where it shows none.
// API mode only.
func (s *Site) TimagoKMS(ctx context.Context) (TimagoKMS, error) {
	shown, err := s.timago.KMS(ctx)
	if err == nil && len(shown.Products) == 0 {
		err = &NoStatusError{Lacking: shown.NoStatus}
	}
	return shown, err
}

// NoStatusError: Timago's interface shows no product's activation.
type NoStatusError struct {
	Lacking bool // the server says that it cannot
}

func (e *NoStatusError) Error() string {
	if e.Lacking {
		return "the interface in front of the Timago server shows no activation: its features lack kms_status"
	}
	return "the interface in front of the Timago server shows the activation of no product, neither Windows nor Office"
}

// Advice says what to do next.
func (e *NoStatusError) Advice() string {
	if e.Lacking {
		return "Set winrm in the provider block, so that Windows itself is asked, or have the interface mended: GET /info lists kms_status where GET /kms shows products."
	}
	return "See in Timago's own window whether a product is set up for KMS. Or set winrm in the provider block, so that Windows itself is asked."
}

// ResetImage tells Timago to make a station's image anew with the option as it is now
// set; force also under a user. It returns when Timago has taken the command, with what has
// become of it by then. The same reset of the same image is never made twice. API mode only.
func (s *Site) ResetImage(ctx context.Context, station Station, operatingSystem string, force bool) (Progress, error) {
	system, err := station.OperatingSystem(operatingSystem)
	if err != nil {
		return Progress{}, err
	}
	return s.command(ctx, station, timago.Command{Name: timago.ResetImage, OperatingSystem: system.Name, UnlessInUse: !force},
		timago.Effect{Command: timago.ResetImage, OperatingSystem: system.Name, KMSActivation: system.KMSActivation})
}

// CommandProgress asks what has become of a command; a *CommandError where it was not
// carried out. API mode only.
func (s *Site) CommandProgress(ctx context.Context, station Station, sent Progress) (Progress, error) {
	now, err := s.timago.Progress(ctx, sent)
	if err != nil {
		return now, err
	}
	return now, refusal(station, now)
}

// settling is how long a command's first outcome is waited for: a refusal comes at once,
// everything else takes its time and is seen in the station.
const settling = 2 * time.Second

func (s *Site) command(ctx context.Context, station Station, command timago.Command, effect timago.Effect) (Progress, error) {
	defer s.commanding()()
	sent, err := s.give(ctx, station, command, effect)
	if err != nil || sent.Ended() {
		return sent, cmp.Or(err, refusal(station, sent))
	}
	if !station.Online && command.Name != timago.Wake {
		return sent, nil // it waits for the station to be switched on
	}
	watch, cancel := context.WithTimeout(ctx, settling)
	defer cancel()
	now, err := s.timago.Await(watch, sent, settling/2, nil)
	if _, ok := errors.AsType[*timago.Malformed](err); ok {
		return sent, err
	}
	return now, refusal(station, now) // no answer for a moment: Timago has it all the same
}

func (s *Site) give(ctx context.Context, station Station, command timago.Command, effect timago.Effect) (Progress, error) {
	return s.timago.Send(ctx, command, timago.Target{ID: station.ID, Key: timago.Key(station, effect)})
}

// refusal is a *CommandError where a command was not carried out.
func refusal(station Station, p Progress) error {
	if p.State == timago.Failed || p.State == timago.Expired {
		return &CommandError{Command: string(p.Command), Station: station.Name, State: string(p.State), Reason: p.Reason, Detail: p.Detail}
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

// Advice says what to do next; "" where nothing is known.
func (e *CommandError) Advice() string {
	switch {
	case e.State == string(timago.Expired):
		return "The station did not take the command in time: it was off, or busy. Switch it on, then apply again."
	case e.Reason == timago.ReasonNotStarted:
		return "The station went down, or was woken, and did not come up: look at it, then apply again."
	case e.Reason == timago.ReasonImageFailed:
		return "Timago could not make the image: look at the station and its image server in Timago, then apply again."
	case e.Reason == timago.ReasonNotPermitted:
		return "The token lacks the right on the station's computer group: give its account the right, or use the token of one that has it."
	case e.Reason == timago.ReasonUnsupported:
		return "This station cannot do it. Do it in Timago's own window, or choose another method."
	}
	return ""
}

// Is kms.ErrInUse where somebody uses the station.
func (e *CommandError) Is(target error) bool {
	return target == kms.ErrInUse && e.Reason == timago.ReasonInUse
}
