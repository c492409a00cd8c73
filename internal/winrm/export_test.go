package winrm

import (
	"context"
	"net"
	"time"
)

// SetClock has the client's Kerberos see another time.
func SetClock(c *Client, now func() time.Time) { c.now = now }

// Wait has what the client knows about its account be older by d.
func Wait(c *Client, d time.Duration) {
	c.proof.mu.Lock()
	defer c.proof.mu.Unlock()
	now := c.proof.now
	c.proof.now = func() time.Time { return now().Add(d) }
}

// SetDial has the client open its connections otherwise.
func SetDial(c *Client, dial func(ctx context.Context, network, address string) (net.Conn, error)) {
	c.pool.dialer.dialTCP = dial
}

// LendNothing has a dial keep its place, however long it takes.
func LendNothing(c *Client) { c.waiting = make(chan struct{}) }
