package windows

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/timago/terraform-provider-timago/internal/foreign"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

const (
	logApplication = "Application"
	logKMS         = "Key Management Service"
)

// Requests reads what a station asked since the given moment of its own clock, with
// the answers it got, in the order in which they were written.
func (c *Client) Requests(ctx context.Context, address string, since time.Time) ([]kms.Exchange, error) {
	events, err := c.events(ctx, address, logApplication, since, nil, kms.EventRequest, kms.EventAnswer)
	if err != nil {
		return nil, err
	}
	var requests []kms.Request
	var answers []kms.Answer
	for _, e := range events {
		// A line that is not of the documented form is no evidence of anything.
		if e.id == kms.EventRequest {
			if request, err := kms.ParseRequest(e.written, e.fields); err == nil {
				requests = append(requests, request)
			}
		} else if answer, err := kms.ParseAnswer(e.written, e.fields); err == nil {
			answers = append(answers, answer)
		}
	}
	return kms.Pair(requests, answers), nil
}

// Counted reads what a KMS host counted since the given moment of its own clock; the
// zero moment means as long as a count lasts.
func (c *Client) Counted(ctx context.Context, address string, since time.Time) ([]kms.Counted, error) {
	if since.IsZero() {
		uptime, err := c.HostUptime(ctx, address)
		if err != nil {
			return nil, err
		}
		since = uptime.Now.Add(-kms.CountedFor)
	}
	events, err := c.events(ctx, address, logKMS, since, []winrm.Option{winrm.NotProof()}, kms.EventCounted)
	if err != nil {
		return nil, err
	}
	var counted []kms.Counted
	for _, e := range events {
		if record, err := kms.ParseCounted(e.written, e.fields); err == nil {
			counted = append(counted, record)
		}
	}
	return counted, nil
}

type event struct {
	id      int
	record  uint32
	written time.Time
	fields  []string
}

// events reads records of one log in the order in which they were written: by CIM, and
// where that cannot give them by a command. Where neither can the first error counts.
func (c *Client) events(ctx context.Context, address, log string, since time.Time, options []winrm.Option, ids ...int) ([]event, error) {
	since = since.Truncate(time.Second) // Win32_NTLogEvent dates its records so
	first, second := c.eventsByCIM, c.eventsByCommand
	if _, slow := c.slow.Load(address); slow {
		first, second = second, first
	}
	events, err := first(ctx, address, log, since, options, ids...)
	if err != nil && ctx.Err() == nil && commandMayRead(err, log) {
		if found, failed := second(ctx, address, log, since, options, ids...); failed == nil {
			if tooSlow(err) {
				c.slow.Store(address, true) // not waited for again in this run
			}
			events, err = found, nil
		}
	}
	if err != nil {
		return nil, classify(err)
	}
	events = slices.DeleteFunc(events, func(e event) bool { return !slices.Contains(ids, e.id) })
	for _, e := range events {
		for i, field := range e.fields {
			e.fields[i] = foreign.Line(field) // names of clients and hosts are in it
		}
	}
	// Windows answers newest first; nothing promises that.
	slices.SortFunc(events, func(x, y event) int { return cmp.Compare(x.record, y.record) })
	return events, nil
}

// eventsByCIM does not ask for a source: Win32_NTLogEvent knows licensing's events by their
// classic sources (Software Protection Platform Service, KmsRequests), not by the
// publisher that Event Viewer shows. Foreign events of the same number do not parse.
func (c *Client) eventsByCIM(ctx context.Context, address, log string, since time.Time, options []winrm.Option, ids ...int) ([]event, error) {
	wanted := fmt.Sprintf("EventCode = %d", ids[0])
	if len(ids) > 1 {
		wanted = fmt.Sprintf("EventCode >= %d AND EventCode <= %d", slices.Min(ids), slices.Max(ids))
	}
	instances, err := c.transport.Query(ctx, address,
		"SELECT RecordNumber, TimeGenerated, EventCode, InsertionStrings FROM Win32_NTLogEvent WHERE Logfile = "+winrm.Quote(log)+
			" AND "+wanted+" AND TimeGenerated >= "+winrm.Quote(datetime(since)),
		append(options, winrm.Timeout(licensingTimeout))...)
	if err != nil {
		return nil, err
	}
	events := make([]event, 0, len(instances))
	for _, i := range instances {
		e := event{fields: i.Strings("InsertionStrings")}
		id, _ := i.Uint32("EventCode")
		e.id = int(id)
		e.record, _ = i.Uint32("RecordNumber")
		written, _ := i.Time("TimeGenerated")
		e.written = written.UTC()
		events = append(events, e)
	}
	return events, nil
}

// datetime writes a moment as CIM does in WQL, in UTC.
func datetime(t time.Time) string {
	return t.UTC().Format("20060102150405.000000") + "+000"
}
