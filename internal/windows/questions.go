package windows

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// StationQuestions are the queries that a station is asked, and HostQuestions those of a KMS
// host, for those who look at what a site answers.
func StationQuestions() []string {
	return []string{querySystem, queryConsole, queryDesktops, queryCards, queryService, queryProducts(withChannel(clientProperties), "")}
}

// HostQuestions are those of a KMS host.
func HostQuestions() []string {
	return []string{queryUptime, queryHost, queryProducts(withChannel(hostProperties), onlyHostKeys)}
}

func withChannel(properties []string) string {
	return strings.Join(append(slices.Clip(properties), propertyChannel), ", ")
}

// Way is one of the two in which a log is read.
type Way string

// The ways in which a log is read: the class first, and the command where it does not serve.
const (
	ByClass   Way = "Win32_NTLogEvent"
	ByCommand Way = "wevtutil"
)

// LogRead is what a log held of licensing's events.
type LogRead struct {
	Requests []kms.Exchange // of a station
	Counted  []kms.Counted  // of a KMS host
}

// Events is how many there were.
func (l LogRead) Events() int {
	n := len(l.Counted)
	for _, request := range l.Requests {
		n++
		if request.Answer != nil {
			n++
		}
	}
	return n
}

// ReadLog reads the events of licensing in one way alone, for those who compare the two.
func (c *Client) ReadLog(ctx context.Context, address string, way Way, host bool, since time.Time) (LogRead, error) {
	only := &Client{transport: c.transport, way: way}
	if host {
		counted, err := only.Counted(ctx, address, since)
		return LogRead{Counted: counted}, err
	}
	requests, err := only.Requests(ctx, address, since)
	return LogRead{Requests: requests}, err
}
