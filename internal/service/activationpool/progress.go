package activationpool

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/report"
)

// progress logs what happens in a cycle, one readable line a step: Terraform itself shows
// no more than "Still creating...". The message is for people, the fields for machines:
// in a log's text they come in no order. The section of the report, where there is one, is
// told the same.
func progress(ctx context.Context, name string, targets map[kms.Product]int, section *report.Section) func(outcome.Event) {
	restarted := map[string]time.Time{}
	return func(e outcome.Event) {
		section.Event(e)
		e.Reason = strings.Join(strings.Fields(e.Reason), " ") // an error may have several lines
		fields := map[string]any{"pool": name, "event": string(e.Kind)}
		if e.Station != "" {
			fields["station"] = e.Station
		}
		if e.Product != "" {
			fields["product"] = string(e.Product)
		}
		if e.Reason != "" {
			fields["reason"] = e.Reason
		}
		for product, count := range e.Counts {
			fields[string(product)+"_count"] = count
		}
		message := report.Line(e, targets)
		if e.Kind == outcome.KindRestarting {
			restarted[e.Station] = time.Now()
		}
		if e.Kind == outcome.KindBack {
			message += fmt.Sprintf(" after %.0fs", time.Since(restarted[e.Station]).Seconds())
		}
		tflog.Info(ctx, message, fields)
	}
}
