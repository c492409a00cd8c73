package windows

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// hostLog is what was read of a KMS host's log. A plan, its apply, every poll of a cycle and
// the read after it want the same 30 days: what was read once is not read again.
type hostLog struct {
	reading chan struct{} // one element while somebody reads it
	since   time.Time     // everything from here on was read
	newest  uint32        // number of the last record
	records []kms.Counted // in the order in which they were written; nobody changes one
}

// Counted reads what a KMS host counted since the given moment of its own clock; the
// zero moment means as long as a count lasts. Nobody may change the result.
func (c *Client) Counted(ctx context.Context, address string, since time.Time) ([]kms.Counted, error) {
	if since.IsZero() {
		uptime, err := c.HostUptime(ctx, address)
		if err != nil {
			return nil, err
		}
		since = uptime.Now.Add(-kms.CountedFor)
	}
	known, _ := c.hostLogs.LoadOrStore(address, &hostLog{reading: make(chan struct{}, 1)})
	log := known.(*hostLog) //nolint:forcetypeassert // nothing else is stored there
	select {
	case log.reading <- struct{}{}:
		defer func() { <-log.reading }()
	case <-ctx.Done():
		return nil, fmt.Errorf("its log is being read already: %w", ctx.Err())
	}
	if len(log.records) > 0 && !since.Before(log.since) {
		last := log.records[len(log.records)-1]
		fresh, err := c.counted(ctx, address, last.Time.Add(-kms.LogOverlap))
		if err != nil {
			return nil, err
		}
		if log.goesOn(fresh) {
			return log.from(since), nil
		}
	}
	whole, err := c.counted(ctx, address, since)
	if err != nil {
		return nil, err
	}
	log.since, log.records, log.newest = since, nil, 0
	log.add(whole)
	return log.from(since), nil
}

func (c *Client) counted(ctx context.Context, address string, since time.Time) ([]record[kms.Counted], error) {
	parse := func(e event) (kms.Counted, error) { return kms.ParseCounted(e.written, e.fields) }
	return readLog(ctx, c, address, question{
		log: logKMS, since: since, ids: []int{kms.EventCounted}, options: []winrm.Option{winrm.NotProof()},
	}, parse)
}

// goesOn adds what was written since the last read. It does not where the last record that is
// known is no longer there: then the log was cleared, or overwritten from end to end. Nor where
// more would be kept than one read may bring: the whole read then drops what is too old.
func (l *hostLog) goesOn(fresh []record[kms.Counted]) bool {
	at := slices.IndexFunc(fresh, func(r record[kms.Counted]) bool { return r.number == l.newest })
	if at < 0 || len(l.records)+len(fresh) > maxEvents || fresh[at].value != l.records[len(l.records)-1] {
		return false
	}
	l.add(fresh[at+1:])
	return true
}

func (l *hostLog) add(records []record[kms.Counted]) {
	l.records = slices.Grow(l.records, len(records))
	for _, r := range records {
		l.records, l.newest = append(l.records, r.value), r.number
	}
}

// from gives the records since a moment: they need not be in the order of their times.
func (l *hostLog) from(since time.Time) []kms.Counted {
	since = since.Truncate(time.Second)
	isEarlier := func(r kms.Counted) bool { return r.Time.Before(since) }
	if !slices.ContainsFunc(l.records, isEarlier) {
		return slices.Clip(l.records)
	}
	var records []kms.Counted
	for _, r := range l.records {
		if !isEarlier(r) {
			records = append(records, r)
		}
	}
	return records
}
