package acctest_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// school is a site with two rooms: R101 with three stations, of which one is off and one
// has not been started for days, and R102 with one whose option is off.
func school() simulator.Scenario {
	on := func(name, room, group string) world.Station {
		return world.Station{Name: name, Room: room, Group: group}
	}
	long, off, teacher := on("R101-PC02", "R101", "Unterricht"), on("R101-PC03", "R101", "Unterricht"), on("R102-LEHRER", "R102", "Lehrer")
	long.Uptime, off.Off, off.Uptime = 100*time.Hour, true, 200*time.Hour
	teacher.Image.WithoutKMS = true
	return simulator.Scenario{Site: world.Site{Seed: 3, Stations: []world.Station{off, on("R101-PC01", "R101", "Unterricht"), long, teacher}}}
}

const chosen = "data.timago_stations.chosen"

func choose(lines ...string) string {
	return "data \"timago_stations\" \"chosen\" {\n  " + strings.Join(lines, "\n  ") + "\n}\noutput \"names\" {\n  value = data.timago_stations.chosen.names\n}\n"
}

// names are those that an apply of the configuration puts out.
func names(t *testing.T, w *acctest.Workspace) []string {
	t.Helper()
	w.Apply()
	var list []string
	output := w.Run("output", "-json", "names").Output
	if err := json.Unmarshal([]byte(output[strings.LastIndex(output, "["):]), &list); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	return list
}

func TestStationsAreChosen(t *testing.T) {
	t.Parallel()
	acctest.EachServer(t, func(t *testing.T, open acctest.Opener) {
		site := open(t, school(), 1)
		w := acctest.NewWorkspace(t, site.APIEnv()...)
		all := []string{"R101-PC01", "R101-PC02", "R101-PC03", "R102-LEHRER"}
		for _, tt := range []struct {
			filter string
			want   []string
		}{
			{"", all},
			{`location = "r101"`, all[:3]},
			{`computer_group = "Lehrer"`, all[3:]},
			{`name_regex = "-PC0[12]$"`, all[:2]},
			{`online = true`, []string{all[0], all[1], all[3]}},
			{`online = false`, all[2:3]},
			{`kms_activation = false`, all[3:]},
			{`started_within = "72h"`, []string{all[0], all[3]}},
			{"location = \"R101\"\n  online = true\n  started_within = \"72h\"", all[:1]},
			{"location = \"R103\"\n  allow_empty = true", nil},
		} {
			w.Write("main.tf", site.APIProvider()+choose(tt.filter))
			if got := names(t, w); !slices.Equal(got, tt.want) {
				t.Errorf("%s: %v, want %v", tt.filter, got, tt.want)
			}
		}
		if asked := site.Asked("GET /stations/{id}"); asked != 0 {
			t.Errorf("%d single stations were asked for", asked)
		}
		for filter, want := range map[string]string{
			"location = \"R103\"": "error: Unable to list stations\nWanted were stations with location = \"R103\".\n\nthere are none\n\n" +
				"Check how the location or group is written, and that the token may see the stations' computer groups. Where there may be none, set allow_empty.",
			"name_regex = \"(\"":      "error: Not a regular expression\nerror parsing regexp: missing closing ): `(`",
			"started_within = \"0s\"": "error: Not a duration\nstarted_within: \"0s\" is not above 0. Write a duration such as \"90s\", \"15m\" or \"72h\".",
		} {
			w.Write("main.tf", site.APIProvider()+choose(filter))
			outcome, said := w.Diagnostics("plan")
			if outcome.Exit != 1 || len(said) != 1 || said[0].Severity+": "+said[0].Summary+"\n"+said[0].Detail != want {
				t.Errorf("%s: exit %d, %q\nwant %q", filter, outcome.Exit, said, want)
			}
		}
	})
}

