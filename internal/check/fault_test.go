package check_test

import (
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/check"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

const (
	ofStation = 0
	ofHost    = -1
)

// faultCase is one fault, and the line that names it.
type faultCase struct {
	fault   world.Fault
	section int
	line    string
	verdict check.Verdict
	says    string // part of what was found

	activate bool
	restart  bool
	also     []string // lines that rightly say something of it, too
}

var faultCases = []faultCase{
	// Connections.
	{fault: world.Fault{Name: world.HalfOpen}, line: "Service", verdict: check.Unanswered, says: "in time"},
	{fault: world.Fault{Name: world.Unauthorized}, line: "Logon", verdict: check.Blocks, says: "401"},
	{fault: world.Fault{Name: world.Quota}, line: "Quotas", verdict: check.Blocks, says: "quota"},
	{fault: world.Fault{Name: world.Drops, Of: "enumerate"}, line: "Service", verdict: check.Unanswered, says: "closed the connection"},
	{fault: world.Fault{Name: world.EmptyBody, Of: "enumerate"}, line: "Service", verdict: check.Blocks},
	{fault: world.Fault{Name: world.TruncatedXML, Of: "enumerate"}, line: "Service", verdict: check.Blocks},
	{fault: world.Fault{Name: world.Garbage, Of: "enumerate"}, line: "Service", verdict: check.Blocks},
	{fault: world.Fault{Name: world.Unavailable}, line: "Service", verdict: check.Unanswered, says: "not available"},
	{fault: world.Fault{Name: world.Denied}, line: "Rights", verdict: check.Blocks, says: "denied"},
	{fault: world.Fault{Name: world.SlowAnswer, Of: "Win32_OperatingSystem", By: 4 * time.Second}, line: "Service", verdict: check.Notable, says: "answers"},
	{fault: world.Fault{Name: world.ProviderFails, Of: "SoftwareLicensingProduct"}, line: "SoftwareLicensingProduct", verdict: check.Blocks, also: []string{"Keys", "Machine id", "KMS host in use"}},
	{fault: world.Fault{Name: world.ProviderFails, Of: "Win32_NTLogEvent"}, line: "Log by class", verdict: check.Notable, also: []string{"Fast startup"}},
	{fault: world.Fault{Name: world.HalfOpen, Of: "command"}, line: "Log by command", verdict: check.Notable},

	// At a moment.
	{fault: world.Fault{Name: world.PowerCut}, line: "Port", verdict: check.Unanswered, says: "closed"},
	{fault: world.Fault{Name: world.Refuses}, line: "Port", verdict: check.Unanswered, says: "closed"},
	{fault: world.Fault{Name: world.ClockSkew, By: 5 * time.Hour}, line: "Clock", verdict: check.Blocks, says: "5 hours ahead"},
	{fault: world.Fault{Name: world.UserLogsOn}, line: "Sessions", verdict: check.Notable, says: "a user is logged on"},
	{fault: world.Fault{Name: world.KMSAway}, section: ofHost, line: "KMS port", verdict: check.Blocks, says: "closed"},
	{fault: world.Fault{Name: world.CountFalls}, section: ofHost, line: "Count", verdict: check.Holds, says: "Windows 0 of 25", also: []string{"Log and count"}},
	{fault: world.Fault{Name: world.LogLost}, section: ofHost, line: "Log and count", verdict: check.Notable, says: "0 ids"},
	{fault: world.Fault{Name: world.Refuses, On: []string{"kms01"}}, section: ofHost, line: "Port", verdict: check.Unanswered, says: "closed"},
	{fault: world.Fault{Name: world.Denied, On: []string{"kms01"}}, section: ofHost, line: "Rights", verdict: check.Notable, says: "denied"},
	{fault: world.Fault{Name: world.Unauthorized, On: []string{"kms01"}}, section: ofHost, line: "Logon", verdict: check.Notable, says: "401"},
	{fault: world.Fault{Name: world.ClockSkew, On: []string{"kms01"}, By: -5 * time.Hour}, section: ofHost, line: "Clock", verdict: check.Blocks, says: "5 hours"},

	// Of activation.
	{fault: world.Fault{Name: world.RequestFails}, activate: true, line: "Activate", verdict: check.Blocks, says: "0xC004F074"},
	{fault: world.Fault{Name: world.RequestRefused}, activate: true, line: "Activate", verdict: check.Blocks, says: "0xC004F042"},
	{fault: world.Fault{Name: world.ActivateFails}, activate: true, line: "Activate", verdict: check.Blocks, says: "0x8007000D"},
	{fault: world.Fault{Name: world.ActivateIgnored}, activate: true, line: "Activate", verdict: check.Blocks, says: "without an error"},
	{fault: world.Fault{Name: world.SlowActivate, By: 2 * time.Second}, activate: true, line: "Activate", verdict: check.Holds, says: " s"},

	// Of a restart.
	{fault: world.Fault{Name: world.ShutdownScheduled}, restart: true, line: "Restart", verdict: check.Blocks, says: "scheduled"},
	{fault: world.Fault{Name: world.RestartScheduled}, restart: true, line: "Restart", verdict: check.Blocks, says: "scheduled"},
	{fault: world.Fault{Name: world.RestartFails}, restart: true, line: "Restart", verdict: check.Blocks, says: "1271"},
	{fault: world.Fault{Name: world.UserBeforeRestart}, restart: true, line: "Restart", verdict: check.Blocks, says: "in use"},
	{fault: world.Fault{Name: world.NeverComesBack}, restart: true, line: "Way down and up", verdict: check.Unanswered, says: "port closed"},
	{fault: world.Fault{Name: world.SlowBoot, By: 5 * time.Minute}, restart: true, line: "Way down and up", verdict: check.Holds, says: "port closed"},
	{fault: world.Fault{Name: world.NetlogonHangs}, restart: true, line: "Way down and up", verdict: check.Unanswered, says: "refuses the account (Netlogon starts) at most "},
	{fault: world.Fault{Name: world.NoServices}, restart: true, line: "After the start", verdict: check.Blocks},
	{fault: world.Fault{Name: world.SameCMID}, restart: true, line: "After the start", verdict: check.Blocks, says: "the same id"},
	{fault: world.Fault{Name: world.UserAfterStart}, restart: true, line: "After the start", verdict: check.Notable, says: "a new id"},
}

// notSeen are faults of what the check does not ask: Timago, and the images that it makes.
var notSeen = []world.FaultName{world.OptionChanged, world.StationDeleted, world.RoomRenamed, world.ImageFails}

func TestEachFaultHasItsLine(t *testing.T) {
	t.Parallel()
	for _, test := range faultCases {
		t.Run(string(test.fault.Name)+" "+test.line, func(t *testing.T) {
			t.Parallel()
			change := func(s *simulator.Scenario) {
				s.Stations = s.Stations[:1]
				if test.activate { // its products are not licensed, since too few were counted
					s.Host.Keys[0].Counted[0].Number = 3
					s.Stations = world.Rows(1, world.Station{Name: "PC%02d", Counted: true})
				}
			}
			speed := 1.0
			if test.restart {
				speed = 60
			}
			s := classroom(t, change, speed)
			if !test.restart && !test.activate {
				if usual := s.check(s.config()); len(usual.troubled(ofStation))+len(usual.troubled(ofHost)) > 0 {
					t.Fatalf("before the fault:\n%s", usual)
				}
			}
			if err := s.World.Inject(test.fault); err != nil {
				t.Fatal(err)
			}
			if test.says == "closed" {
				s.untilClosed(test)
			}
			config := s.config()
			config.Activate, config.Restart = test.activate, test.restart
			if test.restart && test.verdict == check.Unanswered { // else one refusal while Netlogon starts fits in
				config.RestartLimit = 20 * time.Second
			}
			found := s.check(config)
			line := found.line(test.section, test.line)
			if line.Verdict != test.verdict || !strings.Contains(line.Found, test.says) {
				t.Errorf("%s: want %s with %q\n%s", test.line, test.verdict, test.says, found)
			}
			if test.verdict != check.Holds && line.Means == "" {
				t.Errorf("%s does not say what it means:\n%s", test.line, found)
			}
			for _, other := range found.troubled(test.section) {
				if other != test.line && !slices.Contains(test.also, other) {
					t.Errorf("%s is in trouble, too:\n%s", other, found)
				}
			}
			s.bounded(test.fault.Name, test.restart)
		})
	}
}

// untilClosed waits for the port that a fault closes: the site does so in its own time.
func (s fakeSite) untilClosed(test faultCase) {
	s.t.Helper()
	address := s.Plain().Stations[0].Address
	if test.section == ofHost {
		address = s.Plain().KMSHost
	}
	if test.line == "KMS port" {
		address = net.JoinHostPort(kms.HostOf(address), strconv.Itoa(s.KMSPort()))
	}
	var dialer net.Dialer
	for range 200 {
		conn, err := dialer.DialContext(s.t.Context(), "tcp", address)
		if err != nil {
			return
		}
		_ = conn.Close() // nothing was said
		time.Sleep(50 * time.Millisecond)
	}
	s.t.Errorf("%s stays open", address)
}

// bounded holds the check to what it may cost one station, whatever is wrong.
func (s fakeSite) bounded(fault world.FaultName, restart bool) {
	s.t.Helper()
	failed := 0
	for name, machine := range s.State().Wire {
		failed += machine.FailedLogons
		requests := machine.Requests
		if restart {
			requests = machine.Operations // each look has a connection of its own, with a logon
		}
		if name != "kms01" && requests > 40 {
			s.t.Errorf("%s: %s was sent %d requests", fault, name, requests)
		}
	}
	if failed > 1 {
		s.t.Errorf("%s: %d failed logons", fault, failed)
	}
}

func TestNoFaultIsForgotten(t *testing.T) {
	t.Parallel()
	for _, name := range world.FaultNames() {
		seen := slices.ContainsFunc(faultCases, func(c faultCase) bool { return c.fault.Name == name })
		if !seen && !slices.Contains(notSeen, name) && !strings.HasPrefix(string(name), "api-") {
			t.Errorf("fault %s has no line", name)
		}
	}
}
