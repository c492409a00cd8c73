package check_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/check"
	"github.com/timago/terraform-provider-timago/internal/check/recording"
	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/site"
)

// command runs the subcommand at a site, without a terminal.
func (s fakeSite) command(args ...string) (exit int, stdout, stderr string) {
	s.t.Helper()
	return s.commandUntil("", args...)
}

// interrupting interrupts as soon as a text is written.
type interrupting struct {
	bytes.Buffer
	at        string
	interrupt func()
}

func (w *interrupting) Write(p []byte) (int, error) {
	if w.at != "" && bytes.Contains(p, []byte(w.at)) {
		w.interrupt()
	}
	return w.Buffer.Write(p)
}

// commandUntil is command for somebody who interrupts it at a line.
func (s fakeSite) commandUntil(at string, args ...string) (exit int, stdout, stderr string) {
	s.t.Helper()
	in, _, err := os.Pipe()
	if err != nil {
		s.t.Fatal(err)
	}
	defer in.Close()
	ctx, interrupt := context.WithCancel(s.t.Context())
	defer interrupt()
	out := interrupting{at: at, interrupt: interrupt}
	var complaints bytes.Buffer
	exit = check.Command{
		Args: args, Stdin: in, Stdout: &out, Stderr: &complaints,
		Settings: func(kmsHost string) (site.Config, error) {
			config := s.config().Site
			config.KMSHost = kmsHost
			return config, nil
		},
	}.Run(ctx)
	return exit, out.String(), complaints.String()
}

func TestTheExitCodeTellsWhetherAPoolWouldWork(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(*simulator.Scenario)
		exit   int
		says   string
	}{
		{"it would", nil, 0, "A pool would work here"},
		{"a key is missing", func(s *simulator.Scenario) {
			s.Stations[0].Products = []world.Product{{Title: "windows-11-education", By: "mak"}}
			s.Stations[0].Licensed = false
		}, 2, "would not work here yet"},
		{"a station is off", func(s *simulator.Scenario) { s.Stations[1].Off, s.Stations[1].Licensed = true, false }, 1, "is not known"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := classroom(t, test.change, 0)
			args := []string{"-kms-host", s.Plain().KMSHost}
			for _, station := range s.Plain().Stations {
				args = append(args, "-station", station.Address)
			}
			if exit, stdout, stderr := s.command(args...); exit != test.exit || !strings.Contains(stdout, test.says) || stderr != "" {
				t.Errorf("exit %d, want %d with %q\n%s%s", exit, test.exit, test.says, stdout, stderr)
			}
		})
	}
}

func TestWhatCannotBeCheckedIsSaid(t *testing.T) {
	t.Parallel()
	s := classroom(t, nil, 0)
	station := s.Plain().Stations[0].Address
	for says, args := range map[string][]string{
		"no station is named":               {},
		`"more" is no option`:               {"-station", station, "more"},
		"-activate and -restart ask before": {"-station", station, "-activate"},
		"there is no terminal to ask at":    {"-station", station, "-restart"},
		"flag provided but not defined":     {"-force"},
		"is not an empty folder":            {"-station", station, "-record", "testdata"},
		"it is empty":                       {"-station", ""},
		"give -station NAME for each":       {"-station", station + "," + station},
		"it is given twice":                 {"-station", station, "-station", station},
	} {
		if exit, _, stderr := s.command(args...); exit != 1 || !strings.Contains(stderr, says) {
			t.Errorf("%q: exit %d, want 1 with %q\n%s", args, exit, says, stderr)
		}
	}
	if exit, _, stderr := s.command("-help"); exit != 0 || !strings.Contains(stderr, "usage:") {
		t.Errorf("exit %d\n%s", exit, stderr)
	}
	if n := s.State().Wire["PC01"].Requests; n > 0 {
		t.Errorf("the station was sent %d requests", n)
	}
}

