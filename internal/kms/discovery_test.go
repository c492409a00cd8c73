package kms_test

import (
	"slices"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

func TestNamesThatCanMeanOneMachine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		x, y string
		same bool
	}{
		{"kms01", "KMS01.schule.example", true},
		{"kms01.schule.example.", "kms01.schule.example", true},
		{"kms01.schule.example", "kms01.verwaltung.example", false},
		{"kms01", "kms02.schule.example", false},
		{"192.0.2.7", "192.0.2.8", false},
		{"192.0.2.7", "192.0.2.7", true},
		{"2001:db8::7", "2001:db8::8", false},
	} {
		if kms.SameHost(tt.x, tt.y) != tt.same || kms.SameHost(tt.y, tt.x) != tt.same {
			t.Errorf("%s and %s: same %t", tt.x, tt.y, !tt.same)
		}
	}
	found := kms.Discovery{Records: []kms.ServiceRecord{{Host: "kms01.schule.example"}, {Host: "KMS01.schule.example"}, {Host: "kms02.schule.example"}}}
	if hosts := found.Hosts(); !slices.Equal(hosts, []string{"kms01.schule.example", "kms02.schule.example"}) {
		t.Errorf("hosts: %v", hosts)
	}
}

func TestTheHostOfAnAddress(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]struct {
		host string
		is   bool // an address
	}{
		"kms01": {"kms01", false}, "kms01.schule.example:5986": {"kms01.schule.example", false},
		"192.0.2.7": {"192.0.2.7", true}, "192.0.2.7:5985": {"192.0.2.7", true},
		"[2001:db8::7]:5985": {"2001:db8::7", true}, "2001:db8::7": {"2001:db8::7", true}, "": {"", false},
	} {
		if host := kms.HostOf(address); host != want.host || kms.IsAddress(host) != want.is {
			t.Errorf("%q: %q, an address %t", address, host, kms.IsAddress(host))
		}
	}
}
