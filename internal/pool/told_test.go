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

// toldBy is a request of a product that was answered so long ago.
func toldBy(m pool.Member, product kms.Product, ago time.Duration, code kms.Code, count int) kms.Exchange {
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
	told := pool.CountsTold(t.Context(), logs{
		"PC01": {
			toldBy(a, kms.Windows, 3*time.Hour, kms.CodeOK, 26),
			toldBy(a, kms.Office, time.Hour, kms.CodeIDMismatch, 0), // the host has no key for it
		},
		"PC02": {
			toldBy(b, kms.Windows, 2*time.Hour, kms.CodeNotEnoughCount, 24),
			{Request: kms.Request{Time: b.Station.Now, ActivationID: string(kms.Windows)}}, // the host was not reached
		},
	}, []pool.Member{a, b, silent("PC03"), station("PC04", longUp, windows(kms.Licensed))}, 7*24*time.Hour)
	if count, known := told.Host.Count(kms.Windows); count != 24 || !known || told.Age[kms.Windows] != 2*time.Hour {
		t.Errorf("%d, %t, %v", count, known, told.Age)
	}
	if told.Host.HasKey(kms.Office) {
		t.Error("0xC004F042 passes for a key")
	}
}

func TestAnOldAnswerTellsNothing(t *testing.T) {
	t.Parallel()
	a := station("PC01", longUp, windows(kms.Licensed))
	told := pool.CountsTold(t.Context(), logs{"PC01": {toldBy(a, kms.Windows, 50*time.Hour, kms.CodeOK, 26)}}, []pool.Member{a}, 48*time.Hour)
	if len(told.Host.Products) != 0 {
		t.Errorf("%+v", told)
	}
}
