package acctest_test

import (
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// triggers has a lesson trigger an action before it begins.
func triggers(action, name string, lines ...string) string {
	return actionBlock(action, name, lines...) + "resource \"terraform_data\" \"lesson\" {\n  lifecycle {\n    action_trigger {\n" +
		"      events  = [before_create]\n      actions = [action." + action + "." + name + "]\n    }\n  }\n}\n"
}

func TestEveryActionIsTriggered(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, "actions", acctest.Terraform(14))
	for action, tt := range map[string]struct {
		like    world.Station
		api     bool
		happens world.Kind
	}{
		restartAction:  {world.Station{}, false, world.KindReady},
		activateAction: {silentWindows, false, world.KindActivate},
		imageAction:    {without, true, world.KindReady},
		wakeAction:     {world.Station{Off: true}, true, world.KindReady},
	} {
		t.Run(action, func(t *testing.T) {
			scenario := acctest.Room(2, tt.like)
			scenario.Host = acctest.Counted(30)
			s := acctest.NewAPISite(t, scenario, acctest.Speed)
			config, env := s.Provider(), s.Env()
			lines := []string{"stations = " + hclStrings(s.PlainAddresses())}
			if tt.api {
				config, env, lines = s.APIProvider(), s.APIEnv(), []string{`location = "R101"`}
			}
			acctest.Steps(t, env, resource.TestStep{
				Config: config + triggers(action, "room", lines...),
				PostApplyFunc: func() {
					if got := s.Happened(tt.happens); got != 2 {
						t.Errorf("%s happened %d times, want 2", tt.happens, got)
					}
				},
			})
		})
	}
}

// What an action may not be asked is refused before the lesson begins.
func TestAnActionThatIsRefusedStopsTheLesson(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, "actions", acctest.Terraform(14))
	s := acctest.NewSite(t, acctest.Classroom(1, world.Station{}, acctest.Counted(30)))
	acctest.Steps(t, s.Env(), resource.TestStep{
		Config:      s.Provider() + triggers(imageAction, "room", "stations = "+hclStrings(s.PlainAddresses())),
		ExpectError: regexp.MustCompile(`(?s)in\s+Timago's\s+own\s+window`),
	})
	restarted(t, s, 0)()
}
