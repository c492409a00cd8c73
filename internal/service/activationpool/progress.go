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
	"github.com/timago/terraform-provider-timago/internal/report"
	"github.com/timago/terraform-provider-timago/internal/site"
)

// progress logs what happens in a cycle, one readable line a step: Terraform itself shows
// no more than "Still creating...". The message is for people, the fields for machines:
// in a log's text they come in no order. The section of the report, where there is one, is
// told the same.
func progress(ctx context.Context, name string, targets map[kms.Product]int, section *report.Section) func(cycle.Event) {
	restarted := map[string]time.Time{}
	return func(e cycle.Event) {
		section.Event(e)
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
		message := report.Line(e, targets)
		if e.Kind == cycle.KindRestarting {
			restarted[e.Station] = time.Now()
		}
		if e.Kind == cycle.KindBack {
			message += fmt.Sprintf(" after %.0fs", time.Since(restarted[e.Station]).Seconds())
		}
		tflog.Info(ctx, message, fields)
	}
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
