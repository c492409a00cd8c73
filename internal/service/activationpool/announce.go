package activationpool

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
)

// announce says in one sentence what an apply would do, then why; nothing where there is
// nothing to do.
func announce(p configured, found pool.Reading) diag.Diagnostics {
	asks, restarts := found.Assessment.Asks, found.Restarts()
	if asks+restarts == 0 {
		return nil
	}
	each := "restart"
	if p.method == resetImage {
		each = "new image"
	}
	needs := "about " + kms.Plural(restarts, each) + " on " + kms.Plural(countable(found), "station")
	if restarts == 0 {
		needs = kms.Plural(asks, "request") + " for activation, and no " + each
	}
	return diag.Diagnostics{diag.NewWarningDiagnostic(
		"Activation pool "+p.name+" needs "+needs,
		strings.Join(append([]string{sentence(p.method, asks, restarts)}, reasons(p, found)...), "\n\n"),
	)}
}

// countable is how many members can add to a count, as far as the plan knows: one that can
// never be counted, whose name means no machine or that answers as another does is none.
func countable(found pool.Reading) int {
	n := 0
	for _, m := range found.Members {
		never, nowhere := found.Assessment.NeverCounts[m.Name] != "", errors.Is(m.Err, kms.ErrUnknownName)
		if !never && !nowhere && !errors.As(m.Err, new(*pool.SameMachineError)) {
			n++
		}
	}
	return n
}

// sentence says what an apply would do.
func sentence(how method, asks, restarts int) string {
	ask := fmt.Sprintf("asks %s to activate, which restarts nothing", kms.Plural(asks, "running station"))
	act, again := "restarts stations that nobody uses", "restart"
	if how == resetImage {
		act, again = "has Timago make new images of stations that nobody uses", "new image"
	}
	act += ", until the KMS host's own count shows that the thresholds hold; the host is read again before every " + again
	switch {
	case restarts == 0:
		return "Applying " + ask + "."
	case asks == 0:
		return "Applying " + act + "."
	}
	return "Applying " + ask + ", then " + act + "."
}

// reasons say why, and what stands in the way.
func reasons(p configured, found pool.Reading) []string {
	var why, unset []string
	for _, product := range found.Assessment.Managed() {
		state := found.Assessment.Products[product]
		if state.Reason != "" {
			why = append(why, product.Title()+": "+state.Reason)
		}
		if _, set := p.Wanted.Thresholds[product]; !set {
			unset = append(unset, fmt.Sprintf("%s %d", product.Title(), state.Threshold))
		}
	}
	if found.Renewal.Ready {
		why = append(why, "On "+found.Renewal.Due.Format(time.RFC3339)+" the count falls below a threshold if nobody starts, which is within early_renewal.")
	}
	if len(unset) > 0 {
		why = append(why, "Not set in thresholds: "+strings.Join(unset, ", ")+". What is not set follows from what the members hold and the KMS host has a key for.")
	}
	if p.window != nil && found.Restarts() > 0 {
		if closed, is := p.window.Closed(found.At); is {
			why = append(why, "An apply now would start nothing and fail: "+closed+".")
		}
	}
	return why
}
