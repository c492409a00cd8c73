package acctest_test

import (
	"testing"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

func TestAClosedKMSPortIsTold(t *testing.T) {
	t.Parallel()
	s := begin(t, 2, world.Station{}, acctest.Counted(24))
	const told = "The KMS port of "
	if plan := s.Plan(2); plan.Contains(told) {
		t.Errorf("it is open:\n%s", plan.Output)
	}
	s.Inject(world.Fault{Name: world.KMSAway})
	closed := s.Plan(2)
	for _, said := range []string{told + "127.1.0.1 is not reachable", "refused", "sppsvc"} {
		if !closed.Contains(said) {
			t.Errorf("it does not say %q:\n%s", said, closed.Output)
		}
	}
	s.Saw(world.KMSAway)
	s.World.Heal(world.KMSAway)
	if plan := s.Plan(2); plan.Contains(told) {
		t.Errorf("it is open again:\n%s", plan.Output)
	}
	s.Apply()
	if len(s.knocks()) == 0 {
		t.Error("nobody was at the KMS port")
	}
}
