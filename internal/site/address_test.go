package site

import (
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/winrm"
)

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

func TestTheKMSHostsOwnAccountHasADomainSuffixOfItsOwn(t *testing.T) {
	t.Parallel()
	account := &winrm.Config{Username: `SCHULE\kms-admin`, Password: "secret"}
	for _, tt := range []struct {
		own        *winrm.Config
		ownSuffix  string
		want, what string
	}{
		{nil, "", "kms01.schule.example", "the stations' account"},
		{account, "verwaltung.example", "kms01.verwaltung.example", "its own suffix"},
		{account, ".verwaltung.example", "kms01.verwaltung.example", "written with its dot"},
		{account, "", "kms01", "none: nothing is taken over"},
	} {
		s, err := Open(Config{WinRM: account, DomainSuffix: "schule.example", HostWinRM: tt.own, HostSuffix: tt.ownSuffix})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		if got := s.At("kms01").ID(); got != tt.want {
			t.Errorf("%s: the KMS host is %s, want %s", tt.what, got, tt.want)
		}
		if got, err := s.address(t.Context(), "R101-PC01"); got != "R101-PC01.schule.example" || err != nil {
			t.Errorf("%s: a station is %s (%v)", tt.what, got, err)
		}
		if _, err := s.At("kms01").Clock(t.Context()); err == nil || !strings.Contains(err.Error(), tt.want+":5985 ") {
			t.Errorf("%s: the host is asked elsewhere: %v", tt.what, err)
		}
	}
}

// What completing makes of a name is that name with the suffix behind its host, or the name.
func FuzzComplete(f *testing.F) {
	for _, seed := range []string{"R101-PC01", "R101-PC01:5986", "[2001:db8::7]:5986", "2001:db8::7", "localhost:5985", ":1", "[]:", "a:b:c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		const suffix = ".schule.example"
		got := Complete(name, suffix[1:])
		bare := strings.NewReplacer("[", "", "]", "").Replace
		if got != name && bare(strings.Replace(got, suffix, "", 1)) != bare(name) {
			t.Errorf("%q becomes %q", name, got)
		}
		if again := Complete(got, suffix[1:]); again != got {
			t.Errorf("%q becomes %q, and that %q", name, got, again)
		}
	})
}
