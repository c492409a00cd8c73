package cycle_test

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/timago/terraform-provider-timago/internal/cycle"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// playWide runs the scenario and judges it by the promises about open sets.
func (s scenario) playWide(t interface{ Fatal(...any) }) *promises {
	time.Sleep(s.Begins)
	job := s.job()
	base := newInvariantChecker(job, s.Window)
	p, err := newPromises(base, s)
	if err != nil {
		t.Fatal(err)
	}
	site, err := world.New(s.Site, world.Options{Speed: 1, Observe: p.observe})
	if err != nil {
		t.Fatal(err)
	}
	base.world, base.twin = site, s.Twin
	for _, described := range s.Site.Stations {
		job.Members = append(append(job.Members, described.Name), described.Aliases...)
	}
	defer time.Sleep(2 * time.Minute) // calls that did not end with their context
	w := wideRun{
		scenario: s, base: base, p: p, job: job,
		site: &fakeSite{World: site, latency: s.Latency, notice: s.Notice, late: s.Late, watch: base},
	}
	w.job.Read = s.readBefore(w.watched(0), job.Members)
	p.startsNow()
	switch {
	case s.Twin:
		w.twins()
	case s.Resume:
		w.resumed()
	default:
		w.job.Progress = p.said
		result, err := w.run(w.watched(0), w.limit(), w.job)
		base.ended()
		p.end(result, err)
	}
	return p
}

// wideRun is a run of a scenario by one cycle, by one after the other, or by two at once.
type wideRun struct {
	scenario scenario
	base     *invariantChecker
	p        *promises
	job      cycle.Job
	site     *fakeSite
	engine   cycle.Engine
}

func (w *wideRun) limit() time.Duration {
	if w.scenario.Cancel > 0 {
		return w.scenario.Cancel
	}
	return 6 * time.Hour
}

// watched is the site with somebody who holds every call against the promises.
func (w *wideRun) watched(by int) cycle.Site {
	if w.scenario.Limits.Wake {
		return wakingRecorder{recorder{w.site, w.p, by}, wakeableSite{w.site}}
	}
	return recorder{w.site, w.p, by}
}

func (w *wideRun) run(site cycle.Site, limit time.Duration, job cycle.Job) (outcome.Result, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	w.base.mu.Lock()
	w.base.cancelled = time.Now().Add(limit)
	w.base.mu.Unlock()
	return w.engine.Run(ctx, site, job)
}

// twins has each half of the members in a pool of its own. What one of them ends with the
// other may know better: they are held to what they do, and to what they say of restarts.
func (w *wideRun) twins() {
	half := len(w.job.Members) / 2
	first, second := w.job, w.job
	first.Members, second.Members = w.job.Members[:half], w.job.Members[half:]
	first.Progress, second.Progress = w.p.said, w.p.said
	w.base.limits.MaxParallel *= 2
	limit := w.limit()
	type ended struct {
		result outcome.Result
		err    error
	}
	other := make(chan ended)
	go func() {
		result, err := w.run(w.watched(0), limit, first)
		other <- ended{result, err}
	}()
	result, err := w.run(w.watched(1), limit, second)
	o := <-other
	w.base.ended()
	maps.Copy(result.ByStation, o.result.ByStation)
	result.Restarts += o.result.Restarts
	result.Unconfirmed += o.result.Unconfirmed
	defer w.p.know("")()
	for _, err := range []error{err, o.err} {
		w.p.judgeKind(err)
	}
	w.p.judgeCredits(result)
	if result.Restarts > w.base.started || w.base.started > result.Restarts+result.Unconfirmed {
		w.p.breach("A19", "%d restarts are reported, and %d that may have been made: %d were", result.Restarts, result.Unconfirmed, w.base.started)
	}
	w.judgeOvershoot(0)
}

// resumed kills a first run in the middle. What it had under way may be made once more, and
// nothing else.
func (w *wideRun) resumed() {
	w.job.Progress = w.p.said
	_, _ = w.run(w.watched(0), w.scenario.Cancel, w.job)
	underWay := 0
	w.base.mu.Lock()
	for _, products := range w.base.underWay {
		if len(products) > 0 {
			underWay++
		}
	}
	w.base.mu.Unlock()
	time.Sleep(time.Second)
	w.base.again()
	w.base.mu.Lock()
	clear(w.base.underWay) // held against the count in the end
	clear(w.base.leftOut)
	clear(w.base.leftOutFor)
	w.base.mu.Unlock()
	var site cycle.Site = w.site // the promises judge one cycle
	if w.scenario.Limits.Wake {
		site = wakeableSite{w.site}
	}
	w.engine = cycle.Engine{}
	w.job.Progress = func(e outcome.Event) {
		e.Station = w.base.machine(e.Station)
		w.base.progress(e)
	}
	_, err := w.run(site, 6*time.Hour, w.job)
	w.base.ended()
	defer w.p.know("")()
	w.p.judgeKind(err)
	w.judgeOvershoot(underWay)
}

// judgeOvershoot holds the last count against what was wanted, where nobody else moves it.
func (w *wideRun) judgeOvershoot(underWay int) {
	s := w.scenario
	if len(s.Site.Traffic) > 0 || len(w.job.Thresholds) > 1 || len(s.Site.Faults) > 0 || s.Site.Host.Forgets || s.Site.Host.Denied {
		return
	}
	keeps := slices.ContainsFunc(s.Site.Stations, func(d world.Station) bool { return d.Image.KeepsCMID })
	wanted := max(w.job.Thresholds[kms.Windows], w.base.first[kms.Windows])
	// A member that could not be reached may ask by itself, as Windows does every two hours.
	if count := w.p.counts[kms.Windows]; count > wanted+underWay+w.p.unprompted && w.base.started > 0 && !keeps {
		w.p.breach("A1", "the count stands at %d after %d restarts, %d was wanted, and %d were under way in between", count, w.base.started, wanted, underWay)
	}
}
