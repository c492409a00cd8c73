package activationpool

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/timago/terraform-provider-timago/internal/activation"
)

// progress logs what happens in a cycle, one readable line a step: Terraform itself shows
// no more than "Still creating...".
func progress(ctx context.Context, pool string) func(activation.Event) {
	return func(e activation.Event) {
		fields := map[string]any{"pool": pool}
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
		tflog.Info(ctx, strings.TrimSpace(e.Station+" "+string(e.Kind)), fields)
	}
}

// account says what was done and last seen.
func account(result activation.Result, a activation.Assessment) string {
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
		said = append(said, "Not licensed:\n"+activation.Listing(a.Unlicensed))
	}
	return strings.Join(said, "\n")
}

// cycleAdvice says what to do about a cycle that did not reach its end.
func cycleAdvice(err error) string {
	var stalled *activation.Stalled
	var sameCMID *activation.SameCMID
	var cancelled *activation.Cancelled
	var noKey *activation.HostWithoutKey
	var outside *activation.OutsideWindow
	switch {
	case errors.As(err, &outside):
		return "Apply again while the window is open, or change maintenance_window. What has been counted stays counted."
	case errors.As(err, &sameCMID):
		return "See in Timago under Stationen > Betriebssystem that the option KMS-Aktivierung is on for these stations, and reset their image: " +
			"the option takes effect only then. Then apply again."
	case errors.As(err, &stalled):
		return "Mend what keeps the stations, add stations to the pool, or raise cycle.max_restarts_per_station; then apply again. " +
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