func TestAChosenStationShowsWhatTimagoKnows(t *testing.T) {
	t.Parallel()
	site := acctest.NewAPISite(t, school(), 1)
	if err := site.World.LogOn("R102-LEHRER", `SCHULE\erika`); err != nil {
		t.Fatal(err)
	}
	w := acctest.NewWorkspace(t, site.APIEnv()...)
	w.Write("main.tf", site.APIProvider()+choose(`location = "R102"`))
	w.Apply()
	shown, _ := w.Values(chosen)["stations"].([]any)
	station, _ := shown[0].(map[string]any)
	for attribute, want := range map[string]any{
		"id": site.ClientID("R102-LEHRER"), "name": "R102-LEHRER", "location": "R102", "computer_group": "Lehrer",
		"mac": "02:00:5E:00:00:03", "online": true, "logged_on_user": `SCHULE\erika`, "last_operating_system": "Windows 11",
	} {
		if station[attribute] != want {
			t.Errorf("%s is %v, want %v", attribute, station[attribute], want)
		}
	}
	if got := fmt.Sprint(station["operating_systems"]); got != "[map[effective:true kms_activation:false name:Windows 11]]" {
		t.Errorf("operating systems: %s", got)
	}
}

const export = "Liste der Stationen\r\n" +
	"Standort;Bezeichnung;Rechnergruppe;Letzter Startvorgang;Letztes Betriebssystem;Online;Benutzer;MAC-Adresse;Adresse;Storage Up2Date\r\n" +
	"R101;R101-PC02;Unterricht;07.09.2026 08:15;Windows 11;nein;schüler;02-00-5E-00-00-02;ADDRESS2;ja\r\n" +
	"R101;R101-PC01;Unterricht;08.09.2026 07:55;Windows 11;ja;;02-00-5E-00-00-01;ADDRESS1;nein\r\n" +
	"R102;R102-LEHRER;Lehrer;nie;;nein;;;;\r\n"

func TestTheInventoryStandsForTimagoInDirectMode(t *testing.T) {
	t.Parallel()
	site := acctest.NewSite(t, acctest.Room(2, world.Station{}))
	w := acctest.NewWorkspace(t, append(site.Env(), "TIMAGO_INVENTORY=stationen.csv")...).Built()
	plain := site.PlainAddresses()
	w.Write("stationen.csv", strings.NewReplacer("ADDRESS1", plain[0], "ADDRESS2", plain[1]).Replace(export))
	for filter, want := range map[string][]string{
		`location = "R101"`:          {"R101-PC01", "R101-PC02"},
		`computer_group = "lehrer"`:  {"R102-LEHRER"},
		`online = true`:              {"R101-PC01"},
		`name_regex = "PC02"`:        {"R101-PC02"},
		`started_within = "999999h"`: {"R101-PC01", "R101-PC02"},
	} {
		w.Write("main.tf", site.Provider()+choose(filter))
		if got := names(t, w); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", filter, got, want)
		}
	}
	for filter, want := range map[string]string{
		`location = "R103"`:                    "location \"R103\": not found in stationen.csv, which lists: R101, R102\n\nCompare with its column Standort. Where there may be none, set allow_empty.",
		"location = \"R102\"\n  online = true": "there are none\n\nCompare with the columns of stationen.csv. Where there may be none, set allow_empty.",
	} {
		w.Write("main.tf", site.Provider()+choose(filter))
		if outcome, said := w.Diagnostics("plan"); outcome.Exit != 1 || len(said) != 1 || !strings.HasSuffix(said[0].Detail, want) {
			t.Errorf("%s: exit %d, %q\nwant %q", filter, outcome.Exit, said, want)
		}
	}
	w.Write("main.tf", site.Provider()+"resource \"timago_activation_pool\" \"room\" {\n  name = \"R103\"\n  location = \"r101 \"\n}\n")
	if plan := w.Plan(1); !plan.Contains(`location "r101 ": not found in stationen.csv, which lists: R101, R102`) || !plan.Contains("Compare with its column Standort.") {
		t.Errorf("a room that the file does not list:\n%s", plan.Output)
	}
	w.Write("main.tf", site.Provider()+choose("kms_activation = true"))
	if plan := w.Plan(1); !plan.Contains(`the option "KMS-Aktivierung" is seen by Timago alone, and no endpoint is configured`) {
		t.Errorf("it says too little:\n%s", plan.Output)
	}

	// The names are asked at the addresses of the inventory.
	w.Write("main.tf", site.Provider()+choose(`location = "R101"`)+
		"resource \"timago_station_kms\" \"room\" {\n  for_each = toset(data.timago_stations.chosen.names)\n  station = each.key\n}\n"+
		"data \"timago_station\" \"one\" {\n  name = \"R101-PC02\"\n}\n")
	w.Apply()
	if values := w.Values(`timago_station_kms.room["R101-PC02"]`); values["location"] != "R101" || values["computer_group"] != "Unterricht" || values["id"] != "r101-pc02" {
		t.Errorf("%v", values)
	}
	if values := w.Values("data.timago_station.one"); values["computer_name"] != "R101-PC02" {
		t.Errorf("%v", values)
	}
}

