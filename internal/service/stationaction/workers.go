package stationaction

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"golang.org/x/sync/errgroup"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/tfdiag"
)

// workers work on stations side by side.
type workers struct {
	stations          []string
	parallel          int
	timeout           time.Duration // for one station
	verb, doing, done string        // "restart", "Restarting", "restarted"
}

// line is what a worker has to say.
type line struct {
	station string
	text    string
	ended   bool
	err     error
}

// stillEvery is how often it is reported that it goes on, where nothing else is.
const stillEvery = 30 * time.Second

var errNotBegun = errors.New("its turn had not come when this was cancelled")

// work gives what came of each station; nil is as wanted. report is called on the caller's
// goroutine alone, with nothing held: Terraform takes a message when it will. When ctx
// ends nothing more is begun.
func (c workers) work(ctx context.Context, on func(ctx context.Context, station string, say say) error, report func(string)) map[string]error {
	report(fmt.Sprintf("%s %s, at most %d at once", c.doing, kms.Plural(len(c.stations), "station"), c.parallel))
	lines := make(chan line)
	go func() {
		defer close(lines)
		var group errgroup.Group
		group.SetLimit(c.parallel)
		for _, station := range c.stations {
			group.Go(func() error {
				err := errNotBegun
				if ctx.Err() == nil {
					err = c.one(ctx, station, on, lines)
				}
				lines <- line{station: station, ended: true, err: err}
				return nil
			})
		}
		_ = group.Wait() // what came of each is in its line
	}()

	began, outcomes, busy := time.Now(), map[string]error{}, map[string]bool{}
	still := time.NewTicker(stillEvery)
	defer still.Stop()
	for {
		select {
		case said, more := <-lines:
			switch {
			case !more:
				report(c.sum(outcomes))
				return outcomes
			case said.ended:
				outcomes[said.station] = said.err
				delete(busy, said.station)
				report(fmt.Sprintf("%s: %s (%d of %d)", said.station, c.ending(said), len(outcomes), len(c.stations)))
			default:
				busy[said.station] = true
				report(said.station + ": " + said.text)
			}
			still.Reset(stillEvery)
		case <-still.C:
			report(fmt.Sprintf("Still under way after %s: %s", time.Since(began).Round(time.Second), short(busy)))
		}
	}
}

func (c workers) one(ctx context.Context, station string, on func(ctx context.Context, station string, say say) error, lines chan<- line) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	return on(ctx, station, func(format string, args ...any) {
		lines <- line{station: station, text: fmt.Sprintf(format, args...)}
	})
}

func (c workers) ending(said line) string {
	var skipped *skipped
	switch {
	case said.err == nil:
		return c.done
	case errors.As(said.err, &skipped):
		return "left as it is, " + reason(said.station, said.err)
	}
	return "failed, " + reason(said.station, said.err)
}

func (c workers) sum(outcomes map[string]error) string {
	failed, left := split(outcomes)
	text := fmt.Sprintf("%d of %s %s", len(outcomes)-len(failed)-len(left), kms.Plural(len(outcomes), "station"), c.done)
	if len(left) > 0 {
		text += fmt.Sprintf(", %d left as they are", len(left))
	}
	if len(failed) > 0 {
		text += fmt.Sprintf(", %d failed", len(failed))
	}
	return text
}

// short names some of many.
func short(busy map[string]bool) string {
	names := slices.Sorted(maps.Keys(busy))
	const most = 5
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

// skipped: a station was left as it is, for a reason that is no failure.
type skipped struct{ reason error }

func (e *skipped) Error() string { return e.reason.Error() }

func (e *skipped) Unwrap() error { return e.reason }

// troubles are reasons by station.
type troubles map[string]error

// Error lists them, one station a line.
func (t troubles) Error() string {
	reasons := make(map[string]string, len(t))
	for station, err := range t {
		reasons[station] = reason(station, err)
	}
	return pool.Listing(reasons)
}

// Advice is what the errors themselves know, each once.
func (t troubles) Advice() string {
	var said []string
	for _, station := range slices.Sorted(maps.Keys(t)) {
		var adviser tfdiag.Adviser
		if errors.As(t[station], &adviser) && adviser.Advice() != "" && !slices.Contains(said, adviser.Advice()) {
			said = append(said, adviser.Advice())
		}
	}
	return strings.Join(said, "\n")
}

// reason is the error without the station's name, which stands before it.
func reason(station string, err error) string {
	return strings.ReplaceAll(err.Error(), "station "+station+": ", "")
}

func split(outcomes map[string]error) (failed, left troubles) {
	failed, left = troubles{}, troubles{}
	for station, err := range outcomes {
		var skipped *skipped
		switch {
		case errors.As(err, &skipped):
			left[station] = err
		case err != nil:
			failed[station] = err
		}
	}
	return failed, left
}

// judge says what did not come out as wanted: an error for all that failed, a warning for
// all that were left as they are.
func (c workers) judge(outcomes map[string]error) diag.Diagnostics {
	failed, left := split(outcomes)
	failure := func(t troubles) tfdiag.Failure {
		if len(c.stations) == 1 {
			return tfdiag.Failure{Verb: c.verb, Noun: "station", Name: c.stations[0], Err: t}
		}
		return tfdiag.Failure{
			Verb: c.verb, Noun: fmt.Sprintf("%d of %s", len(t), kms.Plural(len(c.stations), "station")), Err: t, Attempted: c.sum(outcomes) + ".",
		}
	}
	var diags diag.Diagnostics
	if len(failed) > 0 {
		diags.Append(failure(failed).Error())
	}
	if len(left) > 0 {
		diags.Append(failure(left).Warning())
	}
	return diags
}
