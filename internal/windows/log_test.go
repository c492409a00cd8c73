package windows_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/windows"
	"github.com/timago/terraform-provider-timago/internal/winrm"
	"github.com/timago/terraform-provider-timago/internal/winrm/wsman"
)

// endless is a machine whose log has no end.
type endless struct {
	windows.Transport
	event func(n int) winrm.Instance
	given int
}

func (e *endless) QueryEach(_ context.Context, _, _ string, visit func(winrm.Instance) error, _ ...winrm.Option) error {
	for e.given < 10_000_000 {
		e.given++
		if err := visit(e.event(e.given)); err != nil {
			return err
		}
	}
	return nil
}

// countedEvent is a record of a KMS host, for a client of that name.
func countedEvent(n int, client string) winrm.Instance {
	return wsman.NewInstance("", map[string][]string{
		"RecordNumber": {fmt.Sprint(n)}, "TimeGenerated": {"2026-09-07T12:30:05Z"}, "EventCode": {"12290"},
		"InsertionStrings": {"0x0,25," + client + ",36f27b39-2fd5-440b-be67-a09996d27a38,2026/9/7 12:30,0,2,41520,68531fb9-5511-4989-97be-d11a0f55633f"},
	})
}

func TestALogWithoutEndIsGivenUp(t *testing.T) {
	t.Parallel()
	for name, story := range map[string]struct {
		client string
		most   int // events that are looked at
	}{
		"of many events":  {"pc01", 100_001},
		"of large events": {strings.Repeat("x", 1800), 20_000},
	} {
		machine := &endless{event: func(n int) winrm.Instance { return countedEvent(n, story.client) }}
		_, err := windows.New(machine).Counted(t.Context(), "kms01", time.Now())
		var protocol *winrm.Protocol
		if !errors.As(err, &protocol) || machine.given > story.most {
			t.Errorf("%s: got %v after %d events", name, err, machine.given)
		}
	}
	// What no KMS host writes is left out, and costs nothing.
	machine := &endless{event: func(n int) winrm.Instance { return countedEvent(n, strings.Repeat("x", 3000)) }, given: 9_990_000}
	if found, err := windows.New(machine).Counted(t.Context(), "kms01", time.Now()); err != nil || len(found) > 0 {
		t.Errorf("%d records, %v", len(found), err)
	}
}

// A log of many pages is read as a whole.
func TestLongLogs(t *testing.T) {
	t.Parallel()
	for how, events := range map[string]int{"by CIM": 12_000, "by a command": 6_000} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			key := world.Key{Key: "windows", Counted: []world.Counted{{Number: events, Age: time.Hour}}}
			r := open(t, world.Site{Host: world.Host{LogSize: events, Keys: []world.Key{key}}})
			var transport windows.Transport = r.transport
			if how == "by a command" {
				transport = &switched{Transport: r.transport, fails: &winrm.Fault{Code: 0x80041013}}
			}
			found, err := windows.New(transport).Counted(t.Context(), r.host, time.Time{})
			if err != nil || len(found) != events {
				t.Errorf("%d records, %v", len(found), err)
			}
		})
	}
}
