package activationpool

import (
	"reflect"
	"testing"
)

func TestImportIDs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]importID{
		"R101@kms01/stations=PC01":                         {name: "R101", kmsHost: "kms01", stations: []string{"PC01"}},
		"Room 1@kms01.schule.example:5986/stations=a, b:1": {name: "Room 1", kmsHost: "kms01.schule.example:5986", stations: []string{"a", "b:1"}},
		"a@b@kms01/stations=PC01":                          {name: "a@b", kmsHost: "kms01", stations: []string{"PC01"}},
		"R101@kms01/location=Room / 101":                   {name: "R101", kmsHost: "kms01", location: "Room / 101"},
		"":                                                 {},
		"R101":                                             {},
		"R101/stations=PC01":                               {},
		"@kms01/stations=PC01":                             {},
		"R101@/stations=PC01":                              {},
		"R101@kms01":                                       {},
		"R101@kms01/PC01":                                  {},
		"R101@kms01/location=":                             {},
		"R101@kms01/stations=":                             {},
		"R101@kms01/stations=PC01,,PC02":                   {},
	} {
		id, ok := parseImportID(text)
		if ok != (want.name != "") || ok && !reflect.DeepEqual(id, want) {
			t.Errorf("%q: %+v, %t", text, id, ok)
		}
	}
}
