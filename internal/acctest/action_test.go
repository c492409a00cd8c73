package acctest_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

const (
	restartAction  = "timago_station_restart"
	imageAction    = "timago_station_reset_image"
	wakeAction     = "timago_station_wake"
	activateAction = "timago_station_activate"
)

// acting is a site whose stations are told something over the protocol.
type acting struct {
	*acctest.Site
	*acctest.Protocol
	t        *testing.T
	progress []string
	said     []acctest.Diagnostic
}

// inRoom is an action on every station of a site in API mode.
var inRoom = acctest.Values{"location": "R101"}

// actDirectly is a site in direct mode.
func actDirectly(t *testing.T, n int, like world.Station, host world.Host) *acting {
	t.Helper()
	site := acctest.NewSite(t, acctest.Classroom(n, like, host))
	return &acting{Site: site, Protocol: acctest.NewProtocol(t, site.Direct()), t: t}
}

// actByTimago is a site in API mode without WinRM.
func actByTimago(t *testing.T, n int, like world.Station) *acting {
	t.Helper()
	site := acctest.NewAPISite(t, acctest.Room(n, like), acctest.Speed)
	return &acting{Site: site, Protocol: acctest.NewProtocol(t, site.API()), t: t}
}

// all is an action on every station by its address, with more.
func (a *acting) all(more acctest.Values) acctest.Values {
	return with(acctest.Values{"stations": a.PlainAddresses()}, more)
}

func with(config, more acctest.Values) acctest.Values {
	merged := maps.Clone(config)
	maps.Copy(merged, more)
	return merged
}

func (a *acting) invoke(action string, config acctest.Values) {
	a.t.Helper()
	if said := a.PlanAction(action, config); len(said) > 0 {
		a.t.Fatalf("planned: %+v", said)
	}
	a.progress, a.said = a.InvokeAction(a.t.Context(), action, config, nil)
}

// reports fails the test unless the progress has messages that match, in this order.
func (a *acting) reports(patterns ...string) {
	a.t.Helper()
	at := 0
	for _, pattern := range patterns {
		next := slices.IndexFunc(a.progress[at:], regexp.MustCompile(pattern).MatchString)
		if next < 0 {
			a.t.Fatalf("it does not tell %q in:\n%s", pattern, strings.Join(a.progress, "\n"))
		}
		at += next + 1
	}
}

// well fails the test where anything was said at the end.
func (a *acting) well() {
	a.t.Helper()
	if len(a.said) > 0 {
		a.t.Errorf("said: %+v", a.said)
	}
}

// says fails the test unless one diagnostic was said, with all this in it.
func (a *acting) says(severity, summary string, details ...string) {
	a.t.Helper()
	if len(a.said) != 1 || a.said[0].Severity != severity || a.said[0].Summary != summary {
		a.t.Fatalf("said: %+v", a.said)
	}
	for _, detail := range details {
		if !strings.Contains(a.said[0].Detail, detail) {
			a.t.Errorf("it does not say %q:\n%s", detail, a.said[0].Detail)
		}
	}
}

func (a *acting) restarted(want int) {
	a.t.Helper()
	if all, by := a.Restarts(); all != want {
		a.t.Errorf("%d restarts, want %d: %v", all, want, by)
	}
}

func TestStationsAreRestarted(t *testing.T) {
	t.Parallel()
	a := actDirectly(t, 3, world.Station{}, acctest.Counted(30))
	a.invoke(restartAction, a.all(nil))
	a.well()
	a.restarted(3)
	if first := a.progress[0]; first != "Restarting 3 stations, at most 10 at once" {
		t.Errorf("it begins with %q", first)
	}
	pc := regexp.QuoteMeta(a.PlainAddresses()[1])
	a.reports("^"+pc+": told to restart, it was up for 2[0-9]m", "^"+pc+`: back after \d+s$`, "^"+pc+`: restarted \([123] of 3\)$`, "^3 of 3 stations restarted$")
	for _, name := range []string{"PC01", "PC02", "PC03"} {
		if view, err := a.World.View(name); err != nil || !a.World.Listens(name) || view.Now.Before(view.Boot) {
			t.Errorf("%s is not back: %v", name, err)
		}
	}
}

func TestNoMoreAreRestartedAtOnceThanWanted(t *testing.T) {
	t.Parallel()
	a := actDirectly(t, 3, world.Station{}, acctest.Counted(30))
	a.invoke(restartAction, a.all(acctest.Values{"max_parallel": 1}))
	a.well()
	var order []string
	for _, address := range a.PlainAddresses() { // one after the other, in the order of their names
		pc := "^" + regexp.QuoteMeta(address)
		order = append(order, pc+": told to restart", pc+": back after", pc+": restarted")
	}
	a.reports(order...)
}

