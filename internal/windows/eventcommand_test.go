package windows_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/simulator/wsman"
	"github.com/timago/terraform-provider-timago/internal/windows"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// counted is a site whose KMS host has counted n machines, and whose stations have asked.
func counted(n int) world.Site {
	site := classroom(world.Station{Counted: true, Products: windowsAndOffice})
	site.Host.Keys[0].Counted = []world.Counted{{Number: n, Age: time.Hour, Over: 20 * 24 * time.Hour}}
	return site
}

func (r fixture) inject(t *testing.T, fault world.Fault) {
	t.Helper()
	if err := r.World.Inject(fault); err != nil {
		t.Fatal(err)
	}
}

// commands counts the commands that machines were given.
func (r fixture) commands() int {
	given := 0
	for _, e := range r.Log(0) {
		if e.Kind == string(wsman.Execute) && strings.HasPrefix(e.Detail, "wevtutil") {
			given++
		}
	}
	return given
}

func TestBothWaysToReadALogGiveTheSame(t *testing.T) {
	t.Parallel()
	r := open(t, counted(40))
	now := r.World.Now()
	all := must[[]kms.Counted](t)(r.Counted(t.Context(), r.host, now.Add(-25*24*time.Hour)))
	if len(all) < 40 {
		t.Fatalf("%d events by CIM, which knows them by their classic source", len(all))
	}
	within := all[20].Time.Add(time.Second / 2) // the second in which a record was written
	for what, read := range map[string]func(since time.Time) (any, int, error){
		"the KMS host's": func(since time.Time) (any, int, error) {
			found, err := r.Counted(t.Context(), r.host, since)
			return found, len(found), err
		},
		"a station's": func(since time.Time) (any, int, error) {
			found, err := r.Requests(t.Context(), r.stations[0], since)
			return found, len(found), err
		},
	} {
		for _, since := range []time.Time{now.Add(-25 * 24 * time.Hour), within, now.Add(time.Hour)} {
			before := r.commands()
			byCIM, number, err := read(since)
			if err != nil || number == 0 && since.Before(now) || r.commands() != before {
				t.Fatalf("%s log: %d by CIM, %v", what, number, err)
			}
			r.inject(t, world.Fault{Name: world.ProviderFails, On: []string{"kms01", "PC01"}, Of: "Win32_NTLogEvent"})
			byCommand, _, err := read(since)
			if err != nil || !reflect.DeepEqual(byCIM, byCommand) {
				t.Errorf("%s log since %s differs, %v; by CIM:\n%.400v\nby command:\n%.400v", what, since, err, byCIM, byCommand)
			}
			if given := r.commands() - before; given != 1 {
				t.Errorf("%d commands were given", given)
			}
			r.World.Heal(world.ProviderFails)
		}
	}
}

// switched answers questions for the event log by itself, and runs commands or fails them.
type switched struct {
	windows.Transport
	fails    error // of the class
	command  error
	asked    int
	commands []winrm.Command
}

func (s *switched) QueryEach(context.Context, string, string, func(winrm.Instance) error, ...winrm.Option) error {
	s.asked++
	return s.fails
}

func (s *switched) Execute(ctx context.Context, address string, command winrm.Command, options ...winrm.Option) (winrm.Output, error) {
	s.commands = append(s.commands, command)
	if s.command != nil {
		return winrm.Output{}, s.command
	}
	return s.Transport.Execute(ctx, address, command, options...)
}

