package stationaction

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

func workersOf(n, parallel int) workers {
	c := workers{parallel: parallel, timeout: time.Minute, verb: "paint", doing: "Painting", done: "painted"}
	for i := range n {
		c.stations = append(c.stations, fmt.Sprintf("PC%02d", i+1))
	}
	return c
}

func TestSoManyAreWorkedOnAtOnce(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ stations, parallel, most, minutes int }{{10, 3, 3, 4}, {10, 1, 1, 10}, {3, 10, 3, 1}} {
		synctest.Test(t, func(t *testing.T) {
			var now, most atomic.Int32
			began := time.Now()
			c := workersOf(tt.stations, tt.parallel)
			c.timeout = time.Hour
			outcomes := c.work(t.Context(), func(context.Context, string, say) error {
				most.Store(max(most.Load(), now.Add(1)))
				time.Sleep(time.Minute)
				now.Add(-1)
				return nil
			}, func(string) {})
			if len(outcomes) != tt.stations || int(most.Load()) != tt.most || time.Since(began) != time.Duration(tt.minutes)*time.Minute {
				t.Errorf("%d stations, %d at once, in %s", len(outcomes), most.Load(), time.Since(began))
			}
		})
	}
}

func TestAPersonIsToldWhatGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var messages []string // without a lock: it is appended on this goroutine alone
		outcomes := workersOf(3, 10).work(t.Context(), func(ctx context.Context, station string, say say) error {
			switch station {
			case "PC01":
				say("with %s", "red")
				time.Sleep(45 * time.Second)
				return nil
			case "PC02":
				time.Sleep(time.Second)
				return fmt.Errorf("station PC02: %w", errors.New("it is wet"))
			}
			say("with blue")
			<-ctx.Done()
			return &skipped{ctx.Err()}
		}, func(message string) { messages = append(messages, message) })
		slices.Sort(messages[1:3])
		want := []string{
			"Painting 3 stations, at most 10 at once",
			"PC01: with red", "PC03: with blue",
			"PC02: failed, it is wet (1 of 3)",
			"Still under way after 31s: PC01, PC03",
			"PC01: painted (2 of 3)",
			"PC03: left as it is, context deadline exceeded (3 of 3)",
			"1 of 3 stations painted, 1 left as they are, 1 failed",
		}
		if !slices.Equal(messages, want) {
			t.Errorf("messages:\n%s", strings.Join(messages, "\n"))
		}
		if len(outcomes) != 3 {
			t.Errorf("%v", outcomes)
		}
	})
}

func TestNothingIsBegunAfterCtrlC(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		begun := 0
		outcomes := workersOf(3, 1).work(ctx, func(ctx context.Context, _ string, _ say) error {
			begun++
			cancel()
			<-ctx.Done()
			return ctx.Err()
		}, func(string) {})
		if begun != 1 || !errors.Is(outcomes["PC01"], context.Canceled) || !errors.Is(outcomes["PC02"], errNotBegun) || !errors.Is(outcomes["PC03"], errNotBegun) {
			t.Errorf("%d begun: %v", begun, outcomes)
		}
	})
}

func TestEveryStationIsNamedWithItsReason(t *testing.T) {
	t.Parallel()
	busy := &inUse{user: `SCHULE\erika`}
	for name, tt := range map[string]struct {
		stations int
		outcomes map[string]error
		want     diag.Diagnostics
	}{
		"all is well": {2, map[string]error{"PC01": nil, "PC02": nil}, nil},
		"one of one": {1, map[string]error{"PC01": errors.New("it is wet")}, diag.Diagnostics{
			diag.NewErrorDiagnostic("Unable to paint station PC01", "  - PC01: it is wet"),
		}},
		"two kinds, and one advice of two": {4, map[string]error{"PC01": busy, "PC02": &skipped{busy}, "PC03": busy, "PC04": nil}, diag.Diagnostics{
			diag.NewErrorDiagnostic("Unable to paint 2 of 4 stations", "1 of 4 stations painted, 1 left as they are, 2 failed.\n\n"+
				"  - PC01: it is in use by SCHULE\\erika\n  - PC03: it is in use by SCHULE\\erika\n\n"+busy.Advice()),
			diag.NewWarningDiagnostic("Unable to paint 1 of 4 stations", "1 of 4 stations painted, 1 left as they are, 2 failed.\n\n"+
				"  - PC02: it is in use by SCHULE\\erika\n\n"+busy.Advice()),
		}},
	} {
		if got := workersOf(tt.stations, 1).judge(tt.outcomes); !got.Equal(tt.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestManyNamesAreCutShort(t *testing.T) {
	t.Parallel()
	busy := map[string]bool{}
	for _, name := range workersOf(7, 1).stations {
		busy[name] = true
	}
	if got := short(busy); got != "PC01, PC02, PC03, PC04, PC05 and 2 more" {
		t.Error(got)
	}
}
