package activationpool

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/tfdiag"
)

// applyOutcome is what an apply saw and did.
type applyOutcome struct {
	pool          configured
	before, after pool.Reading
	ran           bool // a cycle
	result        outcome.Result
	err           error // the cycle's
	readErr       error // of the read after it: after is then the one before, with the cycle's counts
}

// diagnostics say what was done. The last of them is the apply's result: an error where
// what is wanted does not hold. switchOn says how stations that do not answer come on, ""
// where all do.
func (o applyOutcome) diagnostics(switchOn string) diag.Diagnostics {
	var diags diag.Diagnostics
	if o.readErr != nil {
		diags.Append(readError(o.pool.name, o.readErr))
	}
	if !o.ran && o.after.Holds() {
		return diags
	}
	diags.Append(o.leftOut()...)
	failure := tfdiag.Failure{Verb: "activate", Noun: "pool", Name: o.pool.name, Attempted: o.account(), Err: o.err}
	switch {
	case o.failed():
		failure.Next = o.advice(switchOn)
		diags.Append(failure.Error())
	case o.err != nil:
		failure.Verb, failure.Noun = "ask", "unlicensed members of activation pool"
		diags.Append(failure.Warning())
	default:
		diags.AddWarning("Activation pool "+o.pool.name+" is activated", o.account())
	}
	return diags
}

// failed reports whether what is wanted does not hold, or is not known to. Where all held
// before, no count needed what may have gone wrong since.
func (o applyOutcome) failed() bool {
	return !o.after.Holds() || o.readErr != nil || o.err != nil && !o.before.Holds()
}

// account says what was done and last seen.
func (o applyOutcome) account() string {
	said := []string{o.deeds() + "."}
	for _, product := range o.after.Assessment.Managed() {
		state := o.after.Assessment.Products[product]
		if o.after.ShownOnly {
			said = append(said, product.Title()+": "+cmp.Or(state.Reason, "Timago shows: aktiviert")+".")
			continue
		}
		count := fmt.Sprintf("count %d of %d", value(state.Count), state.Threshold)
		switch {
		case state.Count != nil:
		case o.after.CountsFromClients():
			count = fmt.Sprintf("count not known, %d is to hold", state.Threshold)
		default:
			count = fmt.Sprintf("nothing counted yet, %d is to hold", state.Threshold)
		}
		if o.readErr != nil {
			count += " when last seen"
		}
		said = append(said, fmt.Sprintf("%s: %s, %d of %s licensed.", product.Title(), count, state.Licensed, kms.Plural(state.Members, "member")))
	}
	if unlicensed := o.after.Assessment.Unlicensed; len(unlicensed) > 0 && o.after.Assessment.Missing() == 0 {
		said = append(said, "Not licensed:\n"+pool.ListingByReason(unlicensed))
	}
	return strings.Join(said, "\n")
}

func value(count *int) int {
	if count == nil {
		return 0
	}
	return *count
}

// deeds says what the cycle did.
func (o applyOutcome) deeds() string {
	if !o.ran || o.result.Started.IsZero() {
		return "Nothing was started"
	}
	restarted := 0
	for _, station := range o.result.ByStation {
		if station.Restarts > 0 {
			restarted++
		}
	}
	each := "restart"
	if o.pool.method == resetImage {
		each = "new image"
	}
	deeds := kms.Plural(o.result.Asked+o.result.AskedAfter, "request") + " for activation, " + kms.Plural(o.result.Restarts, each)
	if restarted > 0 {
		deeds += " on " + kms.Plural(restarted, "station")
	}
	if o.result.Unconfirmed > 0 {
		deeds += ", " + kms.Plural(o.result.Unconfirmed, "further "+each) + " commanded and not seen"
	}
	if o.result.Woken > 0 {
		deeds += ", " + kms.Plural(o.result.Woken, "station") + " switched on"
	}
	return deeds + ", in " + o.result.Finished.Sub(o.result.Started).Round(time.Second).String()
}

