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
	type half struct {
		request *kms.Request
		answer  *kms.Answer
	}
	parse := func(e event) (half, error) {
		if e.id == kms.EventRequest {
			request, err := kms.ParseRequest(e.written, e.fields)
			return half{request: &request}, err
		}
		answer, err := kms.ParseAnswer(e.written, e.fields)
		return half{answer: &answer}, err
	}
	halves, err := readLog(ctx, c, address, question{log: logApplication, since: since, ids: []int{kms.EventRequest, kms.EventAnswer}}, parse)
	if err != nil {
		return nil, err
	}
	var requests []kms.Request
	var answers []kms.Answer
	for _, read := range halves {
		if h := read.value; h.request != nil {
			requests = append(requests, *h.request)
		} else {
			answers = append(answers, *h.answer)
		}
	}
	return kms.Pair(requests, answers), nil
}

type event struct {
	id      int
	record  uint32
	written time.Time
	fields  []string
}

// question is what is wanted of a log.
type question struct {
	log     string
	since   time.Time
	ids     []int
	options []winrm.Option
}

// Bounds on what is kept of a log: a KMS host writes 50,000 events of 30 days at most,
// with some 200 bytes each. A longer one is not of the documented form.
const (
	maxEvents     = 100_000
	maxEventBytes = 24 << 20
	maxFieldBytes = 2 << 10
)

// readLog reads one log in the order in which it was written: by CIM, and where that
// cannot give it by a command. Where neither can the first error counts. What does not
// parse is not of the documented form, and no evidence of anything.
func readLog[T any](ctx context.Context, c *Client, address string, q question, parse func(event) (T, error)) ([]record[T], error) {
	q.since = q.since.Truncate(time.Second) // Win32_NTLogEvent dates its records so
	first, second := c.eventsByCIM, c.eventsByCommand
	if _, slow := c.slow.Load(address); slow || c.way == ByCommand {
		first, second = second, first
	}
	found := &logged[T]{address: address, ids: q.ids, parse: parse}
	err := first(ctx, address, q, found.take)
	if err != nil && c.way == "" && ctx.Err() == nil && commandMayRead(err, q.log) {
		other := &logged[T]{address: address, ids: q.ids, parse: parse}
		if failed := second(ctx, address, q, other.take); failed == nil {
			if tooSlow(err) {
				c.slow.Store(address, true) // not waited for again in this run
			}
			found, err = other, nil
		}
	}
	if err != nil {
		return nil, classify(err)
	}
	return found.inOrder(), nil
}

// logged are the events of a log as they come, of which only what they say is kept.
type logged[T any] struct {
	address string
	ids     []int
	parse   func(event) (T, error)
	records []record[T]
	bytes   int
}

type record[T any] struct {
	number uint32
	value  T
}

func (l *logged[T]) take(e event) error {
	size := 0
	for i, field := range e.fields {
		e.fields[i] = foreign.Line(field) // names of clients and hosts are in it
		size += len(field)
	}
	if !slices.Contains(l.ids, e.id) || size > maxFieldBytes {
		return nil
	}
	value, err := l.parse(e)
	if err != nil {
		return nil //nolint:nilerr // another event of that number
	}
	l.records, l.bytes = append(l.records, record[T]{e.record, value}), l.bytes+size
	if len(l.records) > maxEvents || l.bytes > maxEventBytes {
		return &winrm.Protocol{Address: l.address, Reason: "its log holds more than a KMS host writes"}
	}
	return nil
}

// inOrder sorts what Windows answers newest first; nothing promises that.
func (l *logged[T]) inOrder() []record[T] {
	slices.SortStableFunc(l.records, func(x, y record[T]) int { return cmp.Compare(x.number, y.number) })
	return l.records
}

// eventsByCIM does not ask for a source: Win32_NTLogEvent knows licensing's events by their
// classic sources (Software Protection Platform Service, KmsRequests), not by the
// publisher that Event Viewer shows. Foreign events of the same number do not parse.
func (c *Client) eventsByCIM(ctx context.Context, address string, q question, visit func(event) error) error {
	wanted := fmt.Sprintf("EventCode = %d", q.ids[0])
	if len(q.ids) > 1 {
		wanted = fmt.Sprintf("EventCode >= %d AND EventCode <= %d", slices.Min(q.ids), slices.Max(q.ids))
	}
	return c.transport.QueryEach(ctx, address,
		"SELECT RecordNumber, TimeGenerated, EventCode, InsertionStrings FROM Win32_NTLogEvent WHERE Logfile = "+winrm.Quote(q.log)+
			" AND "+wanted+" AND TimeGenerated >= "+winrm.Quote(datetime(q.since)),
		func(i winrm.Instance) error {
			e := event{fields: i.Strings("InsertionStrings")}
			id, _ := i.Uint32("EventCode")
			e.id = int(id)
			e.record, _ = i.Uint32("RecordNumber")
			written, _ := i.Time("TimeGenerated")
			e.written = written.UTC()
			return visit(e)
		}, append(q.options, winrm.Timeout(licensingTimeout))...)
}

// datetime writes a moment as CIM does in WQL, in UTC.
func datetime(t time.Time) string {
	return t.UTC().Format("20060102150405.000000") + "+000"
}
