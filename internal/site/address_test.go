package site

import "testing"

func TestABareNameIsCompletedByTheDomainSuffix(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"R101-PC01":                "R101-PC01.schule.example",
		"R101-PC01:5986":           "R101-PC01.schule.example:5986",
		"R101-PC01.other.example":  "R101-PC01.other.example",
		"192.0.2.7":                "192.0.2.7",
		"192.0.2.7:5986":           "192.0.2.7:5986",
		"[2001:db8::7]:5986":       "[2001:db8::7]:5986",
		"2001:db8::7":              "2001:db8::7",
		"localhost:5985":           "localhost:5985",
		"kms01.schule.example:443": "kms01.schule.example:443",
	} {
		if got := (&Site{suffix: "schule.example"}).complete(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		if got := (&Site{}).complete(name); got != name {
			t.Errorf("without a suffix %s becomes %s", name, got)
		}
	}
}
