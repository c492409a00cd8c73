package activationpool

import (
	"reflect"
	"slices"
	"strings"
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

// What is taken for an id says all of it again, and nothing else.
func FuzzImportID(f *testing.F) {
	for _, seed := range []string{"R101@kms01/stations=PC01", "Room 1@kms01.schule.example:5986/stations=a, b:1", "a@b@kms01/location=Room / 101", "R101@/stations=", "@@//==,,"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, ok := parseImportID(text)
		if !ok {
			return
		}
		members := "location=" + id.location
		if id.location == "" {
			members = "stations=" + strings.Join(id.stations, ",")
		}
		again, ok := parseImportID(id.name + "@" + id.kmsHost + "/" + members)
		if !ok || !reflect.DeepEqual(again, id) {
			t.Errorf("%q says %+v, which says %+v, %t", text, id, again, ok)
		}
		if id.name == "" || id.kmsHost == "" || (id.location == "") != (len(id.stations) > 0) || slices.Contains(id.stations, "") {
			t.Errorf("%q says %+v", text, id)
		}
	})
}