func TestAStationInUseIsNotRestarted(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		config   acctest.Values
		user     string
		fault    *world.Fault
		restarts int
		severity string
		says     []string
	}{
		"waited for in vain": {acctest.Values{"station_timeout": "20s"}, `SCHULE\erika`, nil, 1, "error", []string{`: it was still in use by SCHULE\erika at the end of station_timeout`, "1 of 2 stations restarted, 1 failed.", `when_in_use = "skip"`}},
		"skipped": {
			acctest.Values{"when_in_use": "skip"}, `SCHULE\erika`, nil, 1, "warning",
			[]string{`: it is in use by SCHULE\erika`, "1 of 2 stations restarted, 1 left as they are."},
		},
		"forced":           {acctest.Values{"when_in_use": "force"}, `SCHULE\erika`, nil, 2, "", nil},
		"an ignored user":  {acctest.Values{"ignore_users": []string{"Kiosk"}}, `SCHULE\kiosk`, nil, 2, "", nil},
		"another is there": {acctest.Values{"ignore_users": []string{"kiosk"}, "when_in_use": "skip"}, `SCHULE\erika`, nil, 1, "warning", []string{"in use by"}},
		"in the last moment": {
			acctest.Values{"station_timeout": "20s"}, "", &world.Fault{Name: world.UserBeforeRestart, On: []string{"PC01"}, Times: 1}, 1, "error",
			[]string{"it was still in use by ", "at the end of station_timeout"},
		},
		"skipped in the last moment": {
			acctest.Values{"when_in_use": "skip"}, "", &world.Fault{Name: world.UserBeforeRestart, On: []string{"PC01"}, Times: 1}, 1, "warning",
			[]string{"it is in use by somebody who has just logged on"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := actDirectly(t, 2, world.Station{}, acctest.Counted(30))
			if tt.user != "" {
				if err := a.World.LogOn("PC01", tt.user); err != nil {
					t.Fatal(err)
				}
			}
			if tt.fault != nil {
				a.Inject(*tt.fault)
			}
			a.invoke(restartAction, a.all(tt.config))
			a.restarted(tt.restarts)
			if tt.severity == "" {
				a.well()
				return
			}
			a.says(tt.severity, "Unable to restart 1 of 2 stations", append(tt.says, a.PlainAddresses()[0])...)
			if tt.fault != nil {
				a.Saw(tt.fault.Name)
			}
		})
	}
}

func TestOneStationThatFailsKeepsNoOtherBack(t *testing.T) {
	t.Parallel()
	a := actDirectly(t, 3, world.Station{}, acctest.Counted(30))
	if err := a.World.PowerOff("PC01"); err != nil {
		t.Fatal(err)
	}
	a.Inject(world.Fault{Name: world.NeverComesBack, On: []string{"PC02"}})
	a.invoke(restartAction, a.all(acctest.Values{"station_timeout": "6s"}))
	addresses := a.PlainAddresses()
	a.says("error", "Unable to restart 2 of 3 stations", "1 of 3 stations restarted, 2 failed.",
		"- "+addresses[0]+": no answer", "- "+addresses[1]+": it was told to restart, and it had not come back within station_timeout: ", "no answer",
		"See that the machine is on", "raise station_timeout")
	a.restarted(2)
	a.Saw(world.NeverComesBack)
}

func TestALostAnswerIsNoFailure(t *testing.T) {
	t.Parallel()
	a := actDirectly(t, 1, world.Station{}, acctest.Counted(30))
	a.Inject(world.Fault{Name: world.Drops, Of: "restart", Times: 1})
	a.invoke(restartAction, a.all(nil))
	a.well()
	a.restarted(1)
	a.Saw(world.Drops)
}

func TestRestartsNeedNotBeWaitedFor(t *testing.T) {
	t.Parallel()
	a := actDirectly(t, 2, world.Station{}, acctest.Counted(30))
	a.Inject(world.Fault{Name: world.NeverComesBack})
	a.invoke(restartAction, a.all(acctest.Values{"wait": false}))
	a.well()
	a.reports(": told to restart", `: told to restart \(2 of 2\)`, "^2 of 2 stations told to restart$")
	a.restarted(2)
}

func TestCtrlCEndsAnAction(t *testing.T) {
	t.Parallel()
	a := actDirectly(t, 3, world.Station{}, acctest.Counted(30))
	a.Inject(world.Fault{Name: world.NeverComesBack})
	stopped := false
	a.progress, a.said = a.InvokeAction(t.Context(), restartAction, a.all(acctest.Values{"max_parallel": 1}), func(message string) {
		if strings.Contains(message, ": told to restart") && !stopped {
			stopped = true
			if _, err := a.StopProvider(t.Context(), &tfprotov6.StopProviderRequest{}); err != nil {
				t.Error(err)
			}
		}
	})
	a.says("error", "Unable to restart 3 of 3 stations", "it was told to restart, and it had not", "when this was cancelled",
		"its turn had not come when this was cancelled", "What stations were told is not taken back")
	a.Until("it is down", func() bool { all, _ := a.Restarts(); return all > 0 })
	a.restarted(1)
}

