package site

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// listed is a site in direct mode with an inventory.
func listed(t *testing.T) *Site {
	t.Helper()
	file := filepath.Join(t.TempDir(), "stationen.csv")
	content := "Bezeichnung;Standort;MAC-Adresse;Adresse;Client\n" +
		"R101-PC01;R101;02-00-5E-10-01-01;;{2D4D7FDE-E2C3-4AD2-9E58-E55BECA11F18}\n" +
		"R101-PC02;R101;;192.0.2.7:5986;\n"
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open(Config{
		WinRM: &winrm.Config{Username: `SCHULE\kms-admin`, Password: "secret", Auth: winrm.AuthNTLM}, DomainSuffix: "schule.example", Inventory: file,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestAStationIsListedUnderEveryNameThatItHas(t *testing.T) {
	t.Parallel()
	s := listed(t)
	for asked, want := range map[string]string{
		"r101-pc01":                            "R101-PC01",
		"R101-PC01.schule.example":             "R101-PC01",
		"2d4d7fde-e2c3-4ad2-9e58-e55beca11f18": "R101-PC01",
		"192.0.2.7:5986":                       "R101-PC02",
		"R101-PC02":                            "R101-PC02",
		"R101-PC03":                            "",
		"192.0.2.7":                            "", // another port
		"":                                     "",
	} {
		if got, known := s.Listed(asked); got.Name != want || known != (want != "") {
			t.Errorf("%q is %q", asked, got.Name)
		}
	}
}

func TestAListedStationIsAskedAtItsAddress(t *testing.T) {
	t.Parallel()
	s := listed(t)
	for name, want := range map[string]string{
		"R101-PC01": "R101-PC01.schule.example",
		"R101-PC02": "192.0.2.7:5986",
		"R101-PC03": "R101-PC03.schule.example",
	} {
		if got, err := s.address(t.Context(), name); got != want || err != nil {
			t.Errorf("%s is asked at %s (%v), want %s", name, got, err, want)
		}
	}
}

func TestOneAddressIsWrittenInSeveralWays(t *testing.T) {
	t.Parallel()
	s := listed(t)
	for other, want := range map[string]bool{"r101-pc01.SCHULE.example": true, "R101-PC01": true, "R101-PC01:5986": false, "R101-PC02": false} {
		if s.SameAddress("R101-PC01", other) != want {
			t.Errorf("%s: the same as R101-PC01: %t", other, !want)
		}
	}
}

func TestAStationHasOneKey(t *testing.T) {
	t.Parallel()
	s := listed(t)
	for name, want := range map[string]string{
		"R101-PC01": "r101-pc01.schule.example", "r101-pc01": "r101-pc01.schule.example", "R101-PC01.Schule.example": "r101-pc01.schule.example",
		"2d4d7fde-e2c3-4ad2-9e58-e55beca11f18": "r101-pc01.schule.example",
		"R101-PC02":                            "192.0.2.7:5986", "192.0.2.7:5986": "192.0.2.7:5986",
		"R101-PC03": "r101-pc03.schule.example",
	} {
		if got := s.Key(t.Context(), name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
