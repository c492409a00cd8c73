package winrm

import (
	"context"
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// overdue is a context whose deadline has passed, and which has not noticed it yet.
type overdue struct{ context.Context } //nolint:containedctx // it is a context

func (overdue) Deadline() (time.Time, bool) { return time.Now(), true }

// Whose time it was that ran out decides what is advised: a caller's is raised, a machine that
// gave no answer is looked after.
func TestADeadlineThatAConnectionSawFirst(t *testing.T) {
	t.Parallel()
	for ctx, callers := range map[context.Context]bool{t.Context(): false, overdue{t.Context()}: true} {
		err := connectionError(ctx, target{}, os.ErrDeadlineExceeded, false)
		if errors.Is(err, context.DeadlineExceeded) != callers {
			t.Errorf("the caller's time is over: %t: %v", callers, err)
		}
	}
}

// Who asked finds its context ended where the error says so.
func TestAContextThatNoticesItsDeadlineLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		late, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if err := connectionError(overdue{late}, target{}, os.ErrDeadlineExceeded, false); !errors.Is(err, context.DeadlineExceeded) || late.Err() == nil {
			t.Errorf("%v, and the context: %v", err, late.Err())
		}
	})
}
