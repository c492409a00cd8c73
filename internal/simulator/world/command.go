package world

import (
	"fmt"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// The commands here come from outside Windows: from people, the mains, the network
// card, or Timago's own interface.

// Wake is a magic packet, or Timago's command to start: a station that is off starts.
func (w *World) Wake(name string) error {
	return w.do(name, func(s *station) {
		s.note(KindWake, "")
		s.powerOn()
	})
}

// PowerOn presses the button of a station that is off.
func (w *World) PowerOn(name string) error { return w.do(name, (*station).powerOn) }

// PowerOff pulls the plug; it also ends a start that hangs.
func (w *World) PowerOff(name string) error {
	return w.do(name, func(s *station) { s.powerOff("switched off") })
}

// LogOn lets a user work at the station's console, if it is on.
func (w *World) LogOn(name, user string) error {
	return w.do(name, func(s *station) { s.logOn(user) })
}

// LogOff ends every session on the station.
func (w *World) LogOff(name string) error { return w.do(name, (*station).logOff) }

// SetOption ticks or clears "KMS-Aktivierung" of the operating system that runs or ran
// last; it takes effect with a new image.
func (w *World) SetOption(name string, on bool) error {
	return w.do(name, func(s *station) { s.set(s.running, on) })
}

// ResetImage makes the station's image anew, with the option as it is set now, and
// starts from it. It is refused while somebody is logged on unless forced, and with
// kms.ErrNotYet while the station starts or goes down.
func (w *World) ResetImage(name string, force bool) error {
	var refused error
	err := w.do(name, func(s *station) {
		switch s.phase {
		case phaseOff:
			s.after(s.timing.Image, s.startNewImage)
		case phaseReady, phaseServices:
			refused = s.shutdown(0, force, true, true)
		case phaseStarting, phaseNetlogon, phaseNotice, phaseClosing:
			refused = fmt.Errorf("%s: %w", s.Name, kms.ErrNotYet)
		}
	})
	if err != nil {
		return err
	}
	return refused
}

func (w *World) do(name string, act func(*station)) error {
	defer w.lockAndAdvance()()
	s, err := w.station(name)
	if err == nil {
		act(s)
	}
	return err
}
