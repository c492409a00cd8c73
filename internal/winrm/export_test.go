package winrm

import "time"

// SetClock has the client's Kerberos see another time.
func SetClock(c *Client, now func() time.Time) { c.now = now }

// Wait has what the client knows about its account be older by d.
func Wait(c *Client, d time.Duration) {
	c.proof.mu.Lock()
	defer c.proof.mu.Unlock()
	now := c.proof.now
	c.proof.now = func() time.Time { return now().Add(d) }
}
