package activationpool

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/timago/terraform-provider-timago/internal/cycle"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/report"
	"github.com/timago/terraform-provider-timago/internal/site"
	"github.com/timago/terraform-provider-timago/internal/tfdiag"
)

// outcome is what came of making a pool's thresholds hold.
type outcome struct {
	pool  *model // true also where diags hold an error; nil where nothing was learnt
	known privateState
	diags diag.Diagnostics
}

// lastLook bounds the read after a cycle was cancelled: Terraform waits for it, and the
// state must be true.
const lastLook = 5 * time.Second

// converge reads the pool, runs a cycle where something is missing, reads back and shows
// what was read.
func (r *Resource) converge(ctx context.Context, plan, state model, known privateState, timeout time.Duration) outcome {
	done := outcome{known: known}
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

	if err := r.awaitImages(limited, p); err != nil {
		failure.Attempted, failure.Err = "The members' images were waited for.", err
		done.diags.Append(failure.Error())
		return done
	}
	before, diags := r.read(limited, p, done.known, true)
	if diags.HasError() {
		done.diags.Append(diags...)
		return done
	}
	done.known.remember(before)
	done.known.MACs = r.collectMACs(limited, before.Members, done.known.MACs)
	after, result, err := before, cycle.Result{}, error(nil)
	var section *report.Section
	if !before.Holds() {
		result, section, err = r.cycle(limited, p, &done.known, before)
		after, diags = r.readBack(ctx, limited, p, done.known, before)
		done.known.remember(after)
		done.diags.Append(r.switchOff(limited, p, before.KMSHost, result, section)...)
	}
	done.diags.Append(diags...)
	done.pool = &plan
	done.diags.Append(done.show(ctx, state, before, after, result)...)
	if err == nil && !diags.HasError() && after.Holds() {
		done.diags.Append(endSection(section, report.Outcome{Result: result, Counts: countsRead(after), Holds: true})...)
		return done
	}
	failure.Attempted = account(result, after.Assessment)
	on := ""
	if len(after.Assessment.Unreachable) > 0 {
		on = switchOn(p, r.site)
	}
	failure.Err, failure.Next = err, cycleAdvice(err, on)
	done.diags.Append(failure.Error())
	done.diags.Append(endSection(section, report.Outcome{Result: result, Counts: countsRead(after), Err: err, Next: failure.Next})...)
	return done
}

var errNoImages = errors.New(`cycle.method is "reset_image", and images are reset by Timago alone: set endpoint in the provider block, or leave method out`)

var errNobodyTakesPart = errors.New("no member takes part in the activation yet")

// cycle runs one cycle with the members that take part. Once it runs, its section of the
// report is open.
func (r *Resource) cycle(ctx context.Context, p configured, known *privateState, before pool.Reading) (cycle.Result, *report.Section, error) {
	if before.ShownOnly {
		return cycle.Result{}, nil, &site.NoWinRMError{}
	}
	if p.method == resetImage && !r.site.HasTimago() { // a plan tells it, unless it knew too little
		return cycle.Result{}, nil, errNoImages
	}
	if len(before.Assessment.Products) == 0 {
		return cycle.Result{}, nil, fmt.Errorf("%w:\n%s", errNobodyTakesPart, pool.Listing(before.Assessment.Pending))
	}
	var members []string
	for _, m := range before.Members {
		if m.Pending == "" {
			members = append(members, m.Name)
		}
	}
	hosted := r.site.At(before.KMSHost)
	var world cycle.Site = hosted
	if p.limits.Wake && r.site.CanWake(p.broadcast) {
		world = hosted.Waking(p.broadcast, known.MACs)
	}
	section := r.report.Begin(shownPool(p, *known, before, members))
	job := cycle.Job{
		Host: hosted.ID(), Members: members, Key: r.keys(ctx), Thresholds: before.Targets(),
		Limits: p.limits, Window: p.window, Memory: known.Memory, Progress: progress(ctx, p.name, before.Targets(), section),
	}
	if p.method == resetImage {
		// What is learnt of images is not what restarts take.
		job.Memory = pool.Memory{}
		result, err := r.engine.Run(ctx, hosted.Reimaging(), job)
		return result, section, err
	}
	result, err := r.engine.Run(ctx, world, job)
	known.Memory = result.Memory
	var sameCMID *cycle.SameCMID
	if p.method == autoMethod && r.site.HasTimago() && errors.As(err, &sameCMID) {
		tflog.Info(ctx, "a restart brings no new client machine id: images are reset instead", map[string]any{"pool": p.name})
		job.Memory = pool.Memory{}
		more, err := r.engine.Run(ctx, hosted.Reimaging(), job)
		return mergeResults(result, more), section, err
	}
	return result, section, err
}

// keys tells pools that they share a station, whatever each calls it.
func (r *Resource) keys(ctx context.Context) func(station string) string {
	return func(station string) string { return r.site.Key(ctx, station) }
}

