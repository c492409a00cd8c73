package activationpool

import (
	"reflect"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/outcome"
)

// Where restarts bring no new client machine id, images follow in the same apply.
func TestTwoCyclesOfOneApply(t *testing.T) {
	t.Parallel()
	first := outcome.Result{Restarts: 1, Asked: 2, Woken: 2, ByStation: map[string]outcome.StationResult{
		"PC01": {Restarts: 1, Woken: true, BootedAfterWake: true}, "PC02": {Woken: true}, "PC03": {},
	}}
	second := outcome.Result{Restarts: 3, Asked: 1, Woken: 1, ByStation: map[string]outcome.StationResult{
		"PC01": {Restarts: 2}, "PC02": {Restarts: 1}, "PC03": {Woken: true, BootedAfterWake: true}, "PC04": {},
	}}
	want := outcome.Result{Restarts: 4, Asked: 3, Woken: 3, ByStation: map[string]outcome.StationResult{
		"PC01": {Restarts: 3, Woken: true, BootedAfterWake: true}, "PC02": {Restarts: 1, Woken: true}, "PC03": {Woken: true, BootedAfterWake: true}, "PC04": {},
	}}
	if got := mergeResults(first, second); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}
