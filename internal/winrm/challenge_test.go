package winrm

import (
	"reflect"
	"strings"
	"testing"
)

func TestChallengesAreReadAsTheStandardHasThem(t *testing.T) {
	t.Parallel()
	for line, want := range map[string][]authChallenge{
		"":                    nil,
		"Negotiate":           {{"Negotiate", ""}},
		"Negotiate TlRMTVA==": {{"Negotiate", "TlRMTVA=="}},
		"Negotiate TlRMTVA=":  {{"Negotiate", "TlRMTVA="}},
		"Negotiate, Kerberos": {{"Negotiate", ""}, {"Kerberos", ""}},
		`Newauth realm="apps", type=1, title="Login to \"apps\", or not", Basic realm="simple"`: {{"Newauth", ""}, {"Basic", ""}},
		`Basic realm="WSMAN",Negotiate TlRM`:                                                    {{"Basic", ""}, {"Negotiate", "TlRM"}},
		`,, Negotiate TlRM , `:                                                                  {{"Negotiate", "TlRM"}},
		`Basic realm="never closed, Negotiate`:                                                  {{"Basic", ""}},
		`Basic realm="\`:                                                                        {{"Basic", ""}},
	} {
		if got := parseChallenges(line); !reflect.DeepEqual(got, want) {
			t.Errorf("%s is read as %q, want %q", line, got, want)
		}
	}
}

// Whatever stands in the header, what is read of it stands there.
func FuzzChallenges(f *testing.F) {
	f.Add(`Newauth realm="apps", type=1, title="Login to \"apps\", or not", Basic realm="simple", Negotiate TlRMTVA==`)
	f.Add(`Basic realm="\`)
	f.Fuzz(func(t *testing.T, line string) {
		for _, c := range parseChallenges(line) {
			if c.scheme == "" || strings.ContainsAny(c.scheme, " ") || !strings.Contains(line, c.scheme) || !strings.Contains(line, c.token) {
				t.Errorf("%q is read of %q", c, line)
			}
		}
	})
}
