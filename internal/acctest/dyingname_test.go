package acctest_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// A name that is taken out of DNS while its station restarts keeps nobody else: the others
// make what is missing, and the name is shown with what DNS says.
func TestANameThatDiesInTheMiddle(t *testing.T) {
	t.Parallel()
	site := acctest.NewSite(t, acctest.Classroom(3, world.Station{}, acctest.Counted(17)))
	s := story{site, acctest.NewWorkspace(t, site.Env()...), t}
	var members []string
	for i, address := range s.PlainAddresses() {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("dies-pc%02d.test", i+1)
		acctest.Names.Give(name, at.Addr())
		t.Cleanup(func() { acctest.Names.Take(name) })
		members = append(members, fmt.Sprintf("%s:%d", name, at.Port()))
	}
	s.Write("main.tf", s.Provider()+fmt.Sprintf("resource \"timago_activation_pool\" \"room\" {\n  name = \"R101\"\n  stations = [%q, %q, %q]\n  cycle = { station_timeout = \"20s\" }\n}\n", members[0], members[1], members[2]))
	run := s.Start("apply", "-auto-approve", "-no-color")
	s.Until("a station that was not the first is restarted", func() bool {
		all, byStation := s.Restarts()
		return all >= 2 && byStation["PC03"] > 0
	})
	name, _, _ := strings.Cut(members[2], ":")
	acctest.Names.Take(name)
	_, before := s.Restarts()
	outcome := run.Wait()
	if _, after := s.Restarts(); outcome.Exit != 0 || after["PC03"] > before["PC03"] || after["PC01"]+after["PC02"] == 0 {
		t.Errorf("exit %d, restarts %v and then %v:\n%s", outcome.Exit, before, after, outcome.Output)
	}
	s.shows(map[string]any{"status": "activated", "windows.count": 25.0})
	left, _ := acctest.At(s.Values(room), "last_cycle.left_out").(map[string]any)
	if reason, _ := left[members[2]].(string); !strings.Contains(reason, "no such host") || !outcome.Contains(members[2]) {
		t.Errorf("it is shown with %q, of %v:\n%s", reason, slices.Collect(func(yield func(string) bool) {
			for member := range left {
				yield(member)
			}
		}), outcome.Output)
	}
	if plan := s.Plan(0); !plan.Contains("1 of the 3 members of activation pool R101 has a name that is not known") {
		t.Errorf("the next plan says nothing of the name:\n%s", plan.Output)
	}
}
