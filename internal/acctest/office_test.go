package acctest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/timeline"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// officeRoom is the vendor's example with Office on some of its five stations: sharing
// Windows' client machine id or not, asking before Windows, after it, or never.
type officeRoom struct {
	name  string
	on    int
	oneID bool
	asks  time.Duration // after a start; less than 0: never
}

func (r officeRoom) scenario() simulator.Scenario {
	timing := timeline.Timing{Shutdown: time.Second, Boot: 12 * time.Second, Ask: 6 * time.Second, Netlogon: time.Second, Services: time.Second, Spread: 0.2, Jitter: 0.05}
	site := world.Site{Seed: 3, Host: world.Host{Keys: []world.Key{{Key: "windows"}, {Key: "office-2024"}}}}
	for i := range 5 {
		s := world.Station{Name: fmt.Sprintf("PC%02d", i+1), Timing: &timing, Image: world.Image{OneCMID: r.oneID}, Products: []world.Product{{Title: "windows-11-education"}}}
		if i < r.on {
			office := world.Product{Title: "office-2024"}
			if r.asks >= 0 {
				office.Asks = &r.asks
			}
			s.Products = append([]world.Product{office}, s.Products...) // in WMI's order, which says nothing
		}
		site.Stations = append(site.Stations, s)
	}
	return simulator.Scenario{Site: site, WinRM: simulator.WinRM{Password: officePassword}}
}

// officeTimeout leaves room for the two minutes after a start at which Office is asked: by the
// cycle's clock, where a station was seen soon after it.
const officeTimeout = `cycle = { station_timeout = "3m" }`

const officePassword = "of all rooms at once"

// Whatever Office does on whichever stations: Windows lacks 25 counts, five stations ask, and
// 20 restarts make the rest. All rooms are one configuration, each with a KMS host of its own.
func TestOfficeCostsNoRestart(t *testing.T) {
	t.Parallel()
	rooms := []officeRoom{{name: "none"}}
	for _, on := range []int{5, 2} {
		for _, oneID := range []bool{true, false} {
			for how, asks := range map[string]time.Duration{"first": 0, "later": 15 * time.Second, "never": -1} {
				rooms = append(rooms, officeRoom{fmt.Sprintf("on%d_one%t_%s", on, oneID, how), on, oneID, asks})
			}
		}
	}
	w := acctest.NewWorkspace(t, "TIMAGO_WINRM_PASSWORD="+officePassword, "TIMAGO_REPORT=report.html").Built()
	config, sites := acctest.Required, map[string]*acctest.Site{}
	for _, r := range rooms {
		site := acctest.NewSite(t, r.scenario())
		ready := site.Plain()
		sites[r.name] = site
		config += fmt.Sprintf("provider \"timago\" {\n  alias = %q\n  winrm = { username = %q }\n  kms = { host = %q }\n}\n", r.name, ready.WinRM.Username, ready.KMSHost)
		config += strings.NewReplacer(`"room"`, fmt.Sprintf("%q", r.name), `name = "R101"`, fmt.Sprintf("provider = timago.%[1]s\n  name = %[1]q", r.name)).Replace(site.Pool(officeTimeout))
	}
	w.Write("main.tf", config)
	if outcome := w.Run("apply", "-auto-approve", "-no-color", "-parallelism=5"); outcome.Exit != 0 {
		t.Fatalf("apply:\n%s", outcome.Output)
	}
	for _, r := range rooms {
		values := w.Values("timago_activation_pool." + r.name)
		all, byStation := sites[r.name].Restarts()
		if status, shown := values["status"], acctest.At(values, "last_cycle.restarts"); all != 20 || shown != 20.0 || status != "activated" {
			t.Errorf("%s: %d restarts, 20 are needed, %v are shown: %v; %v\n%s", r.name, all, shown, byStation, status, reportOf(w, r.name))
		}
		if count, _ := acctest.At(values, "office.count").(float64); r.on > 0 && count < 5 {
			t.Errorf("%s: Office was not taken care of: its count is %v", r.name, count)
		}
	}
}

// reportOf is what the reports' plain lines tell of a pool: there is one for each provider.
func reportOf(w *acctest.Workspace, pool string) string {
	var lines strings.Builder
	for _, file := range w.Matching("report*.txt") {
		for line := range strings.Lines(w.Read(file)) {
			if strings.Contains(line, " "+pool+": ") {
				lines.WriteString(line)
			}
		}
	}
	return lines.String()
}
