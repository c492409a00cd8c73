package world

import (
	"container/list"
	"fmt"
	"slices"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

const (
	kmsPort = 1688
	// maxSkew is how far the clocks of client and host may be apart.
	maxSkew = 4 * time.Hour
)

// host is the KMS host: keys, and for each the client machine ids it saw.
type host struct {
	Host
	world *World
	boot  time.Time
	off   bool
	away  int // faults that keep the key management service away
	keys  []*hostKey
	log   eventLog

	refusing int  // faults that make its WinRM refuse connections
	open     bool // its WinRM listens
	serving  bool // its key management service listens
}

// hostKey is one KMS host key with its own count.
type hostKey struct {
	title
	Key
	seen     *list.List // of seen, the longest ago first
	where    map[kms.CMID]*list.Element
	largest  int // threshold asked for so far: the count is capped at twice that
	total    int
	failed   int
	byStatus [kms.ExtendedGrace + 1]int
}

type seen struct {
	cmid kms.CMID
	at   time.Time
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
	h := &host{Host: described, world: w, boot: w.now.Add(-described.Uptime), log: eventLog{size: described.LogSize}, open: true, serving: true}
	for _, k := range described.keys() {
		h.keys = append(h.keys, &hostKey{title: hostKeys[k.Key], Key: k, seen: list.New(), where: map[kms.CMID]*list.Element{}})
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
	key.largest = max(key.largest, r.threshold)
	key.forget(h.world.now)
	before := key.count()
	if key.see(r.cmid, h.world.now) {
		h.world.note(KindCounted, "%s: %s from %s, count %d to %d", key.Key.Key, r.cmid, r.client, before, key.count())
	}
	return reply{reached: true, count: key.count()}
}

// see notes when a client machine id was last seen; true when it is new.
func (k *hostKey) see(cmid kms.CMID, now time.Time) bool {
	if known, found := k.where[cmid]; found {
		known.Value = seen{cmid, now}
		k.seen.MoveToBack(known)
		return false
	}
	k.where[cmid] = k.seen.PushBack(seen{cmid, now})
	return true
}

func (k *hostKey) count() int { return min(k.seen.Len(), 2*k.largest) }

// forget takes out what was not seen for 30 days; it gives how many.
func (k *hostKey) forget(now time.Time) int {
	left := 0
	for e := k.seen.Front(); e != nil && !now.Before(sighting(e).at.Add(kms.CountedFor)); e = k.seen.Front() {
		k.drop(e)
		left++
	}
	return left
}

func sighting(e *list.Element) seen {
	return e.Value.(seen) //nolint:forcetypeassert // the list holds nothing else
}

func (k *hostKey) drop(e *list.Element) {
	delete(k.where, sighting(e).cmid)
	k.seen.Remove(e)
}

func (h *host) forget() {
	for _, k := range h.keys {
		if left := k.forget(h.world.now); left > 0 {
			h.world.note(KindLeft, "%s: %d left, count %d", k.Key.Key, left, k.count())
		}
	}
}

// fall makes the count of every key lose its oldest client machine ids; 0: all.
func (h *host) fall(number int) {
	for _, k := range h.keys {
		for n := k.seen.Len(); k.seen.Len() > 0 && (number == 0 || n-k.seen.Len() < number); {
			k.drop(k.seen.Front())
		}
	}
}

// startOver is what a start does to the counts of a host that forgets.
func (h *host) startOver() {
	h.fall(0)
	for _, k := range h.keys {
		k.largest = 0
	}
}

func (h *host) nextLeaving() (time.Time, bool) {
	next, found := time.Time{}, false
	for _, k := range h.keys {
		if e := k.seen.Front(); e != nil {
			leaves := sighting(e).at.Add(kms.CountedFor)
			if !found || leaves.Before(next) {
				next, found = leaves, true
			}
		}
	}
	return next, found
}

// write puts down event 12290.
func (h *host) write(r request, code kms.Code) {
	h.log.add(h.clock(h.world.now), kms.EventCounted, fmt.Sprintf("%s,%d,%s,%s,%s,0,%d,%d,%s",
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
				cmid := h.world.cmid(client, k.Key.Key, group)
				all = append(all, past{at: h.world.now.Add(-age), do: func() {
					h.other(k, client, cmid, c.Threshold)
					if c.Unlogged {
						h.log.forgetLast()
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
		threshold = k.product.Threshold()
	}
	id := titles["windows-11-enterprise"].id
	switch {
	case k.product == kms.Office:
		id = titles[k.Key.Key].id
	case threshold == titles["windows-server-2022"].enough:
		id = titles["windows-server-2022"].id
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
