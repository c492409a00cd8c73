package acctest_test

import (
	"testing"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

func TestImportOfAStation(t *testing.T) {
	t.Parallel()
	p := takePart(t, acctest.Room(2, world.Station{}))
	for address, id := range map[string]string{firstPart: first, `timago_station_kms.room["R101-PC02"]`: p.ClientID("R101-PC02")} {
		if outcome := p.Run("import", "-no-color", address, id); outcome.Exit != 0 {
			t.Fatalf("import %s:\n%s", id, outcome.Output)
		}
	}
	p.Plan(0)
	p.shows(map[string]any{"station": first, "id": p.ClientID(first), "effective": true, "enabled": true})
	p.Write("nobody.tf", "resource \"timago_station_kms\" \"nobody\" {\n  station = \"nobody\"\n}\n")
	outcome := p.Run("import", "-no-color", "timago_station_kms.nobody", "nobody")
	if outcome.Exit == 0 || !outcome.Contains("Unable to import station nobody") || !outcome.Contains("no station is named nobody") {
		t.Errorf("exit %d:\n%s", outcome.Exit, outcome.Output)
	}
	if p.Commands() != 0 {
		t.Errorf("%d commands", p.Commands())
	}
}

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
			p := takePart(t, acctest.Room(1, tt.like))
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
	}
}

func TestImportInDirectMode(t *testing.T) {
	t.Parallel()
	s := direct(t, 1)
	address := s.PlainAddresses()[0]
	if outcome := s.Run("import", "-no-color", "timago_station_kms.room[\""+address+"\"]", address); outcome.Exit != 0 {
		t.Fatalf("import:\n%s", outcome.Output)
	}
	s.Plan(0)
}
