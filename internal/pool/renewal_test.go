package pool_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
)

// seen is a host whose count of Windows comes from machines that asked so many days ago.
func seen(daysAgo ...int) pool.HostReading {
	now := time.Date(2026, 9, 7, 8, 0, 0, 0, time.UTC)
	reading := pool.HostReading{Host: host(map[kms.Product]int{kms.Windows: len(daysAgo)})}
	reading.Now, reading.Boot = now, now.AddDate(0, -2, 0)
	for i, days := range daysAgo {
		reading.Counted = append(reading.Counted, kms.Counted{
			Time: now.AddDate(0, 0, -days), Threshold: 25, Client: fmt.Sprintf("PC%02d", i), Code: kms.CodeOK,
			CMID: kms.CMID(fmt.Sprintf("00000000-0000-0000-0000-%012d", i+1)), ActivationID: string(kms.Windows),
		})
	}
	return reading
}

func of(n, days int) []int {
	ages := make([]int, n)
	for i := range ages {
		ages[i] = days
	}
	return ages
}

func TestCountsAreRenewedBeforeTheyAreMissed(t *testing.T) {
	t.Parallel()
	const week = 7 * 24 * time.Hour
	room := []pool.Member{station("PC01", longUp, windows(kms.Licensed))}
	for name, tt := range map[string]struct {
		reading pool.HostReading
		early   time.Duration
		due     int // days from now
		ready   bool
		target  int
	}{
		"5 of 27 leave in 5 days":              {seen(append(of(22, 2), of(5, 25)...)...), week, 5, true, 30},
		"5 of 27 leave in 9 days":              {seen(append(of(22, 2), of(5, 21)...)...), week, 9, false, 0},
		"5 of 27 leave in 5 days, nobody asks": {seen(append(of(22, 2), of(5, 25)...)...), 0, 5, false, 0},
		"2 of 27 leave in 5 days: 25 stay":     {seen(append(of(25, 2), of(2, 25)...)...), week, 28, false, 0},
		"it is missed already":                 {seen(of(20, 25)...), week, 0, false, 0},
	} {
		a := assess(t, room, tt.reading.Host, pool.Wanted{}, nil)
		renewal := pool.RenewalOf(tt.reading, a, pool.ProductsHeld(room), tt.early)
		if want := tt.reading.Now.AddDate(0, 0, tt.due); renewal.Why != nil || !renewal.Due.Equal(want) {
			t.Errorf("%s: due %s (%v), want %s", name, renewal.Due, renewal.Why, want)
		}
		if renewal.Ready != tt.ready || renewal.Targets[kms.Windows] != tt.target {
			t.Errorf("%s: ready %t, target %d; want %t, %d", name, renewal.Ready, renewal.Targets[kms.Windows], tt.ready, tt.target)
		}
	}
}

func TestWhatCannotBeForecastIsNotDue(t *testing.T) {
	t.Parallel()
	reading := seen(of(27, 25)...)
	reading.LogErr = kms.ErrDenied
	room := []pool.Member{station("PC01", longUp, windows(kms.Licensed))}
	renewal := pool.RenewalOf(reading, assess(t, room, reading.Host, pool.Wanted{}, nil), pool.ProductsHeld(room), time.Hour)
	var none *pool.NoForecast
	if !errors.As(renewal.Why, &none) || renewal.Ready || !renewal.Due.IsZero() {
		t.Errorf("%+v", renewal)
	}
}
