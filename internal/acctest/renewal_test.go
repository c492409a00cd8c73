package acctest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator/catalogue"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// aged is a KMS host that counted 20 others two days ago and 5 so many days ago.
func aged(days int) world.Host {
	return world.Host{Keys: []world.Key{{Key: "windows", Counted: []world.Counted{
		{Number: 20, Age: 2 * day}, {Number: 5, Age: time.Duration(days) * day},
	}}}}
}

func TestACountThatWillFallIsRenewedInTime(t *testing.T) {
	t.Parallel()
	s := begin(t, 3, world.Station{Licensed: true}, aged(16), `early_renewal = "168h"`)
	s.Apply() // 28 are counted; 5 of them leave in 14 days
	s.shows(map[string]any{"status": "activated", "ready_for_renewal": false, "windows.count": 28.0})
	s.World.Advance(5 * day) // in 9 days
	s.Plan(0)
	s.World.Advance(4 * day) // in 5 days
	plan := s.Plan(2)
	for _, said := range []string{"ready_for_renewal = true -> false", "needs about 2 restarts on 3 stations", "which is within early_renewal"} {
		if !plan.Contains(said) {
			t.Errorf("the plan does not say %q:\n%s", said, plan.Output)
		}
	}
	before, _ := s.Restarts()
	s.Apply()
	if after, _ := s.Restarts(); after-before != 2 {
		t.Errorf("%d restarts for the renewal, want 2", after-before)
	}
	s.shows(map[string]any{"status": "activated", "ready_for_renewal": false})
	s.World.Advance(6 * day)
	s.Plan(0) // the 5 have left, and it holds
}

func TestWithoutALogNothingIsForecast(t *testing.T) {
	t.Parallel()
	host := aged(25)
	host.Keys[0].Counted[1].Unlogged = true
	s := begin(t, 1, world.Station{Licensed: true}, host, `early_renewal = "168h"`)
	outcome := s.Apply()
	if !outcome.Contains("Unable to forecast activation pool R101") || !outcome.Contains("the log is too short") {
		t.Errorf("it does not say why:\n%s", outcome.Output)
	}
	s.shows(map[string]any{"status": "activated", "ready_for_renewal": false, "renewal_due": nil})
}

func TestOnePlanReportsAllThatStandsInTheWay(t *testing.T) {
	t.Parallel()
	host := world.Host{Skew: -6 * time.Hour, Keys: []world.Key{{Key: "windows", NotActivated: true}}}
	s := begin(t, 2, world.Station{Image: world.Image{CMID: "36f27b39-2fd5-440b-be67-a09996d27a38", KeepsCMID: true}}, host,
		`thresholds = { windows = 25, office = 5 }`, `cycle = { max_restarts_per_station = 2 }`)
	plan := s.Plan(1)
	for _, said := range []string{
		"Error: The key for Windows of KMS host", "is not activated", "Error: KMS host", "has no key for Office",
		"leave the product out with thresholds = { office = 0 }", "Warning: Windows lacks 25 counts",
		"Warning: The clocks of 2 members and of KMS host", "Warning: 2 members share 1 client machine id",
	} {
		if !plan.Contains(said) {
			t.Errorf("the plan does not say %q:\n%s", said, plan.Output)
		}
	}
	s.made(0, 0)
}

func TestMembersThatCanNeverCountAreNamed(t *testing.T) {
	t.Parallel()
	for means, said := range map[catalogue.Means]string{
		catalogue.ByMAK: "multiple activation key (MAK)", catalogue.ByRetail: "CSP licences contain no KMS key",
		catalogue.ByOEM: "pre-installed (OEM) key", catalogue.ByActiveDirectory: "activated through Active Directory",
	} {
		t.Run(string(means), func(t *testing.T) {
			t.Parallel()
			title := "windows-11-enterprise"
			s := begin(t, 2, world.Station{Products: []world.Product{{Title: title, By: means}}}, world.Host{})
			plan := s.Plan(1)
			if !plan.Contains("Error: 2 of 2 members can never be counted by a KMS host") || !plan.Contains(said) {
				t.Errorf("the plan does not say %q:\n%s", said, plan.Output)
			}
			if strings.Contains(plan.Output, "4294967295") {
				t.Error("no data is shown as a number")
			}
		})
	}
}
