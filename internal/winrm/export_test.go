package winrm

import "time"

// SetClock has the client's Kerberos see another time.
func SetClock(c *Client, now func() time.Time) { c.tickets.now = now }

// Wait has what the client knows about its account be older by d.
func Wait(c *Client, d time.Duration) {
	c.proof.mu.Lock()
	defer c.proof.mu.Unlock()
	now := c.proof.now
	c.proof.now = func() time.Time { return now().Add(d) }
}

// SetLifetime moves the end of every ticket that the client holds to d from now.
func SetLifetime(c *Client, d time.Duration) {
	c.tickets.mu.Lock()
	defer c.tickets.mu.Unlock()
	for _, place := range c.tickets.services {
		place.ticket.ends = time.Now().Add(d)
	}
	c.tickets.tgt.ticket.ends = time.Now().Add(d)
}
