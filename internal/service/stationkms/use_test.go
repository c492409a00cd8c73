package stationkms

import (
	"testing"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// A user is not waited for with "skip", also where the image is: Timago is asked no second
// time for the station.
func TestAUserIsNotWaitedForWithSkip(t *testing.T) {
	t.Parallel()
	r := newRoom(t, 1, without)
	if err := r.World.LogOn(first, `SCHULE\erika`); err != nil {
		t.Fatal(err)
	}
	w := takesPart(first)
	w.wait, w.inUse = true, kms.SkipWhenInUse
	r.warns(w, r.apply(w), cannotReset+"\n\n"+`SCHULE\erika is logged on`+"\n\n"+
		`The next apply resets the image once nobody is logged on. With when_in_use = "force" it is reset under the user, who loses unsaved work.`)
	if asked, resets := r.asked("GET /stations")+r.asked("GET /stations/{id}"), r.asked("POST /commands"); asked != 1 || resets != 0 {
		t.Errorf("looked %d times and commanded %d resets, want 1 and none", asked, resets)
	}

	if err := r.World.LogOff(first); err != nil {
		t.Fatal(err)
	}
	if done := r.apply(w); done.err != nil || !done.holds(w) {
		t.Errorf("once the user is gone: %+v", done)
	}
}
