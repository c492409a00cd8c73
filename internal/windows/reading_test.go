package windows_test

import (
	"testing"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// What a plan asks of a station: three queries, four requests where two products answer, over
// one connection that is logged on to once.
func TestAStationIsReadInFourRequests(t *testing.T) {
	t.Parallel()
	r := open(t, world.Site{
		Host:     world.Host{Keys: []world.Key{{Key: "windows"}, {Key: "office-2024"}}},
		Stations: []world.Station{{Name: "PC01", Products: []world.Product{{Title: "windows-11-education"}, {Title: "office-2024"}}}, {Name: "PC02"}},
	})
	var read kms.Station
	must[kms.Uptime](t)(r.Probe(t.Context(), r.stations[1])) // the account has been proved
	asked := r.operations("PC01", func() { read = must[kms.Station](t)(r.Station(t.Context(), r.stations[0])) })
	if wire := r.State().Wire["PC01"]; asked != 4 || wire.Logons != 1 || wire.Handshakes != 2 {
		t.Errorf("%d requests, %+v", asked, wire)
	}
	if read.Name != "PC01" || len(read.Licences) != 2 || read.CMID == "" || read.Duration() <= 0 {
		t.Errorf("%+v", read)
	}
}
