package winrm_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/simulator/wsman"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// Whoever observes sees what was sealed as it was before, and nothing of the account.
func TestExchangesAreSeenOpened(t *testing.T) {
	t.Parallel()
	r := open(t, wsman.Config{NTLM: true})
	var mu sync.Mutex
	var seen []winrm.Exchange
	config := winrm.Config{Auth: winrm.AuthNTLM}
	config.Observe = func(e winrm.Exchange) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, e)
	}
	c := client(t, config)
	if _, err := c.Query(t.Context(), r.address, "SELECT Caption FROM Win32_OperatingSystem"); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 1 {
		t.Fatalf("%d exchanges", len(seen))
	}
	e := seen[0]
	if e.Address != r.address || e.Status != 200 || e.Took <= 0 ||
		!strings.Contains(string(e.Request), "SELECT Caption") || !strings.Contains(string(e.Answer), "Education") {
		t.Errorf("%+v\n%s\n%s", e, e.Request, e.Answer)
	}
	if all := string(e.Request) + string(e.Answer); strings.Contains(all, password) || strings.Contains(all, "kms-admin") {
		t.Error("the account is in it")
	}
}
