package activationpool

import (
	"cmp"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/report"
	"github.com/timago/terraform-provider-timago/internal/tfdiag"
)

// shownPool is what the report shows of a pool whose cycle begins with these members.
func shownPool(p configured, known privateState, before pool.Reading, members []string) report.Pool {
	shown := report.Pool{
		Name: p.name, Host: before.KMSHost, Targets: before.Targets(), Counts: countsRead(before), Stations: members,
		Titles: map[string]string{}, Usual: map[string]report.Usual{}, StationTimeout: p.limits.StationTimeout,
	}
	for _, m := range before.Members {
		if name := m.Station.Name; name != "" && !strings.EqualFold(kms.HostLabel(m.Name), name) {
			shown.Titles[m.Name] = name
		}
	}
	if p.method == resetImage {
		return shown // what is remembered is what restarts take
	}
	for name, pace := range known.Memory.Paces {
		shown.Usual[name] = report.Usual{Return: pace.Return.Mean, Request: pace.Request.Mean}
	}
	return shown
}

// endSection closes a section of the report. What went wrong with it is no failure of the
// apply.
func endSection(section *report.Section, outcome report.Outcome) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, problem := range section.End(outcome) {
		diags.Append(tfdiag.Failure{Verb: "write", Noun: "report", Err: problem}.Warning())
	}
	return diags
}

// reported is how the apply ended, for the report.
func (o applyOutcome) reported(switchOn string) report.Outcome {
	ended := report.Outcome{Result: o.result, Counts: countsRead(o.after), Holds: !o.failed()}
	if o.failed() {
		ended.Err, ended.Next = cmp.Or(o.err, o.readErr), o.advice(switchOn)
	}
	return ended
}

// countsRead are the counts of a reading; a product of which none was read is missing.
func countsRead(r pool.Reading) map[kms.Product]int {
	counts := map[kms.Product]int{}
	for product, state := range r.Assessment.Products {
		if state.Count != nil {
			counts[product] = *state.Count
		}
	}
	return counts
}
