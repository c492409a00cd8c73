package acctest_test

import (
	"testing"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/catalogue"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// silent is a Windows that never asks by itself.
var silentWindows = world.Station{Products: []world.Product{{Title: "windows-11-education", Silent: true}}}

func TestStationsAskForActivation(t *testing.T) {
	t.Parallel()
	a := actDirectly(t, 3, silentWindows, acctest.Counted(30))
	a.invoke(activateAction, a.all(nil))
	a.well()
	a.reports("^Asking for activation on 3 stations", `: asking for Windows\(R\), Education edition$`, `: Windows\(R\), Education edition is licensed$`, "^3 of 3 stations activated$")
	if asked := a.Happened(world.KindActivate); asked != 3 {
		t.Errorf("%d requests, want 3", asked)
	}
	a.invoke(activateAction, a.all(nil))
	a.well()
	a.reports(": it is licensed already$")
	if asked := a.Happened(world.KindActivate); asked != 3 {
		t.Errorf("%d requests, want 3: a licensed station was asked", asked)
	}
	a.restarted(0)
}

func TestARequestBelowTheThresholdIsAWarning(t *testing.T) {
	t.Parallel()
	like := world.Station{Products: []world.Product{{Title: "windows-11-education", Silent: true}, {Title: "office-2024"}}}
	a := actDirectly(t, 2, like, world.Host{Keys: []world.Key{{Key: "windows"}, {Key: "office-2024", Counted: []world.Counted{{Number: 10, Age: day}}}}})
	a.invoke(activateAction, a.all(nil))
	a.says("warning", "Unable to activate 2 of 2 stations",
		"Windows(R), Education edition: the request was counted, but the KMS host's count is below the threshold (0xC004F038)")
	a.reports(": Office 24.* is licensed$")
}

func TestARequestThatIsRefusedIsAnError(t *testing.T) {
	t.Parallel()
	like := world.Station{Products: []world.Product{{Title: "windows-11-education", Silent: true}, {Title: "office-2024"}}}
	a := actDirectly(t, 1, like, acctest.Counted(30)) // which has no key for Office
	a.invoke(activateAction, a.all(nil))
	a.says("error", "Unable to activate station "+a.PlainAddresses()[0], "this KMS host's key cannot activate this product (0xC004F042)")
	a.reports(`: Windows\(R\), Education edition is licensed$`)
}

func TestOnlyKMSClientsAreAsked(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		product world.Product
		says    string
	}{
		"a MAK":            {world.Product{Title: "windows-11-education", By: catalogue.ByMAK, Unlicensed: true}, "multiple activation key (MAK)"},
		"OEM":              {world.Product{Title: "windows-11-education", By: catalogue.ByOEM}, "pre-installed (OEM) key"},
		"Active Directory": {world.Product{Title: "windows-11-education", By: catalogue.ByActiveDirectory}, "Active Directory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := actDirectly(t, 1, world.Station{Products: []world.Product{tt.product}}, acctest.Counted(30))
			a.invoke(activateAction, a.all(nil))
			a.says("warning", "Unable to activate station "+a.PlainAddresses()[0], tt.says)
			if asked := a.Happened(world.KindActivate); asked != 0 {
				t.Errorf("%d requests", asked)
			}
		})
	}
}

func TestALostRequestIsJudgedByWhatIsReadAfterwards(t *testing.T) {
	t.Parallel()
	a := actDirectly(t, 1, silentWindows, acctest.Counted(30))
	a.Inject(world.Fault{Name: world.Drops, Of: "activate", Times: 1})
	a.invoke(activateAction, a.all(nil))
	a.well()
	a.Saw(world.Drops)
	a.reports(`: Windows\(R\), Education edition is licensed$`)
}

func TestWindowsOfAStationInAPIMode(t *testing.T) {
	t.Parallel()
	site := acctest.NewAPISite(t, acctest.Room(2, world.Station{}), acctest.Speed)
	config := site.API()
	config["winrm"] = site.Direct()["winrm"]
	a := &acting{Site: site, Protocol: acctest.NewProtocol(t, config), t: t}
	a.invoke(restartAction, inRoom)
	a.well()
	a.restarted(2)
	a.reports("^R101-PC02: told to restart, it was up for", "^R101-PC02: back after", "^R101-PC02: restarted")
	if a.Commands() != 0 {
		t.Errorf("Timago was told %d commands, though Windows can be", a.Commands())
	}
	a.invoke(activateAction, inRoom)
	a.says("warning", "Unable to activate 2 of 2 stations", "- R101-PC01: Windows(R)")
}