func TestACommandRecords(t *testing.T) {
	t.Parallel()
	s := classroom(t, nil, 0)
	folder := filepath.Join(t.TempDir(), "site")
	exit, stdout, stderr := s.command("-station", s.Plain().Stations[0].Address, "-kms-host", s.Plain().KMSHost, "-record", folder)
	if exit != 0 || !strings.Contains(stdout, "then send the first") {
		t.Fatalf("exit %d\n%s%s", exit, stdout, stderr)
	}
	recorded, err := recording.Load(filepath.Join(folder, recording.FileName))
	if err != nil || len(recorded.Machines()) != 2 || len(recorded.Exchanges) < 15 {
		t.Errorf("%v: %+v", err, recorded)
	}
	list, err := os.ReadFile(filepath.Join(folder, recording.ListName))
	if err != nil || !strings.Contains(string(list), "Win32_ComputerSystem.Name") {
		t.Errorf("%v: %s", err, list)
	}
}

// What was seen until then is shown and recorded, and judged no further.
func TestAnInterruptedCheckKeepsWhatItSaw(t *testing.T) {
	t.Parallel()
	s := classroom(t, nil, 0)
	folder := filepath.Join(t.TempDir(), "site")
	station := s.Plain().Stations[0].Address
	exit, stdout, stderr := s.commandUntil("SoftwareLicensingService", "-station", station, "-station", s.Plain().Stations[1].Address, "-kms-host", s.Plain().KMSHost, "-record", folder)
	if exit != 1 || stderr != "terraform-provider-timago check: interrupted: what is not shown was not asked\n" ||
		!strings.Contains(stdout, "Recorded up to there") || !strings.Contains(stdout, " more ") || strings.Contains(stdout, "would") || strings.Contains(stdout, "KMS host") {
		t.Errorf("exit %d\n%s%s", exit, stdout, stderr)
	}
	recorded, err := recording.Load(filepath.Join(folder, recording.FileName))
	if err != nil || len(recorded.Exchanges) < 5 || recorded.Verdict(recorded.Machines()[0], "Win32_ComputerSystem") != "ok" {
		t.Errorf("%v: %+v", err, recorded)
	}
}

// A restart that somebody breaks off is not called one after which the station stayed away.
func TestAnInterruptedRestartSaysWhatWasDone(t *testing.T) {
	t.Parallel()
	s := classroom(t, func(s *simulator.Scenario) { s.Stations = s.Stations[:1] }, 60)
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	config := s.config()
	config.Restart, config.Show = true, func(_ string, line check.Line) {
		if line.Name == "Restart" {
			interrupt()
		}
	}
	found, err := check.Run(ctx, config)
	if line := sections(found).line(0, "Way down and up"); !errors.Is(err, context.Canceled) || len(found) != 1 ||
		line.Verdict != check.Unanswered || line.Found != "interrupted" || line.Means != "It was restarted: see that it comes back." {
		t.Errorf("%v\n%s", err, sections(found))
	}
}

// Whoever breaks off a restart sees whether it was sent.
func TestAnInterruptedRestartSaysWhetherItWasSent(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault world.Fault
		line  string // at which it is interrupted, once the fault acted
		means string
	}{
		"before it was sent":        {world.Fault{Name: world.SlowAnswer, Of: "Win32_Process", Nth: 2, By: time.Hour}, "Restart", "It was not restarted."},
		"before it was answered":    {world.Fault{Name: world.HalfOpen, Of: world.AboutRestart}, "Restart", "It may have been restarted: see that it comes back."},
		"after its answer was lost": {world.Fault{Name: world.Drops, Of: world.AboutRestart}, "Way down and up", "It may have been restarted: see that it comes back."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := classroom(t, func(s *simulator.Scenario) { s.Stations = s.Stations[:1] }, 1)
			if err := s.World.Inject(test.fault); err != nil {
				t.Fatal(err)
			}
			config := s.config()
			var restarted atomic.Bool
			config.Restart, config.Show = true, func(_ string, line check.Line) { restarted.CompareAndSwap(false, line.Name == "Restart") }
			found := s.interruptedWhen(config, func(s *simulator.State) bool {
				return s.Faults[0].Seen > 0 && (test.line == "Restart" || restarted.Load())
			})
			if line := found.line(ofStation, test.line); line.Verdict != check.Unanswered || !strings.HasPrefix(line.Found, "interrupted") || line.Means != test.means {
				t.Errorf("%+v\n%s", line, found)
			}
		})
	}
}

