package acctest_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

const (
	hostSource = "data.timago_kms_host.this"
	day        = 24 * time.Hour
	hostBlock  = "data \"timago_kms_host\" \"this\" {\n  %s\n}\n"
)

var noon = time.Date(2026, 9, 7, 12, 0, 0, 0, time.UTC)

// reading is a site of which a configuration only reads.
func reading(t *testing.T, scenario simulator.Scenario, config func(*acctest.Site) string) story {
	t.Helper()
	site := acctest.NewSite(t, scenario)
	s := story{site, acctest.NewWorkspace(t, site.Env()...), t}
	s.Write("main.tf", s.Provider()+config(site))
	return s
}

// reads checks attributes of a data source in the state, dotted paths by value.
func (s story) reads(source string, want map[string]any) {
	s.t.Helper()
	values := s.Values(source)
	if values == nil {
		s.t.Fatalf("%s is not in the state", source)
	}
	for path, expected := range want {
		if got := acctest.At(values, path); got != expected {
			s.t.Errorf("%s is %v, want %v", path, got, expected)
		}
	}
}

// entry is one object of a list attribute.
func (s story) entry(source, list string, at int) map[string]any {
	s.t.Helper()
	entries, _ := s.Values(source)[list].([]any)
	if at >= len(entries) {
		s.t.Fatalf("%s has %d entries", list, len(entries))
	}
	object, _ := entries[at].(map[string]any)
	return object
}

func host(lines ...string) func(*acctest.Site) string {
	return func(*acctest.Site) string { return fmt.Sprintf(hostBlock, strings.Join(lines, "\n  ")) }
}

// knocks are the connections to the KMS host's own port, with what was said over each.
func (s story) knocks() (said []string) {
	for _, e := range s.Log(0) {
		if e.Kind == simulator.KindKMSPort {
			said = append(said, e.Detail)
		}
	}
	return said
}

func TestAKMSHostIsReadInDepth(t *testing.T) {
	t.Parallel()
	const shared = "36f27b39-2fd5-440b-be67-a09996d27a38"
	scenario := acctest.Classroom(2, world.Station{Counted: true, Image: world.Image{CMID: shared}}, world.Host{
		Keys: []world.Key{
			{Key: "windows", Counted: []world.Counted{{Number: 30, Age: 20 * day, Over: 5 * day}}},
			{Key: "office-2024", NotActivated: true, NoData: true},
		},
	})
	scenario.Start = noon
	s := reading(t, scenario, host())
	s.Apply()
	s.Until("somebody was at the KMS port", func() bool { return len(s.knocks()) > 0 })
	if said := s.knocks(); slices.ContainsFunc(said, func(said string) bool { return said != "0 bytes were said" }) {
		t.Errorf("over the KMS port: %q", said)
	}
	// 31 ids: below 25 when the seventh has left. Windows writes its events by the second.
	over := float64(5 * day)
	due := noon.Add(-20*day - time.Duration(over*23/29)).Truncate(time.Second).Add(30 * day)
	s.reads(hostSource, map[string]any{
		"is_kms_host": true, "host": s.Plain().KMSHost, "port": float64(s.KMSPort()), "reachable": true, "unreachable_reason": nil,
		"dns_publishing": true, "domain": nil, "dns_name": nil, "dns_records": nil,
		"windows.count": 31.0, "windows.threshold": 25.0, "windows.licensed": true, "windows.forecast_reason": nil,
		"windows.renewal_due": due.Format(time.RFC3339),
		"office.count":        nil, "office.licensed": false, "office.forecast": nil, "office.renewal_due": nil,
		"office.forecast_reason": "the KMS host gives no count for it",
		"started":                noon.Add(-9 * day).Format(time.RFC3339), "log_error": nil,
		"log_since": noon.Add(-25 * day).Format(time.RFC3339),
	})
	windows, office := s.entry(hostSource, "products", 0), s.entry(hostSource, "products", 1)
	for path, want := range map[string]any{
		"product": "windows", "channel": "Volume:CSVLK", "status": "Licensed", "reason": nil, "count": 31.0, "threshold": 25.0,
		"counters.total": 32.0, "counters.oob_grace": 32.0, "counters.failed": 0.0,
	} {
		if got := acctest.At(windows, path); got != want {
			t.Errorf("Windows: %s is %v, want %v", path, got, want)
		}
	}
	if office["licensed"] != false || office["count"] != nil || acctest.At(office, "counters.total") != nil ||
		office["reason"] != "Notification: the grace period is over (0xC004F009)" {
		t.Errorf("Office: %v", office)
	}
	steps, _ := acctest.At(s.Values(hostSource), "windows.forecast").([]any)
	if len(steps) != 32 {
		t.Errorf("%d steps, want one for each of the 31 that leave", len(steps))
	}
	clone := s.entry(hostSource, "shared_cmids", 0)
	clients, _ := clone["clients"].([]any)
	if clone["cmid"] != shared || !slices.Equal(clients, []any{"PC01", "PC02"}) {
		t.Errorf("shared: %v", clone)
	}
	if strings.Contains(s.Read("terraform.tfstate"), "4294967295") {
		t.Error("no data is shown as a number")
	}
	if made, _ := s.Restarts(); made != 0 || s.Happened(world.KindActivate) != 0 {
		t.Error("reading changed something")
	}
}

