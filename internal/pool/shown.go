package pool

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// Shown is the activation as the site's own management shows it.
type Shown struct {
	KMSHost  string // that the site's images are set to; "" where they find it by DNS
	Products []ShownProduct
}

// ShownProduct is one product's part of it.
type ShownProduct struct {
	Product kms.Product
	Status  Status
}

var errNoCounts = errors.New("no counts are shown by Timago, and without winrm in the provider block Windows cannot be asked")

// readShown takes the status that the site's own management shows: where Windows cannot be
// asked there is nothing better, and there are no counts.
func (d Definition) readShown(ctx context.Context, site Site, names []string, pending map[string]string) (Reading, error) {
	shown, err := site.Shown(ctx)
	if err != nil {
		return Reading{}, &ShownError{Err: err}
	}
	r := Reading{KMSHost: cmp.Or(d.KMSHost, shown.KMSHost), At: time.Now(), ShownOnly: true}
	for _, name := range names {
		r.Members = append(r.Members, Member{Name: name, Pending: pending[name]})
	}
	r.Assessment = Assessment{Status: Activated, Products: map[kms.Product]ProductState{}, Pending: pending}
	for _, product := range shown.Products {
		if state, managed := d.judgeShown(product); managed {
			r.Assessment.Products[product.Product] = state.ProductState
			r.Assessment.Status = worse(r.Assessment.Status, state.status)
		}
	}
	for product, threshold := range d.Wanted.Thresholds {
		if _, shown := r.Assessment.Products[product]; threshold > 0 && !shown {
			r.Assessment.Products[product] = ProductState{Threshold: threshold, Reason: "Timago shows nothing of " + product.Title()}
			r.Assessment.Status = worse(r.Assessment.Status, Unknown)
		}
	}
	if d.EarlyRenewal > 0 {
		r.Renewal.Why = errNoCounts
	}
	if len(r.Assessment.Products) == 0 {
		var why []string
		for _, product := range kms.Products() {
			reason := "Timago shows nothing of " + product.Title()
			if threshold, set := d.Wanted.Thresholds[product]; set && threshold == 0 {
				reason = product.Title() + " is left out by thresholds"
			}
			why = append(why, reason)
		}
		return Reading{}, &ShownError{Err: &NothingLeftError{Why: why}}
	}
	return r, nil
}

type shownState struct {
	ProductState
	status Status
}

// judgeShown judges one product; false where the pool leaves it out.
func (d Definition) judgeShown(product ShownProduct) (shownState, bool) {
	threshold, set := d.Wanted.Thresholds[product.Product]
	if set && threshold == 0 || d.Wanted.leavesOut(product.Product) {
		return shownState{}, false
	}
	if !set {
		threshold = product.Product.Threshold()
	}
	state := shownState{ProductState{Threshold: threshold}, product.Status}
	switch product.Status {
	case Activated:
	case NotActivated:
		state.Reason = "Timago shows: nicht aktiviert"
	case Unknown:
		state.Reason = "Timago shows: unbekannt"
	}
	if threshold > product.Product.Threshold() || d.Wanted.Licensed != (Requirement{}) {
		state.status = worse(state.status, Unknown)
		state.Reason = cmp.Or(state.Reason, "Timago shows neither counts nor who is licensed: whether all holds that is wanted is not known without winrm")
	}
	return state, true
}

// worse is the status of both together: what does not hold weighs more than what is not known.
func worse(x, y Status) Status {
	switch {
	case x == NotActivated || y == NotActivated:
		return NotActivated
	case x == Unknown || y == Unknown:
		return Unknown
	}
	return Activated
}
