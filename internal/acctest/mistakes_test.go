package acctest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// What a new user gets wrong, with all that is said of it: it names the attribute and the remedy.
func TestWhatNewUsersGetWrong(t *testing.T) {
	t.Parallel()
	site := acctest.NewSite(t, acctest.Classroom(2, world.Station{Licensed: true}, acctest.Counted(25)))
	const inventory = "stationen.csv"
	provider := strings.Replace(site.Provider(), "winrm = {", "inventory = \""+inventory+"\"\n  winrm = {", 1)
	one, other := site.PlainAddresses()[0], site.PlainAddresses()[1]
	pool := func(label string, lines ...string) string {
		return fmt.Sprintf("resource \"timago_activation_pool\" %q {\n  name = \"R101\"\n  thresholds = { windows = 25 }\n  %s\n}\n", label, strings.Join(lines, "\n  "))
	}
	stations := fmt.Sprintf("stations = [%q]", one)
	for name, tt := range map[string]struct {
		config string
		env    []string
		want   string
	}{
		"an empty list": {pool("room", "stations = []"), site.Env(), "error: Nothing is named\n" +
			"stations: it is empty. Name at least one station, or set location in its place."},
		"null in a list": {pool("room", `stations = ["PC01", null]`), site.Env(), "error: An element is null\n" +
			"stations: one of the elements is null. compact([…]) leaves out what is null."},
		"an object in which nothing is set": {pool("room", stations, "cycle = { when_inuse = \"skip\" }"), site.Env(), "error: Nothing is set\n" +
			"cycle: nothing is set in it. Set after, ignore_users, max_parallel, max_restarts_per_station, method, spread, station_timeout, wake, wake_broadcast or when_in_use, or leave it out. " +
			"Terraform drops a misspelt name inside braces and says nothing."},
		"days as a unit": {pool("room", stations, `early_renewal = "7d"`), site.Env(), "error: Not a duration\n" +
			`early_renewal: "7d" is no duration. The units are h, m and s: write "168h".`},
		"a window without days": {
			pool("room", stations, `maintenance_window = { start = "22:00", end = "06:00", timezone = "Europe/Berlin" }`), site.Env(), "error: Incorrect attribute value type\n" +
				`Inappropriate value for attribute "maintenance_window": attribute "days" is required.`,
		},
		"one station twice": {pool("room", `stations = ["PC01", "pc01"]`), site.Env(), "error: One station twice\n" +
			"stations: pc01 is named twice, since case makes no difference. Keep one of them."},
		"no password": {pool("room", stations), nil, "error: Missing WinRM password\n" +
			"Windows is asked over WinRM, and no password is configured.\n\n" +
			"Set winrm.password in the provider block or the environment variable TIMAGO_WINRM_PASSWORD."},
		"a station misspelt": {pool("room", fmt.Sprintf("stations = [%q, %q, \"PC20.invalid\"]", one, other)), site.Env(),
			"warning: 1 of the 3 members of activation pool R101 has a name that is not known\n" +
				"stations: DNS does not know them, so that they cannot be asked, and nothing waits for them:\n" +
				"  - PC20.invalid: the inventory lists no such station; did you mean PC02?\n\n" +
				"Write them as the inventory does. Where it is right, see that DNS knows them, or give their address in its column Adresse."},
		"a room that is none": {pool("room", `location = "R110"`), site.Env(), "error: Unable to read activation pool R101\n" +
			`The stations of location "R110" were looked up.` + "\n\n" +
			`location "R110": not found in stationen.csv, which lists: R101` + "\n\n" +
			"Compare with its column Standort."},
		"one name for two pools": {pool("room", stations) + pool("other", stations), site.Env(), "warning: Two pools are named R101\n" +
			"name: a pool's name is the label by which messages, reports and imports tell it from others. Give each pool its own."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.NewWorkspace(t, tt.env...).Built()
			w.Write(inventory, "Bezeichnung;Standort\nPC01;R101\nPC02;R101\n")
			w.Write("main.tf", provider+tt.config)
			_, said := w.Diagnostics("plan")
			var texts []string
			for _, s := range said {
				texts = append(texts, s.Severity+": "+s.Summary+"\n"+s.Detail)
			}
			if !slices.Equal(texts, []string{tt.want}) {
				t.Errorf("it says\n%s\nwant\n%s", strings.Join(texts, "\nand\n"), tt.want)
			}
		})
	}
}
