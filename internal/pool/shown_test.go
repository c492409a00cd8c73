package pool_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
)

func TestWithoutWindowsTimagosOwnStatusIsTaken(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		windows, office pool.Status
		change          func(*pool.Definition)
		want            pool.Status
		says            string // of Windows
	}{
		"both activated":       {pool.Activated, pool.Activated, nil, pool.Activated, ""},
		"one is not":           {pool.NotActivated, pool.Activated, nil, pool.NotActivated, "nicht aktiviert"},
		"one is not known":     {pool.Unknown, pool.Activated, nil, pool.Unknown, "unbekannt"},
		"unknown, and one not": {pool.Unknown, pool.NotActivated, nil, pool.NotActivated, "unbekannt"},
		"one that is left out": {pool.Activated, pool.NotActivated, func(d *pool.Definition) { d.Wanted.Thresholds = map[kms.Product]int{kms.Office: 0} }, pool.Activated, ""},
		"more than Microsoft asks": {
			pool.Activated, pool.Activated, func(d *pool.Definition) { d.Wanted.Thresholds = map[kms.Product]int{kms.Windows: 30} }, pool.Unknown, "neither counts",
		},
		"licensed members wanted": {pool.Activated, pool.Activated, func(d *pool.Definition) { d.Wanted.Licensed.All = true }, pool.Unknown, "who is licensed"},
	} {
		s := room(station("PC01", longUp))
		s.noWinRM = true
		s.shown = pool.Shown{KMSHost: "kms09", Products: []pool.ShownProduct{{Product: kms.Windows, Status: tt.windows}, {Product: kms.Office, Status: tt.office}}}
		d := s.names()
		if tt.change != nil {
			tt.change(&d)
		}
		r, err := pool.Read(t.Context(), s, d, pool.Known{})
		windows := r.Assessment.Products[kms.Windows]
		if err != nil || r.Assessment.Status != tt.want || !r.ShownOnly || r.KMSHost != "kms09" || windows.Count != nil || !strings.Contains(windows.Reason, tt.says) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
		if len(s.asked) > 0 {
			t.Errorf("%s: asked %v", name, s.asked)
		}
	}
}

// A threshold that is set is shown also where Timago shows nothing of the product.
func TestTimagoShowsNothingOfAProductThatIsWanted(t *testing.T) {
	t.Parallel()
	s := room(station("PC01", longUp))
	s.noWinRM, s.shown = true, pool.Shown{Products: []pool.ShownProduct{{Product: kms.Windows, Status: pool.Activated}}}
	d := s.names()
	d.Wanted.Thresholds = map[kms.Product]int{kms.Office: 5}
	r, err := pool.Read(t.Context(), s, d, pool.Known{})
	if state := r.Assessment.Products[kms.Office]; err != nil || r.Assessment.Status != pool.Unknown || state.Threshold != 5 || state.Reason == "" {
		t.Errorf("%+v, %v", r.Assessment, err)
	}
}

// Where nothing is left to be judged that is an error, with what became of each product.
func TestTimagoShowsNothingThatIsWanted(t *testing.T) {
	t.Parallel()
	s := room(station("PC01", longUp))
	s.noWinRM = true
	d := s.names()
	d.Wanted.Thresholds = map[kms.Product]int{kms.Office: 0}
	_, err := pool.Read(t.Context(), s, d, pool.Known{})
	var nothing *pool.NothingLeftError
	if !errors.As(err, &nothing) || len(nothing.Why) != 2 || nothing.Why[0] != "Timago shows nothing of Windows" || nothing.Why[1] != "Office is left out by thresholds" {
		t.Errorf("%v", err)
	}
}
