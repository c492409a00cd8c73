package activationpool

import (
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/site"
)

// Members that a location names are waited for like those that are written one by one.
func TestImagesOfALocationAreWaitedFor(t *testing.T) {
	t.Parallel()
	on, r := true, roomOf(25)
	r.api = true
	for i := range r.Stations {
		r.Stations[i].Room = "R101"
	}
	r.Stations[0].Image = world.Image{WithoutKMS: true, Option: &on}
	s := r.open(t)
	part := func() site.Part {
		parts, err := s.site.Parts(t.Context(), []string{"PC01"}, true)
		if err != nil {
			t.Fatal(err)
		}
		return parts["PC01"]
	}
	if part() != site.ImagePending {
		t.Fatal("its image carries the option from the start")
	}
	station, err := s.site.FindFresh(t.Context(), "PC01")
	if err != nil {
		t.Fatal(err)
	}
	system, err := station.OperatingSystem("")
	if err != nil {
		t.Fatal(err)
	}
	reset := make(chan error, 1)
	go func() { _, err := s.site.ResetImage(t.Context(), station, system.Name, false); reset <- err }()
	room := configured{name: "R101", Definition: pool.Definition{Location: "R101"}, limits: pool.Limits{StationTimeout: time.Minute}}
	if err := s.awaitImages(t.Context(), room); err != nil || part() == site.ImagePending {
		t.Errorf("its image was not waited for: %v", err)
	}
	if err := <-reset; err != nil {
		t.Error(err)
	}
}
