package pool_test

import (
	"context"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
)

// logs are stations' events by station.
type logs map[string][]kms.Exchange

func (l logs) Requests(_ context.Context, station string, _ time.Time) ([]kms.Exchange, error) {
	events, kept := l[station]
	if !kept {
		return nil, kms.ErrDenied
	}
	return events, nil
}

// answered is a request of a product that was answered so long ago.
func answered(m pool.Member, product kms.Product, ago time.Duration, code kms.Code, count int) kms.Exchange {
	at := m.Station.Now.Add(-ago)
	return kms.Exchange{
		Request: kms.Request{Time: at, ActivationID: string(product)},
		Answer:  &kms.Answer{Time: at, Code: code, Count: count},
	}
}

func TestTheNewestAnswerStandsForTheHostsCount(t *testing.T) {
	t.Parallel()
	a := station("PC01", longUp, windows(kms.Licensed), office(kms.Licensed))
	b := station("PC02", longUp, windows(kms.Licensed))
	b.Station.Now = b.Station.Now.Add(10 * time.Hour) // its clock is wrong: ages are its own
	found := pool.CountsFromClients(t.Context(), logs{
		"PC01": {
			answered(a, kms.Windows, 3*time.Hour, kms.CodeOK, 26),
			answered(a, kms.Office, time.Hour, kms.CodeIDMismatch, 0), // the host has no key for it
		},
		"PC02": {
			answered(b, kms.Windows, 2*time.Hour, kms.CodeNotEnoughCount, 24),
			{Request: kms.Request{Time: b.Station.Now, ActivationID: string(kms.Windows)}}, // the host was not reached
		},
	}, []pool.Member{a, b, silent("PC03"), station("PC04", longUp, windows(kms.Licensed))}, 7*24*time.Hour)
	if count, known := found.Host.Count(kms.Windows); count != 24 || !known || found.Age[kms.Windows] != 2*time.Hour {
		t.Errorf("%d, %t, %v", count, known, found.Age)
	}
	if found.Host.HasKey(kms.Office) {
		t.Error("0xC004F042 passes for a key")
	}
}

func TestAnOldAnswerIsLeftOut(t *testing.T) {
	t.Parallel()
	a := station("PC01", longUp, windows(kms.Licensed))
	found := pool.CountsFromClients(t.Context(), logs{"PC01": {answered(a, kms.Windows, 50*time.Hour, kms.CodeOK, 26)}}, []pool.Member{a}, 48*time.Hour)
	if len(found.Host.Products) != 0 {
		t.Errorf("%+v", found)
	}
}

// An answer as old as max_age still stands, one that is older does not.
func TestAnAnswerStandsUntilItIsTooOld(t *testing.T) {
	t.Parallel()
	a := station("PC01", longUp, windows(kms.Licensed))
	for age, stands := range map[time.Duration]bool{48 * time.Hour: true, 48*time.Hour + 1: false} {
		found := pool.CountsFromClients(t.Context(), logs{"PC01": {answered(a, kms.Windows, age, kms.CodeOK, 26)}}, []pool.Member{a}, 48*time.Hour)
		if (len(found.Host.Products) == 1) != stands {
			t.Errorf("after %s: %+v", age, found)
		}
	}
}
