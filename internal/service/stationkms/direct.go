package stationkms

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/site"
	"github.com/timago/terraform-provider-timago/internal/tfdiag"
)

// adopt looks at a station once, in direct mode. One that does not answer is taken as it
// is called: stations are off at night. Only an account that is refused is an error.
func adopt(ctx context.Context, s *site.Site, w desired, timeout time.Duration) (shown, diag.Diagnostics) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	found, err := fromOutside(ctx, s, w.reference)
	found.id = types.StringValue(strings.ToLower(w.reference))
	found.system = text(w.system)
	if err == nil {
		return found, nil
	}
	if errors.As(err, new(*site.RepeatedError)) {
		return shown{}, diag.Diagnostics{unclear(w.title, err)}
	}
	if errors.Is(err, kms.ErrDenied) || errors.Is(err, context.Canceled) {
		return shown{}, diag.Diagnostics{tfdiag.Failure{
			Verb: "ask", Noun: "station", Name: w.title, Err: err,
			Attempted: "It was asked for its name over WinRM, before it is taken over as it is.",
		}.Error()}
	}
	return found, diag.Diagnostics{silent(w.title, err)}
}

// fromOutside asks Windows for the station's name, and the inventory for the rest.
func fromOutside(ctx context.Context, s *site.Site, station string) (shown, error) {
	listed, err := s.Listed(station)
	found := showing(listed)
	if !errors.Is(err, site.ErrNotFound) {
		return found, err
	}
	presence, err := s.Presence(ctx, station)
	if err == nil {
		found.name = text(presence.Name)
	}
	return found, err
}

// readDirect reads in direct mode. Option and image cannot be seen there.
func (m *model) readDirect(ctx context.Context, s *site.Site) diag.Diagnostics {
	m.Effective = types.BoolNull()
	listed, err := s.Listed(m.Station.ValueString())
	switch {
	case err == nil:
		found := showing(listed)
		m.Name, m.Location, m.ComputerGroup = found.name, found.location, found.group
	case !errors.Is(err, site.ErrNotFound):
		return diag.Diagnostics{unclear(m.title(), err)}
	}
	if !m.Name.IsNull() {
		return nil // a station is not asked twice how it is called
	}
	found, err := fromOutside(ctx, s, m.Station.ValueString())
	if err != nil {
		return diag.Diagnostics{silent(m.title(), err)}
	}
	m.Name = found.name
	return nil
}

// unclear says that it is not known which station is meant.
func unclear(title string, err error) diag.Diagnostic {
	return tfdiag.Failure{Verb: "find", Noun: "station", Name: title, Err: err, Attempted: "It was looked for in the inventory."}.Error()
}

// silent is one warning for all stations that do not answer: the summary is the same.
func silent(title string, err error) diag.Diagnostic {
	return tfdiag.Failure{
		Verb: "reach", Noun: "stations", Err: err,
		Attempted: "Station " + title + " was asked for its name. It takes part as it is configured; what it would have told stays null until it answers.",
	}.Warning()
}

// byHand says what only a person can do in direct mode.
func byHand(title, system string, enabled bool) diag.Diagnostic {
	if system != "" {
		system = " (" + system + ")"
	}
	todo := "switch off the option \"KMS-Aktivierung\"."
	if enabled {
		todo = "switch on the option \"KMS-Aktivierung\" and reset the image: without a new image the option has no effect."
	}
	// One summary for all stations, which the CLI then shows as one warning.
	return diag.NewWarningDiagnostic("KMS-Aktivierung is to be set in Timago's own window",
		"Station "+title+system+": in Timago, under Stationen > Betriebssystem, "+todo+
			"\n\nIn direct mode the provider reaches Windows and not Timago: it cannot do that, nor see whether it is done. "+
			"timago_activation_pool shows whether it took effect.")
}
