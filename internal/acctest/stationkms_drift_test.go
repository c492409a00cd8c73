package acctest_test

import (
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

const patches = "PATCH /stations/{id}/operating-systems/{name}"

func TestAnotherActorChangesOptionAndImage(t *testing.T) {
	t.Parallel()
	beforeBothServers(t, acctest.Room(1, world.Station{}), acctest.Speed, func(t *testing.T, p part) {
		p.Apply()
		p.Reimage(first, false)
		p.started()
		if plan := p.Plan(2); !plan.Contains("enabled = false -> true") || !plan.Contains("effective = true -> (known after apply)") {
			t.Errorf("the plan says too little:\n%s", plan.Output)
		}
		p.Apply()
		p.shows(map[string]any{"enabled": true, "effective": true})
		if p.Images(first) != 2 {
			t.Errorf("%d images were made, want the other actor's and ours", p.Images(first))
		}
	}, "wait_for_image = true")
}

func TestADeletedStationLeavesTheStateOnADefinite404(t *testing.T) {
	t.Parallel()
	p := takePart(t, acctest.Room(2, world.Station{}))
	p.Apply()
	for _, tt := range []struct {
		fault world.FaultName
		exit  int
		says  string
	}{
		{world.APIProxyNotFound, 1, "error: Unable to read station R101-PC01\nIt was looked for in Timago. Its state stays as it was last read." + listed + "404 Not Found" + noSuchPath},
		{world.APIUnauthorized, 1, "error: Unable to read station R101-PC01\nIt was looked for in Timago. Its state stays as it was last read." + listed + "401 Unauthorized (unauthorized): the token has ended" + checkToken},
		{world.APIUnavailable, 0, "warning: Unable to read stations in Timago\nStation R101-PC01 was looked for. Its state stays as it was last read." + listed + "503 Service Unavailable (unavailable): maintenance" + isServers},
		{world.APILostAnswer, 0, "warning: Unable to read stations in Timago\nStation R101-PC01 was looked for. Its state stays as it was last read." + listed + "no answer from {host}: stream error: stream ID {n}; INTERNAL_ERROR; received from peer" + unreached},
	} {
		p.Inject(world.Fault{Name: tt.fault})
		outcome, said := p.Diagnostics("plan", "-detailed-exitcode")
		p.Met(tt.fault, "GET /stations")
		if outcome.Exit != tt.exit {
			t.Errorf("%s: exit %d, want %d:\n%s", tt.fault, outcome.Exit, tt.exit, outcome.Output)
		}
		seen := false
		for _, s := range said {
			seen = seen || p.comparable(s) == tt.says
		}
		if !seen || len(said) != 2 {
			t.Errorf("%s: it says\n%q\nwant for each station\n%q", tt.fault, said, tt.says)
		}
		p.World.Heal(tt.fault)
	}
	p.Plan(0)

	p.Inject(world.Fault{Name: world.StationDeleted, On: []string{first}})
	p.Until("it is deleted", func() bool { return len(p.World.Listings()) == 1 })
	outcome, said := p.Diagnostics("plan")
	want := "error: Unable to find station R101-PC01\nstation: it was looked for in Timago, to see that there is such a station.\n\nno station is named R101-PC01\n\n" +
		"Check the column Bezeichnung in Timago's window Stationen, and that the token may see the station's computer group."
	if outcome.Exit != 1 || len(said) != 1 || said[0].Severity+": "+said[0].Summary+"\n"+said[0].Detail != want {
		t.Errorf("exit %d, %q", outcome.Exit, said)
	}
	if refreshed := p.Run("apply", "-refresh-only", "-auto-approve", "-no-color"); refreshed.Exit != 0 {
		t.Errorf("it cannot be refreshed:\n%s", refreshed.Output)
	}
	if p.Values(firstPart) != nil {
		t.Errorf("it is still in the state: %v", p.Values(firstPart))
	}
	p.World.Heal(world.StationDeleted)
	p.Until("it is back", func() bool { return len(p.World.Listings()) == 2 })
	p.Apply()
	if p.Commands() != 0 {
		t.Errorf("%d commands", p.Commands())
	}
}

func TestARenamedRoomDestroysNothing(t *testing.T) {
	t.Parallel()
	p := takePart(t, acctest.Room(2, world.Station{}))
	p.Apply()
	p.Inject(world.Fault{Name: world.RoomRenamed, Of: "R101", To: "Medienraum"})
	p.Until("it has its new name", func() bool { return p.World.Listings()[0].Location == "Medienraum" })
	p.Saw(world.RoomRenamed)
	p.Plan(0)
	p.apply()
	p.shows(map[string]any{"location": "Medienraum", "id": p.ClientID(first)})
	if p.Commands() != 0 {
		t.Errorf("%d commands", p.Commands())
	}
}

func TestAnotherWayToWriteAStationIsTheSame(t *testing.T) {
	t.Parallel()
	beforeBothServers(t, acctest.Room(2, world.Station{}), acctest.Speed, func(t *testing.T, p part) {
		one := func(station string, lines string) string {
			return p.APIProvider() + "resource \"timago_station_kms\" \"one\" {\n  station = \"" + station + "\"\n" + lines + "}\n"
		}
		p.Write("main.tf", one(first, ""))
		p.Apply()
		for _, written := range []string{"r101-pc01", p.ClientID(first)} {
			p.Write("main.tf", one(written, ""))
			if plan := p.Plan(2); !plan.Contains("0 to add, 1 to change, 0 to destroy") {
				t.Errorf("%s is not taken for the same station:\n%s", written, plan.Output)
			}
			p.Apply()
		}
		p.Write("main.tf", one(p.ClientID(first), "  timeouts = { read = \"1m\" }\n  clear_on_destroy = false\n"))
		p.Apply()
		if p.Commands() != 0 {
			t.Errorf("%d commands", p.Commands())
		}
		p.Write("main.tf", one("R101-PC02", ""))
		if plan := p.Plan(2); !plan.Contains("forces replacement") || !plan.Contains("1 to add, 0 to change, 1 to destroy") {
			t.Errorf("another station does not replace it:\n%s", plan.Output)
		}
		p.Apply()
		if values := p.Values("timago_station_kms.one"); values["name"] != "R101-PC02" {
			t.Errorf("%v", values)
		}
	})
}

func TestAStationIsForgottenWhereTimagoIsGone(t *testing.T) {
	t.Parallel()
	p := takePart(t, acctest.Room(1, world.Station{}))
	p.Apply()
	p.Write("main.tf", strings.Replace(p.Read("main.tf"), p.Ready().Endpoint, "https://127.0.0.1:1", 1))
	outcome := p.Run("destroy", "-auto-approve", "-no-color")
	for _, said := range []string{"Unable to switch off KMS activation of station R101-PC01", "Check that the server runs", "To forget the station all the same, and leave its option as it is: terraform state rm."} {
		if outcome.Exit != 1 || !outcome.Contains(said) {
			t.Errorf("exit %d, and it does not say %q:\n%s", outcome.Exit, said, outcome.Output)
		}
	}
	if outcome := p.Run("state", "rm", firstPart); outcome.Exit != 0 {
		t.Errorf("state rm:\n%s", outcome.Output)
	}
}

func TestDestroyClearsTheOptionAndResetsNothing(t *testing.T) {
	t.Parallel()
	beforeBothServers(t, acctest.Room(2, world.Station{}), acctest.Speed, func(t *testing.T, p part) {
		p.Write("main.tf", p.APIProvider()+stations([]string{first})+
			"resource \"timago_station_kms\" \"stays\" {\n  station = \"R101-PC02\"\n  clear_on_destroy = false\n}\n")
		p.Apply()
		if outcome := p.Run("destroy", "-auto-approve", "-no-color"); outcome.Exit != 0 {
			t.Fatalf("destroy:\n%s", outcome.Output)
		}
		listings := p.Stations()
		if listings[0].Systems[0].Option || !listings[1].Systems[0].Option {
			t.Errorf("options afterwards: %t, %t", listings[0].Systems[0].Option, listings[1].Systems[0].Option)
		}
		if p.Asked(patches) != 1 || p.Asked("POST /commands") != 0 {
			t.Errorf("%d options set and %d commands", p.Asked(patches), p.Asked("POST /commands"))
		}
		p.Apply() // the image was made with the option: setting it again is enough
		if p.Images(first) != 0 || p.Asked("POST /commands") != 0 {
			t.Errorf("%d images were made", p.Images(first))
		}
	})
}