// A restart that never came is not called one from which the station did not return.
func TestARestartThatWasNotCarriedOutIsSaid(t *testing.T) {
	t.Parallel()
	s := classroom(t, func(s *simulator.Scenario) { s.Stations = s.Stations[:1] }, 1)
	if err := s.World.Inject(world.Fault{Name: world.HalfOpen, Of: world.AboutRestart}); err != nil {
		t.Fatal(err)
	}
	config := s.config()
	config.Restart, config.RestartLimit = true, 10*time.Second
	found := s.check(config)
	if line := found.line(ofStation, "Way down and up"); line.Verdict != check.Unanswered || !strings.HasPrefix(line.Found, "answers as before") || !strings.HasPrefix(line.Means, "It did not go down within 10 seconds") {
		t.Errorf("%+v\n%s", line, found)
	}
}

// What was not read is not made up.
func TestLicensingThatWasNotReadIsNotJudged(t *testing.T) {
	t.Parallel()
	s := classroom(t, func(s *simulator.Scenario) { s.Stations = s.Stations[:1] }, 60)
	if err := s.World.Inject(world.Fault{Name: world.ProviderFails, Of: "SoftwareLicensingProduct", Times: 1}); err != nil {
		t.Fatal(err)
	}
	config := s.config()
	config.Activate, config.Restart = true, true
	found := s.check(config)
	for _, name := range []string{"KMS host in use", "Machine id", "Activate"} {
		if line := found.line(ofStation, name); line.Verdict != check.Unanswered || line.Found != "not read" || line.Means != "See Keys." {
			t.Errorf("%+v", line)
		}
	}
	if line := found.line(ofStation, "After the start"); line.Verdict != check.Unanswered || !strings.HasSuffix(line.Found, ", no id was read before") || !strings.Contains(line.Means, "again") {
		t.Errorf("%+v\n%s", line, found)
	}
}

func TestWithoutAnAccountNothingIsAsked(t *testing.T) {
	t.Parallel()
	exit := check.Command{
		Args: []string{"-station", "PC01"}, Stdin: os.Stdin, Stdout: new(bytes.Buffer), Stderr: new(bytes.Buffer),
		Settings: func(string) (site.Config, error) { return site.Config{}, errors.New("no account") },
	}.Run(t.Context())
	if exit != 1 {
		t.Error("exit", exit)
	}
}