func TestALogIsReadByACommandWhereTheClassCannot(t *testing.T) {
	t.Parallel()
	r := open(t, counted(3))
	fault := func(code uint32) *winrm.Fault { return &winrm.Fault{Address: "kms01:5985", Code: code} }
	for name, tt := range map[string]struct {
		fails          error
		host, station  bool // a command reads the log
		means          error
		slow           bool // the class is not asked again
		commandRefused error
	}{
		"the provider does not load":     {fails: fault(0x80041013), host: true, station: true},
		"a quota of WMI":                 {fails: &winrm.Fault{Code: 2150858778, Provider: 0x8004106C}, host: true, station: true},
		"no such class":                  {fails: fault(winrm.CodeUnknownClass), host: true, station: true},
		"the class is denied":            {fails: &winrm.AccessDenied{Fault: fault(5)}, host: true, station: true, means: kms.ErrDenied},
		"no answer to what was sent":     {fails: &winrm.Unreachable{Kind: winrm.KindTimeout, Sent: true}, host: true, means: kms.ErrUnreachable, slow: true},
		"a time-out of the service":      {fails: fault(winrm.CodeOperationTimeout), host: true, slow: true},
		"no connection in time":          {fails: &winrm.Unreachable{Kind: winrm.KindTimeout}, means: kms.ErrUnreachable},
		"a connection that broke":        {fails: &winrm.Unreachable{Kind: winrm.KindReset, Sent: true, Err: fault(995)}, means: kms.ErrUnreachable},
		"the account is refused":         {fails: &winrm.AuthRejected{Host: "kms01"}, means: kms.ErrDenied},
		"WinRM's own quota":              {fails: &winrm.Quota{Fault: fault(2150859173)}, means: kms.ErrUnreachable},
		"the machine is going down":      {fails: fault(winrm.CodeShuttingDown), means: kms.ErrNotYet},
		"something that is no WinRM":     {fails: &winrm.Protocol{Reason: "no envelope"}, means: kms.ErrUnreachable},
		"the command is refused as well": {fails: &winrm.AccessDenied{Fault: fault(5)}, host: true, station: true, means: kms.ErrDenied, commandRefused: &winrm.CommandFailed{Program: "wevtutil.exe"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, of := range []struct {
				what  string
				tries bool
				read  func(*windows.Client) error
			}{
				{"the host", tt.host, func(c *windows.Client) error {
					found, err := c.Counted(t.Context(), r.host, r.World.Now().Add(-29*24*time.Hour))
					if err == nil && len(found) != 7 {
						t.Errorf("the host: %d records", len(found))
					}
					return err
				}},
				{"a station", tt.station, func(c *windows.Client) error {
					found, err := c.Requests(t.Context(), r.stations[0], r.World.Now().Add(-29*24*time.Hour))
					if err == nil && len(found) != 2 {
						t.Errorf("a station: %d requests", len(found))
					}
					return err
				}},
			} {
				transport := &switched{Transport: r.transport, fails: tt.fails, command: tt.commandRefused}
				client := windows.New(transport)
				err := of.read(client)
				if tried := len(transport.commands) > 0; tried != of.tries {
					t.Errorf("%s: a command was run: %t, want %t", of.what, tried, of.tries)
				}
				if readable := of.tries && tt.commandRefused == nil; readable != (err == nil) {
					t.Errorf("%s: %v", of.what, err)
				}
				if err != nil && (!errors.Is(err, tt.fails) || tt.means != nil && !errors.Is(err, tt.means)) {
					t.Errorf("%s: the first error is lost: %v", of.what, err)
				}
				_ = of.read(client)
				if again := transport.asked > 1; again == (tt.slow && of.tries) {
					t.Errorf("%s: the class was asked again: %t", of.what, again)
				}
			}
		})
	}
}

// Nothing goes into the command line but what this package writes itself.
func TestTheCommandHoldsNothingOfTheCaller(t *testing.T) {
	t.Parallel()
	r := open(t, counted(3))
	transport := &switched{Transport: r.transport, fails: &winrm.Fault{Code: 0x80041013}}
	since := time.Date(2026, 9, 7, 14, 30, 5, 700, time.FixedZone("", 7200))
	if _, err := windows.New(transport).Counted(t.Context(), r.host, since); err != nil {
		t.Fatal(err)
	}
	want := winrm.Command{Program: "wevtutil.exe", Arguments: []string{
		"qe", "Key Management Service",
		"/q:*[System[Provider[@Name='Microsoft-Windows-Security-SPP'] and (EventID=12290) and TimeCreated[@SystemTime>='2026-09-07T12:30:05Z']]]",
		"/f:xml", "/rd:true", "/c:50000",
	}}
	transport.commands[0].Stdout = nil
	if len(transport.commands) != 1 || !reflect.DeepEqual(transport.commands[0], want) {
		t.Errorf("ran %q, want %q", transport.commands, want)
	}
}

// An account that the host refuses altogether is refused once.
func TestADeniedHostIsAskedForItsLogOnlyOnce(t *testing.T) {
	t.Parallel()
	site := counted(3)
	site.Host.Denied = true
	r := open(t, site)
	if _, err := r.Host(t.Context(), r.host); !errors.Is(err, kms.ErrDenied) {
		t.Fatal(err)
	}
	if _, err := r.Counted(t.Context(), r.host, time.Time{}); !errors.Is(err, kms.ErrDenied) {
		t.Error(err)
	}
	if failed := r.State().Wire["kms01"].FailedLogons; failed != 0 {
		t.Errorf("%d failed logons", failed)
	}
}