// One odd cell never keeps the provider from opening.
func TestWhatAnInventoryHoldsThatIsNotUnderstoodIsToldByLineAndColumn(t *testing.T) {
	t.Parallel()
	site := acctest.NewSite(t, acctest.Room(1, world.Station{}))
	w := acctest.NewWorkspace(t, site.Env()...).Built()
	w.Write("stationen.csv", "Bezeichnung;MAC\nR101-PC01;nonsense\n")
	inventory := strings.Replace(site.Provider(), "winrm = {", "inventory = \"stationen.csv\"\n  winrm = {", 1)
	w.Write("main.tf", inventory+choose())
	const odd = "These cells are taken for empty, or their lines left out; everything else is used.\n\n" +
		"line 2, column 11 (MAC): \"nonsense\" is no MAC address\n\nMend the file there, or export it anew in Timago: Stationen > Datenexport."
	warned := func(said []acctest.Diagnostic, summary, detail string) bool {
		return slices.ContainsFunc(said, func(d acctest.Diagnostic) bool { return d.Summary == summary && strings.HasPrefix(d.Detail, detail) })
	}
	if outcome, said := w.Diagnostics("plan"); outcome.Exit != 0 || !warned(said, "Unable to understand all of the inventory stationen.csv", odd) {
		t.Errorf("exit %d, %q", outcome.Exit, said)
	}
	if list := names(t, w); !slices.Equal(list, []string{"R101-PC01"}) {
		t.Errorf("%v", list)
	}
	w.Write("stationen.csv", "Raum;MAC\nR101;02005e100101\n")
	if outcome, said := w.Diagnostics("plan"); outcome.Exit != 1 || !warned(said, "Unable to open site", "inventory: stationen.csv: line 1, column 1: no column for the stations' names") {
		t.Errorf("a file of something else: exit %d, %q", outcome.Exit, said)
	}
	missing := w.Elsewhere("TIMAGO_INVENTORY=keine.csv")
	missing.Write("main.tf", site.Provider()+choose())
	if outcome, said := missing.Diagnostics("plan"); outcome.Exit != 1 || len(said) != 1 || !strings.HasPrefix(said[0].Detail, "inventory: open keine.csv: ") ||
		!strings.Contains(said[0].Detail, "Stationen > Datenexport") {
		t.Errorf("a file that is not there: exit %d, %q", outcome.Exit, said)
	}
	w.Write("stationen.csv", "Bezeichnung;MAC\nR101-PC01;nonsense\n")
	w.Write("main.tf", site.Provider()+"data \"timago_station_export\" \"all\" {\n  path = \"stationen.csv\"\n}\n"+choose("allow_empty = true"))
	if outcome, said := w.Diagnostics("plan"); outcome.Exit != 1 || !warned(said, "Unable to understand all of the export of stations stationen.csv", odd) ||
		!slices.ContainsFunc(said, func(d acctest.Diagnostic) bool {
			return d.Summary == "Unable to list stations" && strings.Contains(d.Detail, "neither endpoint nor inventory is configured")
		}) {
		t.Errorf("exit %d, %q", outcome.Exit, said)
	}
}

func TestAnExportIsRead(t *testing.T) {
	t.Parallel()
	site := acctest.NewSite(t, acctest.Room(1, world.Station{}))
	w := acctest.NewWorkspace(t, site.Env()...).Built()
	w.Write("stationen.csv", export)
	w.Write("main.tf", site.Provider()+"data \"timago_station_export\" \"all\" {\n  path = \"${path.module}/stationen.csv\"\n}\n")
	w.Apply()
	values := w.Values("data.timago_station_export.all")
	if got := fmt.Sprint(values["names"]); got != "[R101-PC02 R101-PC01 R102-LEHRER]" {
		t.Errorf("names: %s", got)
	}
	rows, _ := values["stations"].([]any)
	row, _ := rows[0].(map[string]any)
	for attribute, want := range map[string]any{
		"location": "R101", "mac": "02:00:5E:00:00:02", "online": false, "last_user": "schüler", "client_id": nil, "last_operating_system": "Windows 11",
	} {
		if row[attribute] != want {
			t.Errorf("%s is %v, want %v", attribute, row[attribute], want)
		}
	}
	if got := fmt.Sprint(row["extra"]); got != "map[Storage Up2Date:ja]" {
		t.Errorf("extra: %s", got)
	}
}