// The guide names every line, so that whoever reads a table finds what it is about.
func TestTheGuideKnowsEveryLine(t *testing.T) {
	t.Parallel()
	s := classroom(t, nil, 0)
	text, err := os.ReadFile(filepath.Join("..", "..", "templates", "guides", "check.md.tmpl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, section := range s.check(s.config()) {
		for _, line := range section.Lines {
			known := strings.Contains(string(text), line.Name)
			if class, _, of := strings.Cut(line.Name, "_"); of && class == "Win32" || strings.HasPrefix(line.Name, "SoftwareLicensing") {
				known = strings.Contains(string(text), "`Win32_…`, `SoftwareLicensing…`")
			}
			if !known {
				t.Errorf("the guide does not know the line %s", line.Name)
			}
		}
	}
}

// A pool whose KMS host nobody names takes the one that its stations use.
func TestTheKMSHostIsTheOneThatStationsName(t *testing.T) {
	t.Parallel()
	s := classroom(t, nil, 0)
	config := s.config()
	config.Site.KMSHost, config.Site.WinRM.Port = "", s.Plain().WinRM.Port
	found := s.check(config)
	if last := found[len(found)-1]; !strings.HasPrefix(last.Title, "KMS host, as "+config.Stations[0]+" names it: 127.") || found.line(ofHost, "Host key").Verdict != check.Holds {
		t.Errorf("%s", found)
	}
	divided := classroom(t, func(s *simulator.Scenario) {
		s.Stations = world.Rows(3, world.Station{Name: "PC%02d", Licensed: true})
		s.Stations[0].OtherHost = "127.1.9.9"
	}, 0)
	config = divided.named(divided.Plain().Stations[0].Address, divided.Plain().Stations[1].Address, divided.Plain().Stations[2].Address)
	config.Site.KMSHost, config.Site.WinRM.Port = "", divided.Plain().WinRM.Port
	found = divided.check(config)
	if last := found[len(found)-1]; !strings.HasPrefix(last.Title, "KMS host, as "+config.Stations[1]+" names it: ") || strings.HasSuffix(last.Title, "127.1.9.9") {
		t.Errorf("one of three stations asks another host:\n%s", found)
	}
	config.Stations = []string{"127.1.0.200"} // off: nothing is known of the host
	if found = divided.check(config); check.Exit(found) != 1 || !strings.Contains(found.line(ofHost, "Host").Means, "-kms-host") {
		t.Errorf("%s", found)
	}
}

// A KMS host whose clock is that of its stations refuses none of them, whatever this computer's is.
func TestAWrongClockHereIsNotHeldAgainstTheKMSHost(t *testing.T) {
	t.Parallel()
	s := classroom(t, func(s *simulator.Scenario) {
		s.Host.Skew = 5 * time.Hour
		for i := range s.Stations {
			s.Stations[i].Skew = 5 * time.Hour
		}
	}, 0)
	found := s.check(s.config())
	if line := found.line(ofHost, "Clock"); line.Verdict != check.Notable || !strings.Contains(line.Found, "5 hours ahead of this computer") || !strings.HasPrefix(line.Means, "The stations' clocks agree with it") {
		t.Errorf("%+v\n%s", line, found)
	}
}

func TestAPortThatSpeaksTLSIsNamed(t *testing.T) {
	t.Parallel()
	scenario := simulator.Scenario{Site: world.Site{Stations: world.Rows(1, world.Station{Name: "PC%02d"})}, WinRM: simulator.WinRM{HTTPS: true}}
	simulated, err := simulator.Start(scenario, simulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(simulated.Close)
	s := fakeSite{simulated, t}
	config := s.named(simulated.Ready().Stations[0].Address)
	config.Site.KMSHost = ""
	config.Site.WinRM.Timeout = 5 * time.Minute // a tenth is for the greeting of TLS, also on a busy machine
	if line := s.check(config).line(ofStation, "Service"); line.Verdict != check.Blocks || !strings.HasSuffix(line.Found, " speaks TLS") || !strings.Contains(line.Means, "TIMAGO_WINRM_USE_TLS=true") {
		t.Errorf("%+v", line)
	}
	config.Site.WinRM.UseTLS = true // by an authority that nobody trusts
	if line := s.check(config).line(ofStation, "TLS"); line.Verdict != check.Blocks || !strings.Contains(line.Means, "a certificate for PC01") || !strings.Contains(line.Means, "TIMAGO_WINRM_CA_CERTIFICATE") {
		t.Errorf("%+v", line)
	}
}

func TestAPortWithoutTLSIsNamed(t *testing.T) {
	t.Parallel()
	s := classroom(t, nil, 0)
	config := s.config()
	config.Site.WinRM.UseTLS = true
	if line := s.check(config).line(ofStation, "TLS"); line.Verdict != check.Blocks || !strings.HasSuffix(line.Found, " speaks no TLS") || !strings.Contains(line.Means, "5986") {
		t.Errorf("%+v", line)
	}
}
