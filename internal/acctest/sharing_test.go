package acctest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// Ten pools on one KMS host, each of which shares stations with the next: a plan reads the
// host once, and each station once.
func TestPoolsShareOneReadOfTheirHostAndTheirStations(t *testing.T) {
	t.Parallel()
	s := begin(t, 12, world.Station{Licensed: true}, acctest.Counted(30))
	addresses := s.PlainAddresses()
	var pools strings.Builder
	for i := range 10 {
		fmt.Fprintf(&pools, "resource \"timago_activation_pool\" \"p%d\" {\n  name = \"P%d\"\n  stations = [%q, %q, %q]\n}\n", i, i, addresses[i], addresses[i+1], addresses[i+2])
	}
	s.Write("main.tf", s.Provider()+pools.String()+"data \"timago_kms_host\" \"site\" {}\n")
	s.Apply()
	before := s.State().Wire
	s.Plan(0)
	after := s.State().Wire
	if asked := after["kms01"].Operations - before["kms01"].Operations; asked == 0 || asked > 6 {
		t.Errorf("the host was asked %d times, where one read takes five requests, and a first logon one more", asked)
	}
	all := 0
	for _, name := range s.World.Names()[:12] {
		asked, logons := after[name].Operations-before[name].Operations, after[name].Logons-before[name].Logons
		if all += asked; asked < 3 || logons != 1 {
			t.Errorf("%s was asked %d times in %d logons", name, asked, logons)
		}
	}
	if all > 12*3+1 {
		t.Errorf("12 stations were asked %d times, where one read takes three requests, and the first logon one more", all)
	}
}
