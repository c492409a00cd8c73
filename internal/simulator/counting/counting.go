// Package counting counts as a KMS host key does: client machine ids of the last 30 days,
// up to twice the largest threshold that was asked for.
package counting

import (
	"container/list"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// Clients are the client machine ids that one key has seen.
type Clients struct {
	seen    *list.List // of sighting, the longest ago first
	where   map[kms.CMID]*list.Element
	largest int // threshold asked for so far
}

type sighting struct {
	cmid kms.CMID
	at   time.Time
}

// New makes Clients of which none was seen.
func New() *Clients { return &Clients{seen: list.New(), where: map[kms.CMID]*list.Element{}} }

// See notes a client machine id that asks; true when it is new.
func (c *Clients) See(cmid kms.CMID, now time.Time) bool {
	if known, found := c.where[cmid]; found {
		known.Value = sighting{cmid, now}
		c.seen.MoveToBack(known)
		return false
	}
	c.where[cmid] = c.seen.PushBack(sighting{cmid, now})
	return true
}

// Ask notes the threshold of a request.
func (c *Clients) Ask(threshold int) { c.largest = max(c.largest, threshold) }

// Threshold is the largest that was asked for; 0 where nobody asked.
func (c *Clients) Threshold() int { return c.largest }

// Seen is how many ids were seen, counted or not.
func (c *Clients) Seen() int { return c.seen.Len() }

// Count is what the host answers.
func (c *Clients) Count() int { return min(c.seen.Len(), 2*c.largest) }

// Forget takes out what was not seen for 30 days; it gives how many.
func (c *Clients) Forget(now time.Time) int {
	left := 0
	for next, some := c.NextLeaving(); some && !now.Before(next); next, some = c.NextLeaving() {
		c.dropOldest()
		left++
	}
	return left
}

// Lose takes the oldest ids out; 0: all.
func (c *Clients) Lose(number int) {
	for n := c.seen.Len(); c.seen.Len() > 0 && (number == 0 || n-c.seen.Len() < number); {
		c.dropOldest()
	}
}

// StartOver forgets all, thresholds too.
func (c *Clients) StartOver() {
	c.Lose(0)
	c.largest = 0
}

// NextLeaving is when the next id leaves the count; false where there is none.
func (c *Clients) NextLeaving() (time.Time, bool) {
	oldest := c.seen.Front()
	if oldest == nil {
		return time.Time{}, false
	}
	return of(oldest).at.Add(kms.CountedFor), true
}

func (c *Clients) dropOldest() {
	oldest := c.seen.Front()
	delete(c.where, of(oldest).cmid)
	c.seen.Remove(oldest)
}

func of(e *list.Element) sighting {
	return e.Value.(sighting) //nolint:forcetypeassert // the list holds nothing else
}