// leftOut names the members that the cycle left out though something was wanted of them.
// Those that merely did not answer, and those that can never be counted, are told of by
// the readings; an error that lists every station tells it itself.
func (o applyOutcome) leftOut() diag.Diagnostics {
	var stalled *outcome.Stalled
	var sameCMID *outcome.SameCMID
	if errors.As(o.err, &stalled) || errors.As(o.err, &sameCMID) {
		return nil
	}
	left, lost := map[string]string{}, false
	for name, station := range o.result.ByStation {
		silent := slices.Contains(o.after.Assessment.Unreachable, name)
		touched := station.Restarts+station.Unconfirmed > 0 || station.Woken
		_, never := o.before.Assessment.NeverCounts[name]
		if station.Outcome != outcome.LeftOut || never || silent && !touched {
			continue
		}
		left[name] = cmp.Or(station.Reason, notSeenToItsEnd)
		lost = lost || silent
	}
	if len(left) == 0 {
		return nil
	}
	detail := []string{pool.ListingByReason(left)}
	if lost {
		const remedy = "See on the screen of a station that did not come back what keeps it."
		detail = append(detail, remedy)
	}
	return diag.Diagnostics{diag.NewWarningDiagnostic(
		fmt.Sprintf("%d of the %d members of activation pool %s %s left out", len(left), len(o.before.Members), o.pool.name, verb(len(left), "was", "were")),
		strings.Join(append(detail, remedies(left)...), "\n\n"),
	)}
}

const notSeenToItsEnd = "it was not seen to its end"

// remedies are what helps against the codes in reasons, each once.
func remedies(reasons map[string]string) []string {
	var said []string
	for _, name := range slices.Sorted(maps.Keys(reasons)) {
		for _, code := range kms.CodesIn(reasons[name]) {
			if remedy := code.Remedy(); remedy != "" && !slices.Contains(said, remedy) {
				said = append(said, remedy)
			}
		}
	}
	return said
}

// switchOn says how stations that do not answer come on; empty where all do.
func (r *Resource) switchOn(o applyOutcome) string {
	const start = "Switch on the stations that do not answer"
	switch {
	case len(o.after.Assessment.Unreachable) == len(o.after.UnknownNames())+len(o.after.Repeated()):
		return ""
	case !r.site.CanWake(o.pool.broadcast):
		return start + ", or set cycle.wake_broadcast, so that an apply does. "
	case !o.pool.limits.Wake:
		return start + ", or set cycle.wake = true, so that an apply does. "
	}
	return start + ". "
}

// advice says what to do about a cycle that did not reach its end; on is how stations that
// do not answer come on, "" where all do.
func (o applyOutcome) advice(on string) string {
	err := o.err
	var stalled *outcome.Stalled
	var sameCMID *outcome.SameCMID
	var cancelled *outcome.Cancelled
	var noKey *outcome.HostWithoutKey
	var outside *outcome.OutsideWindow
	var capped *outcome.CountCapped
	switch {
	case errors.As(err, &outside):
		return "Apply again while the window is open, or change maintenance_window. What has been counted stays counted."
	case errors.As(err, &sameCMID) && o.pool.method == resetImage:
		return "A new image has shown the id of the old one. See in Timago under Stationen > Betriebssystem that the option KMS-Aktivierung is on for these stations, " +
			"and with whoever makes the image why it keeps its id. Or add members: each counts once."
	case errors.As(err, &sameCMID):
		return "See in Timago under Stationen > Betriebssystem that the option KMS-Aktivierung is on for these stations, and reset their image: " +
			"the option takes effect only then. Then apply again. Or add members: each counts once."
	case errors.As(err, &capped):
		return cappedAdvice(capped)
	case errors.As(err, &stalled):
		return o.stalledAdvice(stalled, on)
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

// stalledAdvice puts first what helps against the codes that the stations gave. More
// restarts of each help only where some have made all that they may.
func (o applyOutcome) stalledAdvice(stalled *outcome.Stalled, on string) string {
	next := on + "Mend what keeps the stations, or add stations to the pool; then apply again. "
	for _, station := range o.result.ByStation {
		if station.Restarts+station.Unconfirmed >= o.pool.limits.MaxRestartsPerStation {
			next = on + "Mend what keeps the stations, add stations to the pool, or raise cycle.max_restarts_per_station; then apply again. "
		}
	}
	advice := append(remedies(stalled.Stations), next+"What has been counted stays counted: only what is missing will be made.")
	return strings.Join(advice, "\n")
}

// cappedAdvice: more restarts do not help.
func cappedAdvice(capped *outcome.CountCapped) string {
	if capped.Ceiling > 0 {
		return fmt.Sprintf("Windows Server is activated from a count of %d on: set thresholds = { %s = %[1]d }. Or add members that run a Windows client.",
			capped.Ceiling/2, capped.Product)
	}
	return fmt.Sprintf("More restarts do not help. See with the data source timago_kms_host what the host counts, and set thresholds = { %s = … } to what it reaches.", capped.Product)
}
