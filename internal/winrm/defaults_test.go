package winrm

import (
	"testing"
	"time"
)

// The provider's page states these numbers.
func TestWhatHoldsWhereNothingIsSet(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		useTLS  bool
		timeout time.Duration
		port    int
		dial    time.Duration
	}{
		{port: 5985, dial: 3 * time.Second},
		{useTLS: true, port: 5986, dial: 3 * time.Second},
		{timeout: 10 * time.Second, port: 5985, dial: 3 * time.Second},
		{timeout: time.Minute, port: 5985, dial: 6 * time.Second},
	} {
		c, err := NewClient(Config{Username: "kms-admin", Password: "secret", UseTLS: tt.useTLS, Timeout: tt.timeout})
		if err != nil {
			t.Fatal(err)
		}
		if c.config.Port != tt.port || c.config.dialLimit() != tt.dial {
			t.Errorf("TLS %t, timeout %s: port %d, %s to connect; want %d and %s", tt.useTLS, tt.timeout, c.config.Port, c.config.dialLimit(), tt.port, tt.dial)
		}
		if tt.timeout == 0 && (c.config.Timeout != 30*time.Second || c.config.MaxParallel != 32) {
			t.Errorf("timeout %s, %d in use at once", c.config.Timeout, c.config.MaxParallel)
		}
		c.Close()
	}
	if maxIdle != 30 {
		t.Errorf("%d connections are kept", maxIdle)
	}
}