func TestTimagoRestartsStations(t *testing.T) {
	t.Parallel()
	a := actByTimago(t, 3, world.Station{})
	if err := a.World.LogOn(first, `SCHULE\erika`); err != nil {
		t.Fatal(err)
	}
	a.invoke(restartAction, with(inRoom, acctest.Values{"station_timeout": "20s"}))
	a.says("error", "Unable to restart 1 of 3 stations", "- "+first+`: it was still in use by SCHULE\erika`)
	a.restarted(2)
	a.reports("^R101-PC02: restart: ", `^R101-PC02: restarted \([123] of 3\)$`, "^2 of 3 stations restarted, 1 failed$")
	if started := a.Happened(world.KindReady); started != 2 {
		t.Errorf("%d stations had started, want 2", started)
	}
	a.invoke(restartAction, acctest.Values{"stations": []string{a.ClientID(first)}, "when_in_use": "force"})
	a.well()
	a.restarted(3)
	// The same again is another restart.
	a.invoke(restartAction, acctest.Values{"stations": []string{first}})
	a.well()
	a.restarted(4)
}

func TestWhatActionsRefuseBeforeAnythingIsTouched(t *testing.T) {
	t.Parallel()
	direct := actDirectly(t, 1, world.Station{}, acctest.Counted(30))
	api := actByTimago(t, 1, world.Station{})
	pc := []string{"R101-PC01"}
	for name, tt := range map[string]struct {
		of      *acting
		action  string
		config  acctest.Values
		summary string
		details []string
	}{
		"neither stations nor a location": {api, restartAction, acctest.Values{}, "Missing Attribute Configuration", []string{"[stations,location]"}},
		"both":                            {api, wakeAction, acctest.Values{"stations": pc, "location": "R101"}, "Invalid Attribute Combination", nil},
		"no stations":                     {api, restartAction, acctest.Values{"stations": []string{}}, "Nothing is named", []string{"stations: it is empty. Name at least one station"}},
		"no name":                         {api, restartAction, acctest.Values{"stations": []string{""}}, "Invalid Attribute Value Length", nil},
		"a value that is none":            {api, imageAction, acctest.Values{"stations": pc, "when_in_use": "refuse"}, "Invalid Attribute Value Match", []string{`"skip"`}},
		"a time that is none":             {api, restartAction, acctest.Values{"stations": pc, "station_timeout": "soon"}, "Not a duration", []string{`station_timeout: "soon" is no duration`}},
		"no time":                         {api, activateAction, acctest.Values{"stations": pc, "station_timeout": "0s"}, "Not a duration", []string{`"0s" is not above 0`}},
		"nobody at once":                  {api, restartAction, acctest.Values{"stations": pc, "max_parallel": 0}, "Invalid Attribute Value", nil},
		"images in direct mode":           {direct, imageAction, acctest.Values{"stations": pc}, "Unable to reset the image of stations", []string{"no endpoint is configured", "in Timago's own window"}},
		"waking into nowhere":             {direct, wakeAction, acctest.Values{"stations": pc}, "Unable to wake stations", []string{"Set wake_broadcast"}},
		"activation without Windows":      {api, activateAction, inRoom, "Unable to activate stations of location R101", []string{"Set winrm"}},
		"a room that nobody knows":        {direct, restartAction, inRoom, "Unable to restart stations of location R101", []string{"Set inventory"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said := tt.of.PlanAction(tt.action, tt.config)
			if len(said) != 1 || said[0].Severity != "error" || said[0].Summary != tt.summary {
				t.Fatalf("said: %+v", said)
			}
			for _, detail := range tt.details {
				if !strings.Contains(said[0].Detail, detail) {
					t.Errorf("it does not say %q: %s", detail, said[0].Detail)
				}
			}
		})
	}
	for _, unknown := range []acctest.Values{
		{"stations": tftypes.UnknownValue}, {"stations": pc, "wake_broadcast": tftypes.UnknownValue}, {"stations": pc, "station_timeout": tftypes.UnknownValue},
	} {
		if said := direct.PlanAction(wakeAction, unknown); len(said) > 0 {
			t.Errorf("what is not known yet: %+v", said)
		}
	}
	api.progress, api.said = api.InvokeAction(t.Context(), restartAction, acctest.Values{"location": "R999"}, nil)
	api.says("error", "Unable to restart stations of location R999", `location "R999"`)
	api.progress, api.said = api.InvokeAction(t.Context(), restartAction, acctest.Values{"stations": []string{"nobody"}}, nil)
	api.says("error", "Unable to restart station nobody", "no station is named nobody")
}

func TestActionsWaitForTheProvidersConfiguration(t *testing.T) {
	t.Parallel()
	site := acctest.NewSite(t, acctest.Classroom(1, world.Station{}, acctest.Counted(30)))
	config := site.Direct()
	config["endpoint"] = tftypes.UnknownValue
	a := &acting{Site: site, Protocol: acctest.NewProtocol(t, config), t: t}
	for _, action := range []string{restartAction, imageAction, wakeAction, activateAction} {
		if said := a.PlanAction(action, a.all(nil)); len(said) > 0 {
			t.Errorf("%s: %+v", action, said)
		}
		_, said := a.InvokeAction(t.Context(), action, a.all(nil), nil)
		if len(said) != 1 || !strings.Contains(said[0].Detail, "configuration is not known") {
			t.Errorf("%s: %s", action, fmt.Sprint(said))
		}
	}
}
