package activationpool

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/timago/terraform-provider-timago/internal/activation"
	"github.com/timago/terraform-provider-timago/internal/tfdiag"
)

// convergence is what came of making a pool's thresholds hold.
type convergence struct {
	pool  *model // true also where diags hold an error; nil where nothing was learnt
	known knowledge
	diags diag.Diagnostics
}

// lastLook bounds the read after a cycle was cancelled: Terraform waits for it, and the
// state must be true.
const lastLook = 5 * time.Second

// converge reads the pool, runs a cycle where something is missing, reads back and shows
// what was read.
func (r *Resource) converge(ctx context.Context, plan, state model, known knowledge, timeout time.Duration) convergence {
	done := convergence{known: known}
	name := plan.Name.ValueString()
	failure := tfdiag.Failure{Verb: "activate", Noun: "pool", Name: name}
	if r.site == nil {
		failure.Attempted = "The provider's configuration is not known, so no station can be asked."
		done.diags.Append(failure.Error())
		return done
	}
	p, diags := plan.pool(ctx, state.managed())
	done.diags.Append(diags...)
	if diags.HasError() {
		return done
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	before, diags := read(limited, r.site, p, done.known)
	if diags.HasError() {
		done.diags.Append(diags...)
		return done
	}
	done.known.learn(before.assessment)
	after, result, err := before, activation.Result{}, error(nil)
	if before.assessment.Status != activation.Activated {
		result, err = engine.Run(limited, r.site.At(before.kmsHost), activation.Job{
			Host: before.kmsHost, Members: p.stations, Thresholds: before.assessment.Thresholds(),
			Limits: p.limits, Memory: done.known.Memory, Progress: progress(limited, name),
		})
		done.known.Memory = result.Memory
		after, diags = r.readBack(ctx, limited, p, done.known, before)
		done.known.learn(after.assessment)
	}
	done.diags.Append(diags...)
	done.pool = &plan
	done.diags.Append(done.show(ctx, plan, state, after, result)...)
	if err == nil && !diags.HasError() && after.assessment.Status == activation.Activated {
		return done
	}
	failure.Attempted = account(result, after.assessment)
	failure.Err, failure.Next = err, cycleAdvice(err)
	done.diags.Append(failure.Error())
	return done
}

// readBack looks at the site after a cycle, also after one that was cancelled. Where
// that fails the earlier look stays: it is true of its time.
func (r *Resource) readBack(ctx, limited context.Context, p pool, known knowledge, before reading) (reading, diag.Diagnostics) {
	p.wanted.Settle = 0 // every member has been waited for and asked: what it says now is meant
	p.kmsHost = before.kmsHost
	if limited.Err() != nil {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(context.WithoutCancel(ctx), lastLook)
		defer cancel()
	}
	after, diags := read(limited, r.site, p, known)
	if diags.HasError() {
		return before, diags
	}
	return after, diags
}

// show fills in the plan what was read and done.
func (c convergence) show(ctx context.Context, plan, state model, after reading, result activation.Result) diag.Diagnostics {
	diags := c.pool.show(ctx, after.kmsHost, after.assessment, after.at)
	c.pool.LastCycle = state.LastCycle
	if plan.PlannedRestarts.IsUnknown() {
		c.pool.PlannedRestarts = types.Int64Value(int64(result.Restarts))
	}
	if !result.Started.IsZero() {
		diags.Append(c.pool.showCycle(ctx, result)...)
	}
	return diags
}
