package evidence

import (
	"maps"
	"slices"
	"strings"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// Refusals are the licences of a station that were refused for good, by id, with the reason.
// The next licence of the product is asked instead. The zero Refusals are none.
type Refusals struct{ reasons map[string]string }

// PutAside has a licence asked no more.
func (r *Refusals) PutAside(licence, reason string) {
	if r.reasons == nil {
		r.reasons = map[string]string{}
	}
	r.reasons[licence] = reason
}

// Askable are those of the licences that Activate may be called on.
func (r *Refusals) Askable(licences []kms.Licence) []kms.Licence {
	var askable []kms.Licence
	for _, l := range licences {
		if l.CanAsk() && r.reasons[l.ID] == "" {
			askable = append(askable, l)
		}
	}
	return askable
}

// CanAdd reports whether a start can add to the count: some licence counts and was not
// refused.
func (r *Refusals) CanAdd(licences []kms.Licence) bool {
	return slices.ContainsFunc(licences, func(l kms.Licence) bool { return l.NeverCounts() == "" && r.reasons[l.ID] == "" })
}

// Of says how those among the licences were refused; empty where none was.
func (r *Refusals) Of(licences []kms.Licence) string {
	var why []string
	for _, id := range slices.Sorted(maps.Keys(r.reasons)) {
		for _, l := range licences {
			if l.ID == id {
				why = append(why, l.Name+": "+r.reasons[id])
			}
		}
	}
	return strings.Join(why, "; ")
}
