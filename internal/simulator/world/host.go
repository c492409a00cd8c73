package world

import (
	"fmt"
	"slices"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator/catalogue"
	"github.com/timago/terraform-provider-timago/internal/simulator/counting"
	"github.com/timago/terraform-provider-timago/internal/simulator/eventlog"
)

const (
	kmsPort = 1688
	// maxSkew is how far the clocks of client and host may be apart.
	maxSkew = 4 * time.Hour
)

// How Microsoft's samples write the client's time in the events of client and host.
const (
	eventTime     = "2006/01/02 15:04"
	eventTimeHost = "2006/1/2 15:04"
)

// host is the KMS host: keys, and for each the client machine ids it saw.
type host struct {
	Host
	world *World
	boot  time.Time
	off   bool
	away  int // faults that keep the key management service away
	keys  []*hostKey
	log   eventlog.Log

	refusing int  // faults that make its WinRM refuse connections
	open     bool // its WinRM listens
	serving  bool // its key management service listens
}

// hostKey is one KMS host key with its own count.
type hostKey struct {
	catalogue.Title
	Key
	clients  *counting.Clients
	total    int
	failed   int
	byStatus [kms.ExtendedGrace + 1]int
}

// request is what a client sends; reply what it learns.
type request struct {
	key       string
	threshold int
	client    string
	cmid      kms.CMID
	clock     time.Time // the client's
	status    kms.LicenceStatus
	remaining time.Duration
	id        string // activation id
}

type reply struct {
	reached bool // an answer came back
	code    kms.Code
	count   int
}

// past is something that happened before the world's start.
type past struct {
	at time.Time
	do func()
}

func newHost(w *World, described Host) *host {
	described.Name = described.name()
	if described.Address == "" {
		described.Address = described.Name
	}
	if described.Port == 0 {
		described.Port = kmsPort
	}
	if described.Uptime == 0 {
		described.Uptime = 9 * 24 * time.Hour
	}
	if described.LogSize == 0 {
		described.LogSize = 20000
	}
	h := &host{Host: described, world: w, boot: w.now.Add(-described.Uptime), log: eventlog.Log{Size: described.LogSize}, open: true, serving: true}
	for _, k := range described.keys() {
		h.keys = append(h.keys, &hostKey{Title: catalogue.HostKeys[k.Key], Key: k, clients: counting.New()})
	}
	return h
}

func (h *host) key(name string) *hostKey {
	if i := slices.IndexFunc(h.keys, func(k *hostKey) bool { return k.Key.Key == name }); i >= 0 {
		return h.keys[i]
	}
	return nil
}

func (h *host) listen() {
	turn := func(is *bool, open bool, what string) {
		switch {
		case open && !*is:
			h.world.note(KindOpens, "%s", what)
		case !open && *is:
			h.world.note(KindCloses, "%s", what)
		}
		*is = open
	}
	turn(&h.open, !h.off && h.refusing == 0, "")
	turn(&h.serving, !h.off && h.away == 0, "key management service")
}

// clock is what the host's own clock shows at a moment.
func (h *host) clock(t time.Time) time.Time { return t.Add(h.Skew) }

// answer counts a client machine id and says how many there are.
func (h *host) answer(r request) reply {
	if !h.serving {
		return reply{code: codeNoHost}
	}
	key := h.key(r.key)
	switch {
	case h.clock(h.world.now).Sub(r.clock).Abs() > maxSkew:
		h.write(r, codeClocks)
		return reply{code: codeClocks}
	case key == nil:
		h.write(r, kms.CodeIDMismatch)
		return reply{reached: true, code: kms.CodeIDMismatch}
	}
	key.total++
	key.byStatus[r.status]++
	if key.NotActivated {
		key.failed++
		h.write(r, codeHostNotReady)
		return reply{reached: true, code: codeHostNotReady}
	}
	h.write(r, kms.CodeOK)
	if h.Forgets && h.world.now.Before(h.boot) { // before it started anew it counted, which is gone
		return reply{reached: true, count: 1}
	}
	key.clients.Ask(r.threshold)
	key.clients.Forget(h.world.now)
	before := key.clients.Count()
	if key.clients.See(r.cmid, h.world.now) {
		h.world.note(KindCounted, "%s: %s from %s, count %d to %d", key.Key.Key, r.cmid, r.client, before, key.clients.Count())
	}
	return reply{reached: true, count: key.clients.Count()}
}

func (h *host) forget() {
	for _, k := range h.keys {
		if left := k.clients.Forget(h.world.now); left > 0 {
			h.world.note(KindLeft, "%s: %d left, count %d", k.Key.Key, left, k.clients.Count())
		}
	}
}

// fall makes the count of every key lose its oldest client machine ids; 0: all.
func (h *host) fall(number int) {
	for _, k := range h.keys {
		k.clients.Lose(number)
	}
}

// startOver is what a start does to the counts of a host that forgets.
func (h *host) startOver() {
	for _, k := range h.keys {
		k.clients.StartOver()
	}
}

func (h *host) nextLeaving() (time.Time, bool) {
	next, found := time.Time{}, false
	for _, k := range h.keys {
		if leaves, some := k.clients.NextLeaving(); some && (!found || leaves.Before(next)) {
			next, found = leaves, true
		}
	}
	return next, found
}

// write puts down event 12290.
func (h *host) write(r request, code kms.Code) {
	h.log.Add(h.clock(h.world.now), kms.EventCounted, fmt.Sprintf("%s,%d,%s,%s,%s,0,%d,%d,%s",
		code, r.threshold, r.client, r.cmid, r.clock.UTC().Format(eventTimeHost), r.status, int(r.remaining.Minutes()), r.id))
}

// past are the requests of other clients before the start.
func (h *host) past() []past {
	var all []past
	for _, k := range h.keys {
		number := 0
		for group, c := range k.Counted {
			for i := range c.Number {
				age := c.Age
				if c.Number > 1 {
					age += time.Duration(float64(c.Over) * float64(i) / float64(c.Number-1))
				}
				number++
				client := fmt.Sprintf("OTHER-%03d", number)
				cmid := h.world.chance.CMID(client, k.Key.Key, group)
				all = append(all, past{at: h.world.now.Add(-age), do: func() {
					h.other(k, client, cmid, c.Threshold)
					if c.Unlogged {
						h.log.ForgetLast()
					}
				}})
			}
		}
	}
	return all
}

// other is a request of a client that is no station of the site; threshold 0 is the
// product's own.
func (h *host) other(k *hostKey, client string, cmid kms.CMID, threshold int) {
	if threshold == 0 {
		threshold = k.Product.Threshold()
	}
	id := catalogue.Titles["windows-11-enterprise"].ID
	switch {
	case k.Product == kms.Office:
		id = catalogue.Titles[k.Key.Key].ID
	case threshold == catalogue.Titles["windows-server-2022"].Enough:
		id = catalogue.Titles["windows-server-2022"].ID
	}
	h.answer(request{
		key: k.Key.Key, threshold: threshold, client: client, cmid: cmid, clock: h.clock(h.world.now),
		status: kms.OOBGrace, remaining: graceLasts, id: id,
	})
}

// remember lets the past happen, in order.
func (h *host) remember(all []past) {
	now := h.world.now
	slices.SortStableFunc(all, func(a, b past) int { return a.at.Compare(b.at) })
	observe := h.world.observe
	h.world.observe = nil
	for _, p := range all {
		h.world.now = p.at
		p.do()
	}
	h.world.now, h.world.observe = now, observe
	clear(h.world.counters)
	for _, s := range h.world.stations {
		clear(s.counters)
	}
	h.forget()
}
