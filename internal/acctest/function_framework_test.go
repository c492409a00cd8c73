package acctest_test

import (
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/timago/terraform-provider-timago/internal/acctest"
)

func TestRestartsNeededInAConfiguration(t *testing.T) {
	t.Parallel()
	const required = acctest.Required
	null := "null"
	if !acctest.Is("Terraform") {
		null = "coalesce(null, 0)" // OpenTofu 1.12 leaves an argument that is null out of its call
	}
	of := func(arguments string) string {
		return required + "resource \"terraform_data\" \"members\" {\n  input = 5\n}\noutput \"needed\" {\n  value = provider::timago::restarts_needed(" + arguments + ")\n}\n"
	}
	needed := func(each, total int64) []statecheck.StateCheck {
		return []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("needed", knownvalue.ObjectExact(map[string]knownvalue.Check{
			"per_station": knownvalue.Int64Exact(each), "total": knownvalue.Int64Exact(total),
		}))}
	}
	acctest.Steps(t, nil,
		resource.TestStep{ // a number that is not known before the apply
			Config:            of("terraform_data.members.output, 25, 1"),
			ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectUnknownOutputValue("needed")}},
			ConfigStateChecks: needed(5, 24),
		},
		resource.TestStep{Config: of("0, 25, 1"), ExpectError: regexp.MustCompile(`(?s)members\s+must\s+be\s+at\s+least\s+1`)},
		resource.TestStep{Config: of("4, 25, " + null), ConfigStateChecks: needed(7, 25)},
		resource.TestStep{Config: of("5, 25, 30"), ConfigStateChecks: needed(0, 0)},
	)
}
