package acctest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// A refresh reads single stations, ten at a time; the server is asked for pages of them.
func TestARefreshOfAThousandAsksForFewPages(t *testing.T) {
	t.Parallel()
	// They are off, so that the test needs no thousand WinRM ports.
	p := takePart(t, acctest.Room(1000, world.Station{Off: true}))
	configure := func(number int) { // by count: for_each takes the CLI quadratic time
		p.Write("main.tf", p.APIProvider()+fmt.Sprintf(
			"resource \"timago_station_kms\" \"room\" {\n  count = %d\n  station = format(\"R101-PC%%02d\", count.index + 1)\n}\n", number))
	}
	configure(1)
	p.Apply()
	p.multiply()
	configure(1000)
	before := p.Asked("GET /stations")
	if plan := p.Plan(0); !plan.Contains("timago_station_kms.room[999]: Refreshing state...") {
		t.Errorf("not all were refreshed:\n%s", plan.Output)
	}
	lists, single := p.Asked("GET /stations")-before, p.Asked("GET /stations/{id}")
	t.Logf("the refresh of 1000 made %d list requests", lists)
	if lists < 2 || lists > 10 || single > 0 {
		t.Errorf("%d list requests and %d of single stations, want at least two pages, at most 10, and none", lists, single)
	}
}

// multiply makes of the state's one station all stations of the site, as if each had been
// created.
func (p part) multiply() {
	p.t.Helper()
	var state struct {
		Version          int             `json:"version"`
		TerraformVersion string          `json:"terraform_version"`
		Serial           int             `json:"serial"`
		Lineage          string          `json:"lineage"`
		Outputs          json.RawMessage `json:"outputs"`
		Resources        []struct {
			Mode      string            `json:"mode"`
			Type      string            `json:"type"`
			Name      string            `json:"name"`
			Provider  string            `json:"provider"`
			Instances []json.RawMessage `json:"instances"`
		} `json:"resources"`
	}
	if err := json.Unmarshal([]byte(p.Read("terraform.tfstate")), &state); err != nil {
		p.t.Fatal(err)
	}
	room := &state.Resources[0]
	one := string(room.Instances[0])
	room.Instances = nil
	for i, listing := range p.World.Listings() {
		instance := strings.NewReplacer(p.ClientID(first), listing.ID, first, listing.Name, `"index_key": 0`, fmt.Sprintf(`"index_key": %d`, i)).Replace(one)
		room.Instances = append(room.Instances, json.RawMessage(instance))
	}
	content, err := json.Marshal(state)
	if err != nil {
		p.t.Fatal(err)
	}
	p.Write("terraform.tfstate", string(content))
}

// A room's images are made side by side: Timago has taken the last reset before the first
// new image has started, under Terraform's own parallelism of ten.
func TestThirtyResetsAreTakenBeforeTheFirstImageStarts(t *testing.T) {
	t.Parallel()
	p := takePartAt(t, acctest.Room(30, without), slow)
	p.apply()
	p.World.Advance(tillStarted)
	taken, started := map[string]bool{}, false
	for _, entry := range p.Log(0) {
		switch {
		case entry.Kind == "api" && strings.HasPrefix(entry.Detail, "POST /commands reset_image"):
			if started {
				t.Errorf("a reset of %v came after the first new image", entry.Stations)
			}
			for _, station := range entry.Stations {
				taken[station] = true
			}
		case entry.Kind == string(world.KindReady):
			started = true
		}
	}
	if len(taken) != 30 || !started {
		t.Errorf("%d stations were reset, and one started: %t", len(taken), started)
	}
	for i := range 30 {
		if name := fmt.Sprintf("R101-PC%02d", i+1); p.Images(name) != 1 {
			t.Errorf("%s was given %d images", name, p.Images(name))
		}
	}
	p.Plan(0)
	t.Logf("asked: %v", p.State().Wire[world.Timago].Calls)
}

// many is the second server with many stations that are off, and a workspace before it.
func many(t *testing.T, number int, option bool) (*acctest.SecondServer, *acctest.Workspace) {
	t.Helper()
	var stations []map[string]any
	for i := range number {
		stations = append(stations, map[string]any{
			"id": fmt.Sprintf("6f1c1c52-6c1e-4f0a-9d57-%012x", i+1), "name": fmt.Sprintf("PC%05d", i+1), "location": "R101", "computer_group": "Unterricht", "online": false,
			"operating_systems": []map[string]any{{"name": "Windows 11", "kms_activation": option, "image_kms_activation": option, "image_generation": 1}},
		})
	}
	server := acctest.NewSecondServer(t, map[string]any{"stations": stations})
	return server, acctest.NewWorkspace(t, "TIMAGO_TOKEN="+server.Token)
}

func configureMany(server *acctest.SecondServer, w *acctest.Workspace, number int) {
	w.Write("main.tf", server.Provider()+fmt.Sprintf( // by count: for_each takes the CLI quadratic time
		"resource \"timago_station_kms\" \"room\" {\n  count = %d\n  station = format(\"PC%%05d\", count.index + 1)\n}\n", number))
}

// A room's plan costs what the room is, and not what the site is.
func TestAPlanOfThirtyAmongTenThousand(t *testing.T) {
	t.Parallel()
	server, w := many(t, 10_000, true)
	configureMany(server, w, 30)
	w.Plan(2)
	planned := server.Requests()
	if outcome := w.Run("apply", "-auto-approve", "-no-color"); outcome.Exit != 0 {
		t.Fatalf("apply:\n%s", outcome.Output)
	}
	server.Control("DELETE", "/log", nil, nil)
	w.Plan(0)
	refreshed := server.Requests()
	t.Logf("a plan of 30 new ones: %v; of 30 in the state: %v", planned, refreshed)
	for _, asked := range []map[string]int{planned, refreshed} {
		// Three of ten each, and five where this machine is slow: twenty-one pages make the site.
		if asked["GET /stations"] > 5 || len(asked) != 1 {
			t.Errorf("%v, want three lists or a few more", asked)
		}
	}
}
