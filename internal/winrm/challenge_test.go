package winrm

import (
	"reflect"
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