// switchOff switches off again what the cycle woke, where that is wanted. What it leaves on
// is no failure: no count needs it.
func (r *Resource) switchOff(ctx context.Context, p configured, kmsHost string, result cycle.Result, section *report.Section) diag.Diagnostics {
	if p.after != shutdown {
		return nil
	}
	hosted := r.site.At(kmsHost)
	left := r.engine.SwitchOff(ctx, hosted, cycle.Job{Host: hosted.ID(), Key: r.keys(ctx), Limits: p.limits, Progress: progress(ctx, p.name, nil, section)}, result)
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
func mergeResults(first, second cycle.Result) cycle.Result {
	second.Started = first.Started
	second.Restarts += first.Restarts
	second.Asked += first.Asked
	second.Woken += first.Woken
	for name, station := range first.ByStation {
		sum := second.ByStation[name]
		sum.Restarts += station.Restarts
		sum.Woken, sum.BootedAfterWake = sum.Woken || station.Woken, sum.BootedAfterWake || station.BootedAfterWake
		second.ByStation[name] = sum
	}
	return second
}

// collectMACs completes the MAC addresses with those of members that answer now: one that is
// off later can be woken only if it was asked before. Timago needs none, and what the
// inventory tells is not asked for.
func (r *Resource) collectMACs(ctx context.Context, members []pool.Member, known map[string]string) map[string]string {
	if r.site.HasTimago() {
		return known
	}
	var (
		mu     sync.Mutex
		asking sync.WaitGroup
		cards  = map[string]string{}
	)
	maps.Copy(cards, known)
	for _, m := range members {
		listed, _ := r.site.Listed(m.Name)
		if m.Err != nil || known[m.Name] != "" || listed.MAC != "" {
			continue
		}
		asking.Go(func() {
			if mac, err := r.site.MAC(ctx, m.Name); err == nil && mac != "" {
				mu.Lock()
				defer mu.Unlock()
				cards[m.Name] = mac
			}
		})
	}
	asking.Wait()
	return cards
}

// Pauses between looks at images that are being made, which takes minutes.
const (
	firstImageLook = time.Second
	lastImageLook  = 15 * time.Second
)

// awaitImages waits until every member's image carries the option, all together, so that
// a classroom's images are made side by side. It gives up on the rest when that takes
// longer than station_timeout: they are then left out. Members whose option is off are not waited for.
func (r *Resource) awaitImages(ctx context.Context, p configured) error {
	if !r.site.HasTimago() {
		return nil
	}
	names := p.stations
	if p.location != "" {
		var err error
		if names, err = r.site.InLocation(ctx, p.location); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, p.limits.StationTimeout)
	defer cancel()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for pause := firstImageLook; ; pause = min(2*pause, lastImageLook) {
		select {
		case <-ctx.Done():
			return nil // what is still pending is seen by the read that follows
		case <-timer.C:
		}
		parts, err := r.site.Parts(ctx, names, true)
		if err != nil && ctx.Err() == nil {
			return err
		}
		names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return parts[name] != site.ImagePending })
		if len(names) == 0 {
			return nil
		}
		tflog.Info(ctx, "waiting for images", map[string]any{"pool": p.name, "stations": names})
		timer.Reset(pause)
	}
}

// readBack looks at the site after a cycle, also after one that was cancelled. Where
// that fails the earlier look stays: it is true of its time.
func (r *Resource) readBack(ctx, limited context.Context, p configured, known privateState, before pool.Reading) (pool.Reading, diag.Diagnostics) {
	p.wanted.Settle = 0 // every member has been waited for and asked: what it says now is meant
	p.kmsHost = before.KMSHost
	if limited.Err() != nil {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(context.WithoutCancel(ctx), lastLook)
		defer cancel()
	}
	after, diags := r.read(limited, p, known, true)
	if diags.HasError() {
		return before, diags
	}
	return after, diags
}

// show fills in the plan what was read and done.
func (c outcome) show(ctx context.Context, state model, before, after pool.Reading, result cycle.Result) diag.Diagnostics {
	diags := c.pool.show(ctx, after)
	if after.NoClientCounts() { // no count was read: what was last known stands, and it is old
		c.pool.Status = types.StringValue(string(pool.Unknown))
		c.pool.CheckedAt, c.pool.RenewalDue = state.CheckedAt, state.RenewalDue
		c.pool.Windows, c.pool.Office = state.Windows, state.Office
	}
	c.pool.LastCycle = state.LastCycle
	if c.pool.PlannedRestarts.IsUnknown() {
		c.pool.PlannedRestarts = types.Int64Value(int64(before.Restarts()))
	}
	if !result.Started.IsZero() {
		diags.Append(c.pool.showCycle(ctx, result)...)
	}
	return diags
}
