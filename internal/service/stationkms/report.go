package stationkms

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/timago/terraform-provider-timago/internal/tfdiag"
)

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// warnings tell why the image is not there yet.
func (o *outcome) warnings(w desired) diag.Diagnostics {
	title := o.station.Name
	failure := tfdiag.Failure{
		Verb: "reset", Noun: "image of station", Name: title,
		Attempted: fmt.Sprintf(`The option "KMS-Aktivierung" of %s is %s; its image was made otherwise, so effective is false.`, o.system, onOff(o.option())),
	}
	switch {
	case o.holds(w):
		return nil
	case o.err != nil:
		failure.Err, failure.Next = o.err, again(o.err)
	case errors.Is(o.held, context.DeadlineExceeded), errors.Is(o.held, context.Canceled):
		failure.Verb, failure.Noun = "see the new image start on", "station"
		failure.Attempted += " Timago has taken the command to reset it, and it was waited for."
		failure.Err, failure.Next = o.held, "Look at the station, raise timeouts, or apply again: the same image is not reset twice."
	case o.held != nil:
		if o.pending {
			failure.Attempted += " Timago shows a reset under way all the same."
		}
		failure.Err, failure.Next = o.held, again(o.held)
	default:
		return diag.Diagnostics{o.underWay()}
	}
	return diag.Diagnostics{failure.Warning()}
}

// underWay is one warning for all stations, which the CLI then shows as one: the summary is
// the same.
func (o *outcome) underWay() diag.Diagnostic {
	taken := fmt.Sprintf("Station %s: Timago has taken the command to reset the image of %s.", o.station.Name, o.system)
	if o.off {
		taken = fmt.Sprintf("Station %s is off: Timago has taken the command to reset the image of %s, and carries it out when the station is switched on, "+
			"for as long as its server keeps such commands.", o.station.Name, o.system)
	}
	return diag.NewWarningDiagnostic("New images have not started yet",
		taken+" Until the new image has started effective is false and a plan shows a change; applying that resets nothing twice.\n\n"+
			"timago_activation_pool waits for the images of its members. To wait here, set wait_for_image.")
}

// again says what to do about an error that does not know it.
func again(err error) string {
	var adviser tfdiag.Adviser
	if errors.As(err, &adviser) && adviser.Advice() != "" {
		return "" // it is asked
	}
	return "The next plan shows effective = false again, and its apply tries once more."
}

// failure is what could not be commanded, with the option as it was last seen.
func (w desired) failure(err error, seen *outcome) tfdiag.Failure {
	f := tfdiag.Failure{Verb: "switch on", Noun: "KMS activation of station", Name: w.title, Err: err}
	f.Attempted = `The option "KMS-Aktivierung" is to be on, and the image to be made with it.`
	if !w.enabled {
		f.Verb, f.Attempted = "switch off", `The option "KMS-Aktivierung" is to be off.`
	}
	if seen != nil && seen.system != "" {
		f.Attempted += " That of " + seen.system + " was last seen " + onOff(seen.option()) + "."
	}
	if errors.Is(err, context.DeadlineExceeded) && again(err) != "" {
		f.Next = "The time for it ran out: see whether the server is well, or raise timeouts."
	}
	return f
}
