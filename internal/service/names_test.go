package service_test

import (
	"testing"

	"github.com/timago/terraform-provider-timago/internal/service"
)

func TestTwoPoolsOfOneNameAreToldFromOneThatIsReplaced(t *testing.T) {
	t.Parallel()
	type pool struct {
		of    string
		fresh bool
	}
	for name, tt := range map[string]struct {
		pools []pool
		twice bool // the last of them
	}{
		"one that is new":        {[]pool{{"PC01", true}}, false},
		"one that is replaced":   {[]pool{{"PC01", false}, {"PC01", true}}, false},
		"two of other stations":  {[]pool{{"PC01", true}, {"PC02", false}}, true},
		"a block that is copied": {[]pool{{"PC01", true}, {"PC01", true}}, true},
		"two that exist":         {[]pool{{"PC01", false}, {"PC01", false}}, true},
	} {
		names, twice := service.NewNames(), false
		for _, p := range tt.pools {
			twice = names.Twice("R101", p.of, p.fresh)
		}
		if twice != tt.twice {
			t.Errorf("%s: %t", name, twice)
		}
		if names.Twice("R102", "PC01", true) {
			t.Errorf("%s: another name", name)
		}
	}
}
