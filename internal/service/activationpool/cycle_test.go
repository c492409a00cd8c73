package activationpool

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/pool"
)

// Restarts and images do not learn from each other: an image that is known to keep its id is
// tried on one station first, whatever restarts once brought.
func TestWhatIsLearntOfRestartsSaysNothingOfImages(t *testing.T) {
	t.Parallel()
	remembered, learnt := pool.Memory{Proof: time.Unix(1, 0)}, pool.Memory{Proof: time.Unix(2, 0)}
	same := &outcome.SameCMID{Station: "PC01"}
	type ran struct {
		by     method
		memory pool.Memory
	}
	for name, tt := range map[string]struct {
		method   method
		canReset bool
		err      error // of restarts
		runs     []ran
		keeps    pool.Memory
		ends     error
	}{
		"images alone":                   {method: resetImage, canReset: true, runs: []ran{{by: resetImage}}, keeps: remembered},
		"restarts that bring new ids":    {method: autoMethod, canReset: true, runs: []ran{{restart, remembered}}, keeps: learnt},
		"restarts that bring none":       {method: autoMethod, canReset: true, err: same, runs: []ran{{restart, remembered}, {by: resetImage}}, keeps: learnt},
		"… and no Timago":                {method: autoMethod, err: same, runs: []ran{{restart, remembered}}, keeps: learnt, ends: same},
		"… and images are not wanted":    {method: restart, canReset: true, err: same, runs: []ran{{restart, remembered}}, keeps: learnt, ends: same},
		"restarts that end in other way": {method: autoMethod, canReset: true, err: errNoImages, runs: []ran{{restart, remembered}}, keeps: learnt, ends: errNoImages},
	} {
		var runs []ran
		memory := remembered
		_, err := tt.method.makeCounts(tt.canReset, &memory, func(by method, with pool.Memory) (outcome.Result, error) {
			runs = append(runs, ran{by, with})
			if by == resetImage {
				return outcome.Result{Memory: pool.Memory{Proof: time.Unix(3, 0)}}, nil
			}
			return outcome.Result{Memory: learnt}, tt.err
		})
		if !reflect.DeepEqual(runs, tt.runs) || !reflect.DeepEqual(memory, tt.keeps) || !errors.Is(err, tt.ends) {
			t.Errorf("%s: it ran %v, keeps %v and ends with %v", name, runs, memory, err)
		}
	}
}

// Where restarts bring no new client machine id, images follow in the same apply.
func TestTwoCyclesOfOneApply(t *testing.T) {
	t.Parallel()
	first := outcome.Result{Restarts: 1, Unconfirmed: 2, Asked: 2, AskedAfter: 1, Woken: 2, ByStation: map[string]outcome.StationResult{
		"PC01": {Restarts: 1, Unconfirmed: 2, Asked: 2, Counted: 3, Woken: true, BootedAfterWake: true}, "PC02": {Woken: true}, "PC03": {},
	}}
	second := outcome.Result{Restarts: 3, Unconfirmed: 1, Asked: 1, AskedAfter: 2, Woken: 1, ByStation: map[string]outcome.StationResult{
		"PC01": {Restarts: 2, Unconfirmed: 1, Asked: 1, Counted: 2}, "PC02": {Restarts: 1}, "PC03": {Woken: true, BootedAfterWake: true}, "PC04": {},
	}}
	want := outcome.Result{Restarts: 4, Unconfirmed: 3, Asked: 3, AskedAfter: 3, Woken: 3, ByStation: map[string]outcome.StationResult{
		"PC01": {Restarts: 3, Unconfirmed: 3, Asked: 3, Counted: 5, Woken: true, BootedAfterWake: true}, "PC02": {Restarts: 1, Woken: true}, "PC03": {Woken: true, BootedAfterWake: true}, "PC04": {},
	}}
	if got := mergeResults(first, second); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}
