package pool

import (
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// Renewal says when counts that hold today will not, and what making them anew before
// that takes.
type Renewal struct {
	Due   time.Time // the first moment below a threshold if nobody starts, on the host's clock; zero: not known
	Why   error     // why it is not known
	Ready bool      // it is due within the time asked for, and every threshold holds now
	// Targets are the counts to reach now, so that at the end of that time the thresholds
	// hold still; only products that need it, and only where Ready.
	Targets map[kms.Product]int
	Missing int // the largest number of counts to make for that
}

// RenewalOf forecasts every managed product's count. Where one of them cannot be forecast
// nothing is due for sure. early is how long ahead counts are to be renewed; 0 never.
func RenewalOf(reading HostReading, a Assessment, productOf ProductOf, early time.Duration) Renewal {
	renewal := Renewal{Targets: map[kms.Product]int{}}
	end := reading.Now.Add(early)
	for _, product := range a.Managed() {
		threshold := a.Products[product].Threshold
		forecast, err := ForecastOf(reading, product, productOf)
		if err != nil {
			return Renewal{Why: err}
		}
		due, falls := forecast.Below(threshold)
		if !falls {
			continue
		}
		if renewal.Due.IsZero() || due.Before(renewal.Due) {
			renewal.Due = due
		}
		missing := threshold - forecast.At(end)
		// A host counts no further than to its ceiling: at it a restart shows nothing.
		target := min(reading.ceiling(product, forecast.Count), forecast.Count+missing)
		if missing > 0 && target > forecast.Count {
			renewal.Targets[product] = target
			renewal.Missing = max(renewal.Missing, target-forecast.Count)
		}
	}
	renewal.Ready = early > 0 && a.Missing() == 0 && len(renewal.Targets) > 0
	if !renewal.Ready {
		renewal.Targets, renewal.Missing = nil, 0
	}
	return renewal
}
