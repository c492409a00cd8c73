package activationpool

import (
	"slices"
	"testing"
)

func TestImportIDs(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]struct {
		name, host string
		stations   []string
	}{
		"R101@kms01/stations=PC01":                         {"R101", "kms01", []string{"PC01"}},
		"Room 1@kms01.schule.example:5986/stations=a, b:1": {"Room 1", "kms01.schule.example:5986", []string{"a", "b:1"}},
		"a@b@kms01/stations=PC01":                          {"a@b", "kms01", []string{"PC01"}},
		"":                                                 {},
		"R101":                                             {},
		"R101/stations=PC01":                               {},
		"@kms01/stations=PC01":                             {},
		"R101@/stations=PC01":                              {},
		"R101@kms01/stations=":                             {},
		"R101@kms01/stations=PC01,,PC02":                   {},
	} {
		name, host, stations, ok := parseImportID(id)
		if ok != (want.name != "") || ok && (name != want.name || host != want.host || !slices.Equal(stations, want.stations)) {
			t.Errorf("%q: %q, %q, %q, %t", id, name, host, stations, ok)
		}
	}
}
