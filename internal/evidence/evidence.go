// Package evidence holds what a KMS host's log and the stations' own events have shown of
// requests for activation, and answers what that says about a start. Polls of the host are
// numbered by the caller, so that what was seen can be put before or after a start without
// comparing clocks.
package evidence

import (
	"cmp"
	"maps"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// Request is what a KMS host counts: a client machine id, for one product. An id alone
// says nothing about the product, since Windows and Office may share it.
type Request struct {
	CMID         kms.CMID
	ActivationID string
}

// Log is what was seen so far.
type Log struct {
	Newest           time.Time     // the newest record, on the host's clock
	LargestThreshold int           // that a request named
	Gap              bool          // it lost records between the last two polls
	Fresh            []kms.Counted // of the last poll: requests with an id that the host had not counted before

	begun              int             // the first poll that read the log, which shows requests of any time
	firstPoll          map[Request]int // by which it was known, from here or elsewhere
	firstLog, lastPoll map[Request]int // whose log showed it
	lastTime           map[Request]time.Time
	byClient           map[clientKey]newest
	recent             map[kms.Counted]bool
}

// clientKey is a client's name, as kms.HostLabel gives it, and an activation id.
type clientKey struct{ client, activationID string }

// newest is the newest request under a key.
type newest struct {
	request  Request
	poll     int      // that showed it
	previous kms.CMID // another id under the same key before it; "": none was seen
}

// New makes an empty Log.
func New() *Log {
	return &Log{
		firstPoll: map[Request]int{}, firstLog: map[Request]int{}, lastPoll: map[Request]int{}, lastTime: map[Request]time.Time{},
		byClient: map[clientKey]newest{}, recent: map[kms.Counted]bool{},
	}
}

// Record takes over records of the host's log that a poll has read. Those that were read
// before, and those that the host did not count, are passed over.
func (l *Log) Record(records []kms.Counted, poll int) {
	for _, r := range records {
		l.Newest = kms.Later(l.Newest, r.Time)
	}
	recent, again := map[kms.Counted]bool{}, map[kms.Counted]bool{}
	l.Fresh = nil
	l.begun = cmp.Or(l.begun, poll)
	for _, r := range records {
		if r.Time.After(l.Newest.Add(-kms.LogOverlap)) {
			recent[r] = true
		}
		if again[r] = l.recent[r]; !again[r] && r.Code.Counted() && l.Newest.Sub(r.Time) <= kms.CountedFor {
			l.take(r, poll)
		}
	}
	maps.DeleteFunc(again, func(_ kms.Counted, is bool) bool { return !is })
	l.Gap, l.recent = len(again) < len(l.recent), recent
}

func (l *Log) take(r kms.Counted, poll int) {
	request, key := Request{r.CMID, r.ActivationID}, clientKey{kms.HostLabel(r.Client), r.ActivationID}
	seen := newest{request: request, poll: poll}
	if before, known := l.byClient[key]; known {
		seen.previous = before.previous
		if before.request.CMID != r.CMID {
			seen.previous = before.request.CMID
		}
	}
	l.byClient[key] = seen
	if _, shown := l.firstLog[request]; !shown {
		l.firstLog[request] = poll
		if first, known := l.firstPoll[request]; !known || first > earlier {
			l.Fresh = append(l.Fresh, r)
		}
	}
	l.lastPoll[request], l.lastTime[request] = poll, r.Time
	l.LargestThreshold = max(l.LargestThreshold, r.Threshold)
	l.remember(request, poll)
}

// Remember notes a request that was seen elsewhere than in the log, while the host was
// polled for the poll-th time.
func (l *Log) Remember(request Request, poll int) { l.remember(request, max(poll, earlier+1)) }

// RememberEarlier notes a request that was made before anything was asked for.
func (l *Log) RememberEarlier(request Request) { l.remember(request, earlier) }

// earlier stands for the polls before the first.
const earlier = 0

func (l *Log) remember(request Request, poll int) {
	if _, known := l.firstPoll[request]; !known && request.CMID != "" {
		l.firstPoll[request] = poll
	}
}

// Knows reports whether the host is known to have counted a request.
func (l *Log) Knows(request Request) bool {
	_, known := l.firstPoll[request]
	return known
}

// IsNew reports whether a request was not counted when a poll had begun.
func (l *Log) IsNew(request Request, poll int) bool {
	first, known := l.firstPoll[request]
	return !known || first > poll && !l.IsUndated(request, poll)
}

// IsUndated reports whether nothing tells if a request was made before or after a poll had
// begun: the log was first read later.
func (l *Log) IsUndated(request Request, poll int) bool {
	return poll < l.begun && l.firstPoll[request] == l.begun && l.firstLog[request] == l.begun
}

// HadOtherID reports whether another id was seen under a client's name for the same product.
func (l *Log) HadOtherID(client string, request Request) bool {
	seen := l.byClient[clientKey{kms.HostLabel(client), request.ActivationID}]
	return seen.request.CMID != "" && seen.request.CMID != request.CMID || seen.previous != "" && seen.previous != request.CMID
}

// FreshIDs is how many new ids of a product the last poll has shown: of members that were
// restarted, and in all.
type FreshIDs struct{ Restarted, All int }

// CountFresh counts the new ids of each of the products. held are the products of activation
// ids that members hold: what nobody holds may be of any. restarted are the members that
// were, by kms.HostLabel.
func (l *Log) CountFresh(products []kms.Product, held map[string]kms.Product, restarted map[string]bool) []FreshIDs {
	counts := make([]FreshIDs, len(products))
	for _, record := range l.Fresh {
		product, known := held[record.ActivationID]
		for p := range products {
			if known && product != products[p] {
				continue
			}
			counts[p].All++
			if known && restarted[kms.HostLabel(record.Client)] {
				counts[p].Restarted++
			}
		}
	}
	return counts
}

// ExpiredSince is how many requests have left the count since a moment of the host's clock,
// as far as its log tells.
func (l *Log) ExpiredSince(moment time.Time) int {
	expired := 0
	for _, last := range l.lastTime {
		if left := last.Add(kms.CountedFor); left.After(moment) && !left.After(l.Newest) {
			expired++
		}
	}
	return expired
}

// Start is a start of a station, as its requests are looked for.
type Start struct {
	Client     string   // the computer's name
	CMID       kms.CMID // of Windows, since the start
	CMIDBefore kms.CMID // of Windows, before it
	Poll       int      // the last one that was begun before it
	ByUs       bool     // our restart; else every request with the id is as good
}

// Seen is a request of a product that the host has shown since a start. Windows' is known
// by its id; that of Office only the station's events show, next to the computer's name.
func (l *Log) Seen(start Start, product kms.Product, licences []kms.Licence) (Request, bool) {
	for _, licence := range licences {
		request := Request{start.CMID, licence.ID}
		if poll, seen := l.lastPoll[request]; product == kms.Windows && seen && (poll > start.Poll || !start.ByUs) {
			return request, true
		}
	}
	if product == kms.Windows && !start.ByUs {
		return Request{}, false
	}
	for _, licence := range licences {
		seen, known := l.byClient[clientKey{kms.HostLabel(start.Client), licence.ID}]
		if known && seen.poll > start.Poll && seen.request.CMID != start.CMIDBefore && !l.IsUndated(seen.request, start.Poll) {
			return seen.request, true
		}
	}
	return Request{}, false
}
