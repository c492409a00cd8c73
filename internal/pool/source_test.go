package pool_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
)

func TestAHostThatRefusesTheAccountIsKnownByItsClients(t *testing.T) {
	t.Parallel()
	pc01 := station("PC01", longUp, windows(kms.Licensed))
	s := room(pc01)
	s.denied = kms.ErrDenied
	s.answers = map[string][]kms.Exchange{"PC01": {answered(pc01, kms.Windows, time.Hour, kms.CodeOK, 27)}}
	r, err := pool.Read(t.Context(), s, s.names(), pool.Known{})
	if err != nil || !r.CountsFromClients() || r.NoClientCounts() || *r.Assessment.Products[kms.Windows].Count != 27 {
		t.Errorf("%+v, %v", r, err)
	}

	// At night nobody answers. What was known before decides whether the host is to blame.
	s.stations["PC01"] = silent("PC01")
	d := s.names()
	d.KMSHost, d.Wanted.Managed = "kms01", []kms.Product{kms.Windows}
	if _, err := pool.Read(t.Context(), s, d, pool.Known{}); !as[*pool.HostError](err) {
		t.Errorf("a refusal for which nothing speaks: %v", err)
	}
	if r, err := pool.Read(t.Context(), s, d, pool.Known{CountsFromClients: true}); err != nil || !r.NoClientCounts() {
		t.Errorf("%+v, %v", r, err)
	}
}

// A fresh site whose KMS host refuses the account: members hold products, and nothing shows
// the host's key yet. A threshold that is set needs none.
func TestAFreshSiteWhoseHostRefusesTheAccount(t *testing.T) {
	t.Parallel()
	s := room(station("PC01", longUp, windows(kms.OOBGrace)))
	s.denied = kms.ErrDenied
	_, err := pool.Read(t.Context(), s, s.names(), pool.Known{})
	var keys *pool.KeysUnknownError
	if !errors.As(err, &keys) || !slices.Equal(keys.Held, []kms.Product{kms.Windows}) || !errors.Is(keys.HostRefusal, kms.ErrDenied) || errors.Is(err, pool.ErrNoProduct) {
		t.Errorf("%v", err)
	}
	d := s.names()
	d.Wanted.Thresholds = map[kms.Product]int{kms.Windows: 25}
	r, err := pool.Read(t.Context(), s, d, pool.Known{})
	state := r.Assessment.Products[kms.Windows]
	if err != nil || !r.NoClientCounts() || state.Count != nil || r.Assessment.Asks != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	if !strings.Contains(state.Reason, "no member has an answer of the KMS host for Windows yet") || strings.Contains(state.Reason, "has no key") {
		t.Errorf("it says %q", state.Reason)
	}
}

// A host that is not to be asked is not asked. Stations that all refuse the account are no
// stations that are off.
func TestTheStationsAloneAsTheSource(t *testing.T) {
	t.Parallel()
	pc01 := station("PC01", longUp, windows(kms.Licensed))
	s := room(pc01)
	s.answers = map[string][]kms.Exchange{"PC01": {answered(pc01, kms.Windows, time.Hour, kms.CodeOK, 27)}}
	d := s.names()
	d.CountSource = kms.CountStations
	r, err := pool.Read(t.Context(), s, d, pool.Known{})
	if err != nil || r.HostRefusal != nil || *r.Assessment.Products[kms.Windows].Count != 27 || slices.Contains(s.asked, "kms01.schule.example") {
		t.Errorf("%+v, %v, asked %v", r, err, s.asked)
	}
	d.KMSHost, d.Wanted.Managed = "kms01", []kms.Product{kms.Windows}
	s.stations["PC01"] = silent("PC01")
	if r, err := pool.Read(t.Context(), s, d, pool.Known{}); err != nil || !r.NoClientCounts() {
		t.Errorf("off: %+v, %v", r, err)
	}
	s.stations["PC01"] = pool.Member{Err: kms.ErrDenied}
	if _, err := pool.Read(t.Context(), s, d, pool.Known{}); !as[*pool.DeniedError](err) {
		t.Errorf("refused: %v", err)
	}
}
