package acctest_test

import (
	"testing"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

func TestConfigurationGeneratedFromAnImportHolds(t *testing.T) {
	t.Parallel()
	pending, off := world.Station{}, false
	pending.Image.Option = &off // and the image was made with it
	for name, tt := range map[string]struct {
		like   world.Station
		images int // that the apply makes
	}{
		"a station that takes part":          {world.Station{}, 0},
		"a station that does not":            {without, 0},
		"a station with an image to be made": {pending, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			beforeBothServers(t, acctest.Room(1, tt.like), acctest.Speed, func(t *testing.T, p part) {
				p.Write("main.tf", p.APIProvider()+"import {\n  to = timago_station_kms.one\n  id = \""+first+"\"\n}\n")
				if outcome := p.Run("plan", "-no-color", "-generate-config-out=generated.tf"); outcome.Exit != 0 {
					t.Fatalf("plan:\n%s\n", outcome.Output)
				}
				p.apply()
				p.started()
				p.Plan(0)
				if p.Images(first) != tt.images || p.Asked("POST /commands") != tt.images || p.Asked(patches) != 0 {
					t.Errorf("%d images, %d commands, %d options set", p.Images(first), p.Asked("POST /commands"), p.Asked(patches))
				}
			})
		})
	}
}
