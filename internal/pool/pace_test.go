package pool

import (
	"testing"
	"time"
)

// A fleet that was given faster disks, or a longer start, must not be waited for by its
// old pace for terms on end.
func TestAPaceFollowsTheStation(t *testing.T) {
	t.Parallel()
	for name, story := range map[string]struct{ before, after time.Duration }{
		"faster": {3 * time.Minute, time.Minute},
		"slower": {time.Minute, 3 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var span Span
			for range 20 {
				span = span.With(story.before)
			}
			if span.Mean != story.before || span.Samples != 20 {
				t.Fatalf("after 20 of %s: %+v", story.before, span)
			}
			for range 5 {
				span = span.With(story.after)
			}
			change := story.after - story.before
			if moved := span.Mean - story.before; moved.Abs() < change.Abs()*3/4 || moved.Abs() > change.Abs() {
				t.Errorf("five restarts after the change by %s its mean has moved by %s", change, moved)
			}
			if span.Deviation < change.Abs()/10 {
				t.Errorf("its deviation of %s says that it was always so", span.Deviation)
			}
		})
	}
}

// The second observation is no truer than the first.
func TestAPaceIsTheMeanOfItsFirstObservations(t *testing.T) {
	t.Parallel()
	var span Span
	for _, observed := range []time.Duration{5 * time.Minute, 3 * time.Minute, time.Minute} {
		span = span.With(observed)
	}
	if span.Mean != 3*time.Minute || span.Samples != 3 {
		t.Errorf("of 5, 3 and 1 minutes: %+v", span)
	}
}
