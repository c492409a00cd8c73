package winrm

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/foreign"
	"github.com/timago/terraform-provider-timago/internal/winrm/wsman"
)

// Bounds on what one query may bring: the largest real one is a KMS host's log
// of 30 days.
const (
	maxInstances  = 200_000
	maxEmptyPulls = 16
	releaseTime   = time.Second
)

// Query asks for the instances that a WQL query selects in root\cimv2. One
// request where one instance answers, two or more where several do.
func (c *Client) Query(ctx context.Context, address, wql string, opts ...Option) ([]Instance, error) {
	o := c.options(opts)
	instances, err := c.enumerate(ctx, address, wql, o)
	if err != nil {
		return nil, fmt.Errorf("querying %s: %w", classOf(wql), err)
	}
	return instances, nil
}

func (c *Client) enumerate(ctx context.Context, address, wql string, o options) ([]Instance, error) {
	body, err := c.ask(ctx, address, wsman.Enumerate(wql), o)
	if err != nil {
		return nil, err
	}
	page, err := readPage(address, body)
	instances := page.Instances
	for empty := 0; err == nil && page.Next != ""; {
		next := page.Next
		if err = ctx.Err(); err == nil {
			body, err = c.ask(ctx, address, wsman.Pull(next), o)
			if err != nil {
				return nil, err // the context went with the request
			}
			page, err = readPage(address, body)
		}
		if err != nil {
			page.Next = next
			break
		}
		instances = append(instances, page.Instances...)
		if len(page.Instances) > 0 {
			empty = 0
		} else {
			empty++
		}
		if len(instances) > maxInstances || empty > maxEmptyPulls {
			err = &Protocol{Address: address, Reason: "the enumeration does not end"}
		}
	}
	if err != nil && page.Next != "" {
		c.release(ctx, address, page.Next, o)
	}
	if err != nil {
		return nil, err
	}
	return instances, nil
}

func readPage(address string, body *wsman.Element) (wsman.Page, error) {
	page, err := wsman.ReadPage(body)
	if err != nil {
		return page, &Protocol{Address: address, Reason: err.Error()}
	}
	return page, nil
}

// release gives up an enumeration that is not read to its end, so that it does
// not count against the account's quota until it expires. Best effort.
func (c *Client) release(ctx context.Context, address, enumeration string, o options) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
	defer cancel()
	o.timeout = releaseTime
	_, _ = c.ask(ctx, address, wsman.Release(enumeration), o)
}

// Invoke calls a method and gives its out parameters. A return value other
// than 0 is a *MethodFailed. The call is never repeated once it was sent: see
// IsOutcomeUnknown.
func (c *Client) Invoke(ctx context.Context, address string, call Call, opts ...Option) (Instance, error) {
	message, err := wsman.Invoke(call)
	if err != nil {
		return Instance{}, err
	}
	body, err := c.ask(ctx, address, message, c.options(opts))
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
