package windows

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/winrm"
)

const (
	// mostEvents bounds what the command writes, the newest first. Who needs more sees by
	// its age that the oldest one is not old enough.
	mostEvents = 50_000
	// commandTimeout is for the whole command, licensingTimeout for each part of its output.
	commandTimeout = 2 * time.Minute
	// publisherSPP writes licensing's events, whatever their classic source is.
	publisherSPP = "Microsoft-Windows-Security-SPP"
)

// commandMayRead reports whether a log that Win32_NTLogEvent did not give may still be read by a
// command: the machine is there, took the account and answered that this class cannot, or
// that the account may not use it. A machine that did not answer, refused the logon or is
// going down would only do so again. That nothing came in time says as much of a machine
// that restarts as of a log that is too large; a KMS host seldom restarts.
func commandMayRead(err error, log string) bool {
	var unreachable *winrm.Unreachable
	var quota *winrm.Quota
	var fault *winrm.Fault
	switch {
	case tooSlow(err):
		return log == logKMS
	case errors.As(err, &unreachable), errors.As(err, &quota), winrm.IsAuthRejected(err), winrm.IsCode(err, codeShutdownInProgress), aborted(err):
		return false
	}
	return errors.As(err, &fault)
}

// tooSlow: the machine took the request and answered nothing in time.
func tooSlow(err error) bool {
	var unreachable *winrm.Unreachable
	return errors.As(err, &unreachable) && unreachable.Kind == winrm.KindTimeout && unreachable.Sent || winrm.IsCode(err, winrm.CodeOperationTimeout)
}

// eventsByCommand reads records of one log with wevtutil.
func (c *Client) eventsByCommand(ctx context.Context, address string, q question, visit func(event) error) error {
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	wanted := make([]string, len(q.ids))
	for i, id := range q.ids {
		wanted[i] = fmt.Sprintf("EventID=%d", id)
	}
	query := fmt.Sprintf("*[System[Provider[@Name='%s'] and (%s) and TimeCreated[@SystemTime>='%s']]]",
		publisherSPP, strings.Join(wanted, " or "), q.since.UTC().Format(time.RFC3339))
	_, err := c.transport.Execute(ctx, address, winrm.Command{
		Program:   "wevtutil.exe",
		Arguments: []string{"qe", q.log, "/q:" + query, "/f:xml", "/rd:true", fmt.Sprintf("/c:%d", mostEvents)},
		Stdout:    &eventWriter{visit: visit},
	}, append(q.options, winrm.Timeout(licensingTimeout))...)
	return err
}

// eventXML is one event as the command writes it; nothing of it is localised.
type eventXML struct {
	System struct {
		ID      int `xml:"EventID"`
		Created struct {
			Time time.Time `xml:"SystemTime,attr"`
		} `xml:"TimeCreated"`
		Record uint32 `xml:"EventRecordID"`
	}
	EventData, UserData leaves
}

// leaves are the texts of the innermost elements, in order: of EventData its Data, of
// UserData whatever its publisher calls them.
type leaves []string

func (l *leaves) UnmarshalXML(d *xml.Decoder, _ xml.StartElement) error {
	var text strings.Builder
	innermost := false
	for depth := 1; depth > 0; {
		token, err := d.Token()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			depth++
			innermost = t.Name.Local != "Binary" // no insertion string
			text.Reset()
		case xml.CharData:
			text.Write(t)
		case xml.EndElement:
			depth--
			if innermost {
				*l = append(*l, text.String())
			}
			innermost = false
		}
	}
	return nil
}

// eventWriter reads what the command writes: events one after the other, with no element
// around them. One that is garbled or cut off is left out, and costs no other.
type eventWriter struct {
	visit func(event) error
	rest  []byte // of an event that has not ended
}

// maxEventSize is more than the text of an event takes.
const maxEventSize = 64 << 10

func (w *eventWriter) Write(text []byte) (int, error) {
	const end = "</Event>"
	w.rest = append(w.rest, text...)
	for {
		one, rest, found := bytes.Cut(w.rest, []byte(end))
		if !found {
			// The end may have begun.
			if len(w.rest) > maxEventSize {
				w.rest = bytes.Clone(w.rest[len(w.rest)-len(end):])
			}
			return len(text), nil
		}
		if e, ok := parseEvent(string(one) + end); ok {
			if err := w.visit(e); err != nil {
				return 0, err
			}
		}
		w.rest = rest
	}
}

// parseEvent reads the last event of a text that ends with it.
func parseEvent(text string) (event, bool) {
	start := max(strings.LastIndex(text, "<Event "), strings.LastIndex(text, "<Event>"))
	if start < 0 || len(text) > 2*maxEventSize {
		return event{}, false
	}
	var e eventXML
	if xml.Unmarshal([]byte(printable(text[start:])), &e) != nil || e.System.Created.Time.IsZero() {
		return event{}, false
	}
	return event{
		id: e.System.ID, record: e.System.Record,
		written: e.System.Created.Time.UTC().Truncate(time.Second), // as Win32_NTLogEvent dates it
		fields:  append(e.EventData, e.UserData...),
	}, true
}

// printable leaves out what XML cannot hold, as a computer name in a console's own code
// page is.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
}
