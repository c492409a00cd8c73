package activationpool

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/timago/terraform-provider-timago/internal/cycle"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/site"
)

// progress logs what happens in a cycle, one readable line a step: Terraform itself shows
// no more than "Still creating...". The message is for people, the fields for machines:
// in a log's text they come in no order.
func progress(ctx context.Context, name string, targets map[kms.Product]int) func(cycle.Event) {
	restarted := map[string]time.Time{}
	return func(e cycle.Event) {
		e.Reason = strings.Join(strings.Fields(e.Reason), " ") // an error may have several lines
		fields := map[string]any{"pool": name, "event": string(e.Kind)}
		if e.Station != "" {
			fields["station"] = e.Station
		}
		if e.Product != "" {
			fields["product"] = string(e.Product)
		}
		if e.Reason != "" {
			fields["reason"] = e.Reason
		}
		for product, count := range e.Counts {
			fields[string(product)+"_count"] = count
		}
		message := line(e, targets)
		if e.Kind == cycle.KindRestarting {
			restarted[e.Station] = time.Now()
		}
		if e.Kind == cycle.KindBack {
			message += fmt.Sprintf(" after %.0fs", time.Since(restarted[e.Station]).Seconds())
		}
		tflog.Info(ctx, message, fields)
	}
}

// line says in one line what happened.
func line(e cycle.Event, targets map[kms.Product]int) string {
	of := ""
	if e.Product != "" {
		of = " for " + e.Product.Title()
	}
	because := ""
	if e.Reason != "" {
		because = ": " + e.Reason
	}
	switch e.Kind {
	case cycle.KindCounts:
		return "counts: " + countsOf(e.Counts, targets)
	case cycle.KindReached:
		return "every threshold holds: " + countsOf(e.Counts, targets)
	case cycle.KindAsked:
		return e.Station + " was asked to activate " + e.Product.Title()
	case cycle.KindCounted:
		return e.Station + " was counted" + of
	case cycle.KindWoken:
		return "switching on " + e.Station
	case cycle.KindRestarting:
		return "restarting " + e.Station
	case cycle.KindBack:
		return e.Station + " is back"
	case cycle.KindInUse:
		return e.Station + " is left for later" + because
	case cycle.KindLeftOut:
		return e.Station + " is left out" + of + because
	case cycle.KindSwitchedOff:
		return "switching off " + e.Station
	case cycle.KindLeftOn:
		return e.Station + " stays on" + because
	case cycle.KindHostSilent:
		return "the KMS host could not be read and is asked again" + because
	case cycle.KindWaiting:
		return "waiting" + because
	}
	return string(e.Kind) + because
}

// countsOf shows counts: "Windows 22 of 25, Office 3 of 5".
func countsOf(counts, targets map[kms.Product]int) string {
	var shown []string
	for _, product := range kms.Products() {
		if count, managed := counts[product]; managed {
			shown = append(shown, fmt.Sprintf("%s %d of %d", product.Title(), count, targets[product]))
		}
	}
	return strings.Join(shown, ", ")
}

// account says what was done and last seen.
func account(result cycle.Result, a pool.Assessment) string {
	said := []string{fmt.Sprintf("%d requests for activation were commanded and %d restarts were made.", result.Asked, result.Restarts)}
	for _, product := range a.Managed() {
		state := a.Products[product]
		count := "none yet"
		if state.Count != nil {
			count = fmt.Sprint(*state.Count)
		}
		said = append(said, fmt.Sprintf("%s: count %s of %d, %d of %d members licensed.",
			product.Title(), count, state.Threshold, state.Licensed, state.Members))
	}
	if len(a.Unlicensed) > 0 && a.Missing() == 0 {
		said = append(said, "Not licensed:\n"+pool.Listing(a.Unlicensed))
	}
	return strings.Join(said, "\n")
}

// switchOn says how stations that do not answer come on.
func switchOn(p configured, s *site.Site) string {
	const start = "Switch on the stations that do not answer"
	switch {
	case !s.CanWake(p.broadcast):
		return start + ", or set cycle.wake_broadcast, so that an apply does. "
	case !p.limits.Wake:
		return start + ", or set cycle.wake = true, so that an apply does. "
	}
	return start + ". "
}

// cycleAdvice says what to do about a cycle that did not reach its end; on is how stations
// that do not answer come on, "" where all do.
func cycleAdvice(err error, on string) string {
	var stalled *cycle.Stalled
	var sameCMID *cycle.SameCMID
	var cancelled *cycle.Cancelled
	var noKey *cycle.HostWithoutKey
	var outside *cycle.OutsideWindow
	switch {
	case errors.As(err, &outside):
		return "Apply again while the window is open, or change maintenance_window. What has been counted stays counted."
	case errors.As(err, &sameCMID):
		return "See in Timago under Stationen > Betriebssystem that the option KMS-Aktivierung is on for these stations, and reset their image: " +
			"the option takes effect only then. Then apply again."
	case errors.As(err, &stalled):
		return on + "Mend what keeps the stations, add stations to the pool, or raise cycle.max_restarts_per_station; then apply again. " +
			"What has been counted stays counted: only what is missing will be made."
	case errors.As(err, &cancelled) && errors.Is(err, context.DeadlineExceeded):
		return "Raise timeouts.create and timeouts.update, or apply again: it goes on from what has been counted."
	case errors.As(err, &cancelled):
		return "Apply again: it goes on from what has been counted, and waits for stations that are still starting."
	case errors.As(err, &noKey):
		return fmt.Sprintf("Install the KMS host key for %s there, or leave the product out with thresholds = { %s = 0 }.",
			noKey.Product.Title(), string(noKey.Product))
	case err == nil:
		return "Apply again. Members that stay unlicensed say why in unlicensed."
	}
	return ""
}
