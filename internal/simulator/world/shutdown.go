package world

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// Restart asks the station to restart at once. Somebody who is logged on makes it
// refuse unless forced; a shutdown under way is as good, unless somebody else scheduled it.
func (w *World) Restart(station string, force bool) error { return w.RestartAfter(station, 0, force) }

// RestartAfter is Restart with a notice.
func (w *World) RestartAfter(station string, notice time.Duration, force bool) error {
	defer w.lockAndAdvance()()
	s, err := w.station(station)
	if err != nil {
		return err
	}
	contact := w.contact(station, []string{AboutRestart})
	if contact != ContactOK && !contact.Lost() {
		return contact.failed(s.Name, true)
	}
	err = s.shutdown(notice, force, true, false)
	var refused *CommandError
	switch {
	case errors.As(err, &refused) && refused.passes():
		return fmt.Errorf("%w: %w", kms.ErrNotYet, err)
	case errors.Is(err, ErrShutdownUnderWay) && s.foreign:
		return fmt.Errorf("%s: %w: %w", s.Name, kms.ErrShutdownPending, err)
	case err != nil && !errors.Is(err, ErrShutdownUnderWay):
		return err
	}
	return contact.failed(s.Name, true)
}

// ErrShutdownUnderWay is Windows' answer to one more command to go down, whoever gave
// the first.
var ErrShutdownUnderWay = errors.New("a shutdown is already under way")

// CommandError is a command to go down that Windows refused, with an error of its own
// (winerror.h).
type CommandError struct{ Code Code }

func (e *CommandError) Error() string { return fmt.Sprintf("Windows refused with %d", e.Code) }

// Refusals of a command to go down.
const (
	refusedDenied        Code = 5    // ERROR_ACCESS_DENIED
	refusedNotReady      Code = 21   // ERROR_NOT_READY: somebody is logging on
	refusedShuttingDown  Code = 1115 // ERROR_SHUTDOWN_IN_PROGRESS
	refusedUsersLoggedOn Code = 1191 // ERROR_SHUTDOWN_USERS_LOGGED_ON
	refusedLocked        Code = 1271 // ERROR_MACHINE_LOCKED
	refusedNoServer      Code = 1722 // RPC_S_SERVER_UNAVAILABLE: soon after a start
)

func (e *CommandError) passes() bool {
	return e.Code == refusedNotReady || e.Code == refusedShuttingDown || e.Code == refusedNoServer
}

// Unwrap is kms.ErrInUse where force would have helped, and nil where kms has no word.
func (e *CommandError) Unwrap() error {
	switch e.Code {
	case refusedLocked, refusedUsersLoggedOn:
		return kms.ErrInUse
	case refusedDenied:
		return kms.ErrDenied
	default:
		return nil
	}
}

// refuses is a fault's answer to a command to go down; nil where there is none.
func (s *station) refuses(force bool) error {
	f, hit := s.world.hitIf(func(f *fault) bool {
		refused := &CommandError{Code: cmp.Or(f.Code, refusedLocked)}
		return f.Name == RestartFails && (!force || !errors.Is(refused, kms.ErrInUse))
	}, s.Name)
	if !hit {
		return nil
	}
	refused := &CommandError{Code: cmp.Or(f.Code, refusedLocked)}
	s.note(KindRefused, "error %d", refused.Code)
	return fmt.Errorf("%s: %w", s.Name, refused)
}

// shutdown takes a command to go down, or refuses it.
func (s *station) shutdown(notice time.Duration, force, restart, made bool) error {
	if s.phase == phaseNotice {
		s.note(KindRefused, "a shutdown is under way")
		return ErrShutdownUnderWay
	}
	if err := s.refuses(force); err != nil {
		return err
	}
	if f, hit := s.world.hit(UserBeforeRestart, s.Name); hit {
		s.logOn(f.user())
	}
	kind := KindShutdown
	if restart {
		kind = KindRestart
	}
	if s.desktops() > 0 {
		if !force {
			s.note(KindRefused, "%s: %s is logged on", kind, s.user)
			return fmt.Errorf("%s: %w", s.Name, kms.ErrInUse)
		}
		s.lost += s.desktops()
		s.logOff()
	}
	s.note(kind, "notice %s, forced %t", notice, force)
	if restart {
		s.restarts++
	}
	s.goDown(notice, restart, made)
	return nil
}

// schedule is somebody else's shutdown, announced for later; the end of the fault takes
// it back.
func (f *fault) schedule(s *station) func(begins bool) {
	return func(begins bool) {
		switch {
		case begins:
			f.scheduled = append(f.scheduled, s)
			s.foreign = true
			s.goDown(cmp.Or(f.By, usuallyAhead), f.Name == RestartScheduled, false)
		case !begins && s.foreign && s.phase == phaseNotice && slices.Contains(f.scheduled, s):
			s.takeBack()
		}
	}
}

// usuallyAhead is how far ahead others schedule.
const usuallyAhead = 5 * time.Hour

// Shutdown is what Win32ShutdownTracker does, for a caller that has got through to the
// station: after the notice it goes down, and with restart starts again. It refuses
// with kms.ErrInUse, ErrShutdownUnderWay or a *CommandError.
func (w *World) Shutdown(station string, notice time.Duration, force, restart bool) error {
	defer w.lockAndAdvance()()
	s, err := w.station(station)
	if err != nil {
		return err
	}
	return s.shutdown(notice, force, restart, false)
}

// AbortShutdown takes a shutdown back whose notice has not run out; false where there
// is none.
func (w *World) AbortShutdown(station string) (bool, error) {
	defer w.lockAndAdvance()()
	s, err := w.station(station)
	if err != nil || s.phase != phaseNotice {
		return false, err
	}
	s.takeBack()
	return true, nil
}

func (s *station) takeBack() {
	if s.again && !s.foreign {
		s.restarts--
	}
	s.foreign = false
	s.world.timers.Stop(s.timer)
	s.enter(s.before)
	s.note(KindRefused, "the shutdown was taken back")
}
