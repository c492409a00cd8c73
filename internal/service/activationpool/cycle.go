package activationpool

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/timago/terraform-provider-timago/internal/cycle"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/report"
	"github.com/timago/terraform-provider-timago/internal/site"
	"github.com/timago/terraform-provider-timago/internal/switchoff"
	"github.com/timago/terraform-provider-timago/internal/tfdiag"
)

var errNoImages = errors.New(`cycle.method is "reset_image", and images are reset by Timago alone: set endpoint in the provider block, or leave method out`)

var errNobodyTakesPart = errors.New("no member takes part in the activation yet")

// cycle runs one cycle with the members that take part. Once it runs, its section of the
// report is open.
func (r *Resource) cycle(ctx context.Context, p configured, known *privateState, before pool.Reading) (outcome.Result, *report.Section, error) {
	if before.ShownOnly {
		return outcome.Result{}, nil, &site.NoWinRMError{}
	}
	if p.method == resetImage && !r.site.HasTimago() { // a plan tells it, unless it knew too little
		return outcome.Result{}, nil, errNoImages
	}
	if len(before.Assessment.Products) == 0 {
		return outcome.Result{}, nil, fmt.Errorf("%w:\n%s", errNobodyTakesPart, pool.Listing(before.Assessment.Pending))
	}
	var members []string
	read := map[string]kms.Station{}
	for _, m := range before.Members {
		if m.Pending != "" {
			continue
		}
		members = append(members, m.Name)
		if m.Err == nil {
			read[m.Name] = m.Station
		}
	}
	hosted := r.site.At(before.KMSHost)
	var world cycle.Site = hosted
	if p.limits.Wake && r.site.CanWake(p.broadcast) {
		world = hosted.Waking(p.broadcast, known.MACs)
	}
	section := r.report.Begin(shownPool(p, *known, before, members))
	job := cycle.Job{
		Host: hosted.ID(), Members: members, Read: read, Key: r.keys(ctx), Thresholds: before.Targets(),
		Limits: p.limits, Window: p.window, Progress: progress(ctx, p.name, before.Targets(), section),
	}
	result, err := p.method.makeCounts(r.site.HasTimago(), &known.Memory, func(by method, memory pool.Memory) (outcome.Result, error) {
		job.Memory = memory
		defer func() { job.Read = nil }() // a second cycle finds what the first has left
		if by != resetImage {
			return r.engine.Run(ctx, world, job)
		}
		if p.method == autoMethod {
			tflog.Info(ctx, "a restart brings no new client machine id: images are reset instead", map[string]any{"pool": p.name})
		}
		return r.engine.Run(ctx, hosted.Reimaging(), job)
	})
	return result, section, err
}

// makeCounts runs a cycle by the method, and by images where restarts bring no new ids. What
// is learnt of restarts says nothing of images, nor the other way round: memory is of restarts.
func (m method) makeCounts(canReset bool, memory *pool.Memory, run func(by method, memory pool.Memory) (outcome.Result, error)) (outcome.Result, error) {
	if m == resetImage {
		return run(resetImage, pool.Memory{})
	}
	result, err := run(restart, *memory)
	*memory = result.Memory
	var sameCMID *outcome.SameCMID
	if m == autoMethod && canReset && errors.As(err, &sameCMID) {
		more, err := run(resetImage, pool.Memory{})
		return mergeResults(result, more), err
	}
	return result, err
}

// keys tells pools that they share a station, whatever each calls it.
func (r *Resource) keys(ctx context.Context) func(station string) string {
	return func(station string) string { return r.site.Key(ctx, station) }
}

// switchOff switches off again what the cycle woke, where that is wanted. What it leaves on
// is no failure: no count needs it.
func (r *Resource) switchOff(ctx context.Context, p configured, kmsHost string, result outcome.Result, section *report.Section) diag.Diagnostics {
	if p.after != shutdown {
		return nil
	}
	hosted := r.site.At(kmsHost)
	round := switchoff.Round{
		Ledger: r.engine.Ledger(hosted.ID()), Key: r.keys(ctx), IgnoreUsers: p.limits.IgnoreUsers, Progress: progress(ctx, p.name, nil, section),
	}
	left := round.Woken(ctx, hosted, result)
	if len(left) == 0 {
		return nil
	}
	return diag.Diagnostics{tfdiag.Failure{
		Verb: "switch off", Noun: "stations of activation pool", Name: p.name,
		Attempted: fmt.Sprintf("The cycle woke %d stations, and cycle.after is %q. These were not switched off:\n%s", result.Woken, p.after, pool.Listing(left)),
		Next:      "Switch them off where nobody needs them. Another apply does not: it leaves alone what it did not wake.",
	}.Warning()}
}

// mergeResults is what two cycles of one apply did.
func mergeResults(first, second outcome.Result) outcome.Result {
	second.Started = first.Started
	second.Restarts += first.Restarts
	second.Unconfirmed += first.Unconfirmed
	second.Asked += first.Asked
	second.AskedAfter += first.AskedAfter
	second.Woken += first.Woken
	for name, station := range first.ByStation {
		sum := second.ByStation[name]
		sum.Restarts += station.Restarts
		sum.Unconfirmed += station.Unconfirmed
		sum.Asked += station.Asked
		sum.Counted += station.Counted
		sum.Woken, sum.BootedAfterWake = sum.Woken || station.Woken, sum.BootedAfterWake || station.BootedAfterWake
		second.ByStation[name] = sum
	}
	return second
}
