package winrm

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/foreign"
	"github.com/timago/terraform-provider-timago/internal/winrm/wsman"
)

// bounds are on what one read may bring. An instance takes some 300 bytes and a value 100,
// however short they are.
type bounds struct{ instances, values, bytes int }

var (
	// whole is for what is kept: the largest is a machine's list of products, some
	// hundreds with twenty values each.
	whole = bounds{instances: 10_000, values: 24_000, bytes: 4 << 20}
	// each is for instances that are handed on at once: the largest is a KMS host's log
	// of 30 days, some 50,000 events of 700 bytes.
	each = bounds{instances: 200_000, values: 4_000_000, bytes: 96 << 20}
)

const (
	maxEmptyPulls = 16
	// readRequests is how many times the time of one request a read may take.
	readRequests = 4
	releaseTime  = time.Second
)

// Query asks for the instances that a WQL query selects in root\cimv2. One
// request where one instance answers, two or more where several do.
func (c *Client) Query(ctx context.Context, address, wql string, opts ...Option) ([]Instance, error) {
	var instances []Instance
	keep := func(i Instance) error {
		instances = append(instances, i)
		return nil
	}
	if err := c.enumerate(ctx, address, wql, whole, keep, c.options(opts)); err != nil {
		return nil, fmt.Errorf("querying %s: %w", classOf(wql), err)
	}
	return instances, nil
}

// QueryEach is Query for results that are too large to be kept: it hands each instance
// to visit as it comes, and ends with visit's error. Some may have been handed over before
// it fails.
func (c *Client) QueryEach(ctx context.Context, address, wql string, visit func(Instance) error, opts ...Option) error {
	if err := c.enumerate(ctx, address, wql, each, visit, c.options(opts)); err != nil {
		return fmt.Errorf("querying %s: %w", classOf(wql), err)
	}
	return nil
}

// enumerate hands over the instances of one answer before it asks for the next.
func (c *Client) enumerate(ctx context.Context, address, wql string, most bounds, visit func(Instance) error, o options) error {
	to, err := parseTarget(address, c.scheme, c.config.Port)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, readRequests*o.timeout)
	defer cancel()
	read := reading{most: most, visit: visit}
	for message := wsman.Enumerate(wql); ; {
		body, size, err := c.ask(ctx, address, message, o)
		if err != nil {
			return err // the enumeration's context went with the request
		}
		page, err := wsman.ReadPage(body)
		if err != nil {
			return &Protocol{Address: address, Reason: err.Error()}
		}
		err = read.take(address, page, size)
		if page.Next == "" {
			return err
		}
		if err == nil && ctx.Err() != nil {
			err = connectionError(ctx, to, ctx.Err(), true)
		}
		if err != nil {
			c.release(ctx, address, page.Next, o)
			return err
		}
		message = wsman.Pull(page.Next)
	}
}

// reading is what a read brought so far.
type reading struct {
	bounds
	empty int // pages, the last ones
	most  bounds
	visit func(Instance) error
}

func (r *reading) take(address string, page wsman.Page, size int) error {
	if r.empty++; len(page.Instances) > 0 {
		r.empty = 0
	}
	if r.add(page, size); r.exceed(r.most) || r.empty > maxEmptyPulls {
		return &Protocol{Address: address, Reason: "the enumeration does not end"}
	}
	for _, instance := range page.Instances {
		if err := r.visit(instance); err != nil {
			return err
		}
	}
	return nil
}

func (b *bounds) add(page wsman.Page, size int) {
	b.instances += len(page.Instances)
	b.values += page.Values
	b.bytes += size
}

func (b *bounds) exceed(most bounds) bool {
	return b.instances > most.instances || b.values > most.values || b.bytes > most.bytes
}

// release gives up an enumeration that is not read to its end, so that it does
// not count against the account's quota until it expires. Best effort.
func (c *Client) release(ctx context.Context, address, enumeration string, o options) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
	defer cancel()
	o.timeout = releaseTime
	_, _, _ = c.ask(ctx, address, wsman.Release(enumeration), o)
}

// Invoke calls a method and gives its out parameters. A return value other
// than 0 is a *MethodFailed. The call is never repeated once it was sent: see
// IsOutcomeUnknown.
func (c *Client) Invoke(ctx context.Context, address string, call Call, opts ...Option) (Instance, error) {
	message, err := wsman.Invoke(call)
	if err != nil {
		return Instance{}, err
	}
	body, _, err := c.ask(ctx, address, message, c.options(opts))
	if err != nil {
		return Instance{}, fmt.Errorf("calling %s of %s: %w", call.Method, call.Class, err)
	}
	output, value, err := wsman.ReadOutput(body, call)
	switch {
	case err != nil:
		return output, &Protocol{Address: address, Sent: true, Reason: err.Error()}
	case value != 0:
		return output, &MethodFailed{Address: address, Class: call.Class, Method: call.Method, Value: value}
	}
	return output, nil
}

// classOf names what a query reads, for errors; the whole query may hold names
// of people.
func classOf(wql string) string {
	words := strings.Fields(wql)
	for i, word := range words[:max(len(words)-1, 0)] {
		if strings.EqualFold(word, "FROM") {
			return foreign.Short(words[i+1], 80)
		}
	}
	return "CIM"
}