// A cell that is not understood is null, and told.
func TestAnOddCellOfAnExportIsTold(t *testing.T) {
	t.Parallel()
	site := acctest.NewSite(t, acctest.Room(1, world.Station{}))
	w := acctest.NewWorkspace(t, site.Env()...).Built()
	w.Write("stationen.csv", "Bezeichnung;MAC\nR101-PC01;02:00:5E:10:01:01\nR101-PC02;no card\n")
	w.Write("main.tf", site.Provider()+"data \"timago_station_export\" \"all\" {\n  path = \"${path.module}/stationen.csv\"\n}\n")
	if said := w.Apply(); !said.Contains("Unable to understand all of the export of stations") || !said.Contains("line 3, column 11 (MAC)") {
		t.Errorf("the odd cell is not told:\n%s", said.Output)
	}
	rows, _ := w.Values("data.timago_station_export.all")["stations"].([]any)
	if odd, _ := rows[1].(map[string]any); len(rows) != 2 || odd["mac"] != nil || odd["name"] != "R101-PC02" {
		t.Errorf("listed are %v", rows)
	}
}

// It would be restarted as two members at once.
func TestAStationThatIsListedTwiceIsRefusedWhereItIsMeant(t *testing.T) {
	t.Parallel()
	site := acctest.NewSite(t, acctest.Classroom(3, world.Station{}, acctest.Counted(30)))
	address := site.PlainAddresses()
	list := filepath.Join(t.TempDir(), "stationen.csv")
	rows := []string{"Bezeichnung;Standort;Adresse", "PC01;R101;" + address[0], "PC02;R102;" + address[1], "PC03;R103;" + address[2], "pc02;R102;" + address[1]}
	if err := os.WriteFile(list, []byte(strings.Join(rows, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	w := acctest.NewWorkspace(t, append(site.Env(), "TIMAGO_INVENTORY="+list)...)
	export := "data \"timago_station_export\" \"all\" {\n  path = \"" + list + "\"\n}\n"
	w.Write("main.tf", site.Provider()+choose()+export+"resource \"timago_station_kms\" \"one\" {\n  station = \"PC01\"\n}\n")
	if got := names(t, w); !slices.Equal(got, []string{"PC01", "PC02", "PC03", "pc02"}) {
		t.Errorf("listed are %v", got)
	}
	w.Plan(0)
	refused := list + " names PC02 more than once, in lines 3 and 5"
	for name, tt := range map[string]struct{ block, summary string }{
		"a station":        {"resource \"timago_station_kms\" \"other\" {\n  station = \"PC02\"\n}\n", "Unable to find station PC02"},
		"a station's data": {"data \"timago_station\" \"other\" {\n  name = \"pc02\"\n}\n", "Unable to read station pc02"},
		"a pool's room":    {"resource \"timago_activation_pool\" \"other\" {\n  name = \"other\"\n  location = \"R102\"\n}\n", "Unable to read activation pool other"},
	} {
		w.Write("other.tf", tt.block)
		outcome, said := w.Diagnostics("apply", "-auto-approve")
		if outcome.Exit != 1 || !slices.ContainsFunc(said, func(d acctest.Diagnostic) bool {
			return d.Summary == tt.summary && strings.Contains(d.Detail, refused) && strings.Contains(d.Detail, "Mend the file")
		}) {
			t.Errorf("%s: exit %d, %q", name, outcome.Exit, said)
		}
	}

	config := site.Direct()
	config["inventory"] = list
	a := &acting{Site: site, Protocol: acctest.NewProtocol(t, config), t: t}
	for summary, where := range map[string]acctest.Values{
		"Unable to restart stations of location R102": {"location": "R102"},
		"Unable to restart station PC02":              {"stations": []string{"PC02"}},
	} {
		a.progress, a.said = a.InvokeAction(t.Context(), restartAction, where, nil)
		a.says("error", summary, refused)
	}
	a.restarted(0)
	a.invoke(restartAction, acctest.Values{"location": "R101"})
	a.well()
	a.restarted(1)
	a.invoke(restartAction, acctest.Values{"stations": []string{"PC01", "pc01"}})
	a.well()
	a.restarted(2)
}