func TestTheForecastComesTrueAtTheSite(t *testing.T) {
	t.Parallel()
	s := reading(t, acctest.Classroom(1, world.Station{Off: true}, world.Host{
		Keys: []world.Key{{Key: "windows", Counted: []world.Counted{{Number: 30, Age: 20 * day, Over: 5 * day}}}},
	}), host())
	s.Apply()
	due, err := time.Parse(time.RFC3339, fmt.Sprint(acctest.At(s.Values(hostSource), "windows.renewal_due")))
	if err != nil {
		t.Fatal(err)
	}
	s.World.Advance(due.Sub(s.World.Now()) + time.Hour) // the site's clock runs on meanwhile
	s.Apply()
	s.reads(hostSource, map[string]any{"windows.count": 24.0})
	if steps, _ := acctest.At(s.Values(hostSource), "windows.forecast").([]any); len(steps) != 25 {
		t.Errorf("%d steps", len(steps))
	}
}

func TestALogThatIsTooShortGivesItsReason(t *testing.T) {
	t.Parallel()
	described := acctest.Counted(30)
	described.LogSize = 10
	s := reading(t, acctest.Classroom(1, world.Station{}, described), host())
	s.Apply()
	s.reads(hostSource, map[string]any{"windows.count": 30.0, "windows.forecast": nil, "windows.renewal_due": nil})
	reason := fmt.Sprint(acctest.At(s.Values(hostSource), "windows.forecast_reason"))
	if !strings.Contains(reason, "shows 10 client machine ids for Windows, and it counts 30: the log is too short") {
		t.Errorf("the reason: %s", reason)
	}
}

func TestAStationIsNoKMSHost(t *testing.T) {
	t.Parallel()
	s := reading(t, acctest.Classroom(1, world.Station{}, world.Host{}), func(s *acctest.Site) string {
		return host(fmt.Sprintf("host = %q", s.PlainAddresses()[0]))(s)
	})
	s.Apply()
	s.reads(hostSource, map[string]any{"is_kms_host": false, "windows": nil, "office": nil, "log_since": nil})
}

// What is not known of a host is an error, never a count of 0.
func TestAHostThatTellsNothing(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		host   world.Host
		config func(*acctest.Site) string
		says   []string
	}{
		"without rights":   {world.Host{Denied: true}, host(), []string{"Unable to read KMS host", "access denied", "administrator rights"}},
		"nobody there":     {world.Host{}, host(`host = "127.0.0.1:1"`), []string{"Unable to read KMS host 127.0.0.1:1", "says nothing about its counts", "Test-WSMan"}},
		"a name without a": {world.Host{}, host(`host = ""`), []string{"string length must be at least 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := reading(t, acctest.Classroom(1, world.Station{}, tt.host), tt.config)
			plan := s.Plan(1)
			for _, said := range tt.says {
				if !plan.Contains(said) {
					t.Errorf("it does not say %q:\n%s", said, plan.Output)
				}
			}
		})
	}
}

// The examples of the documentation, at a site where nothing is wrong and at one where
// everything is.
func TestTheExamplesWarnOfWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		station world.Station
		key     world.Key
		says    []string
	}{
		"nothing is wrong": {world.Station{Licensed: true}, world.Key{Key: "windows", Counted: []world.Counted{{Number: 30, Age: time.Hour}}}, nil},
		"everything is": {
			world.Station{Counted: true, Image: world.Image{CMID: "36f27b39-2fd5-440b-be67-a09996d27a38"}},
			world.Key{Key: "windows", Counted: []world.Counted{{Number: 23, Age: 25 * day}}},
			[]string{
				"Machines that count as one; PC01, PC02", "The count of Windows falls below 25 on ",
				"Windows(R), Education edition: OOBGrace: the KMS host's count is below the threshold (0xC004F038)",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scenario := acctest.Classroom(2, tt.station, world.Host{Keys: []world.Key{tt.key}})
			s := reading(t, scenario, func(s *acctest.Site) string {
				var config strings.Builder
				for source, machine := range map[string][2]string{
					"timago_kms_host": {"kms01.schule.example", s.Plain().KMSHost}, "timago_station": {"R101-PC01", s.PlainAddresses()[0]},
				} {
					example, err := os.ReadFile("../../examples/data-sources/" + source + "/data-source.tf")
					if err != nil {
						t.Fatal(err)
					}
					config.WriteString(strings.ReplaceAll(string(example), machine[0], machine[1]))
				}
				return config.String()
			})
			plan := s.Plan(0)
			if tt.says == nil && plan.Contains("Check block assertion") {
				t.Errorf("it warns:\n%s", plan.Output)
			}
			for _, said := range tt.says {
				if !plan.Contains(said) {
					t.Errorf("it does not say %q:\n%s", said, plan.Output)
				}
			}
		})
	}
}

// As long as the provider's configuration is not known nothing is asked, and nothing
// fails; the next plan reads.
func TestDataSourcesWaitForTheProvider(t *testing.T) {
	t.Parallel()
	s := reading(t, acctest.Classroom(1, world.Station{}, acctest.Counted(30)), func(*acctest.Site) string { return "" })
	username := fmt.Sprintf("%q", s.Plain().WinRM.Username)
	config := strings.Replace(s.Provider(), "username = "+username, "username = terraform_data.account.output", 1) +
		"resource \"terraform_data\" \"account\" {\n  input = " + username + "\n}\n"
	s.Write("main.tf", config+host()(s.Site)+stationBlock(s.PlainAddresses()[0])+choose())
	plan := s.Plan(1)
	for _, said := range []string{
		"Error: Unable to read KMS host", "Error: Unable to read station", "Error: Unable to list stations", "configuration is not known yet", "depends_on", "-target",
	} {
		if !plan.Contains(said) {
			t.Errorf("it does not say %q:\n%s", said, plan.Output)
		}
	}
	s.Write("main.tf", config+host("depends_on = [terraform_data.account]")(s.Site))
	s.Apply()
	s.reads(hostSource, map[string]any{"windows.count": 30.0})
}
