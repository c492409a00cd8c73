package check_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/check"
	"github.com/timago/terraform-provider-timago/internal/check/recording"
	"github.com/timago/terraform-provider-timago/internal/check/replay"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/site"
	"github.com/timago/terraform-provider-timago/internal/windows"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// elsewhere are lines about what a recording does not hold: the way to the machines, this
// computer's clock and names, and what was commanded.
var elsewhere = []string{
	"Name", "Port", "TLS", "Service", "Logon", "DNS", "KMS port", "KMS host in use", "Clock",
	"Activate", "Restart", "Way down and up", "After the start",
}

// isNew: the line is about a question that the check did not ask yet when the site was recorded.
func isNew(recorded *recording.Recording, line recording.Line) bool {
	questions := windows.StationQuestions()
	if recorded.Verdict(line.Machine, "KMS port") != "" {
		questions = windows.HostQuestions()
	}
	for _, wql := range questions {
		if _, from, _ := strings.Cut(wql, " FROM "); from == line.Name || strings.HasPrefix(from, line.Name+" ") {
			return !slices.ContainsFunc(recorded.Exchanges, func(e recording.Exchange) bool { return e.Machine == line.Machine && e.Question == wql })
		}
	}
	return false
}

// Every site that was recorded is read as it was then.
func TestRecordedSitesReadAsTheyDid(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("testdata", "sites", "*", recording.FileName))
	if err != nil || len(files) == 0 {
		t.Fatal("no recordings", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			t.Parallel()
			recorded, err := recording.Load(file)
			if err != nil {
				t.Fatal(err)
			}
			found := checkAgain(t, recorded)
			compared := 0
			for _, was := range recorded.Lines {
				if slices.Contains(elsewhere, was.Name) || strings.HasSuffix(was.Name, " more") || isNew(recorded, was) {
					continue
				}
				is := found.line(slices.Index(recorded.Machines(), was.Machine), was.Name)
				if compared++; was.Verdict != string(is.Verdict) {
					t.Errorf("%s, %s: was %s\n%s", was.Machine, was.Name, was.Verdict, found)
				}
			}
			if compared < 10 {
				t.Errorf("%d lines were compared", compared)
			}
		})
	}
}

// checkAgain lets a recording answer to the check.
func checkAgain(t *testing.T, recorded *recording.Recording) sections {
	t.Helper()
	answering, err := replay.Start(t.Context(), recorded)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(answering.Close)
	account := replay.Account()
	config := check.Config{Site: site.Config{WinRM: &account}, Network: nowhere{}}
	for _, machine := range recorded.Machines() {
		if recorded.Verdict(machine, "KMS port") != "" {
			config.Site.KMSHost = answering.Address(machine)
		} else {
			config.Stations = append(config.Stations, answering.Address(machine))
		}
	}
	found, err := check.Run(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// nowhere is a network in which all is well.
type nowhere struct{}

func (nowhere) Resolve(context.Context, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.IPv4Unspecified()}, nil
}
func (nowhere) Discover(context.Context, string) (kms.Discovery, error) { return kms.Discovery{}, nil }
func (nowhere) Connect(context.Context, string, int) error              { return nil }

// sites are those whose recordings lie in testdata/sites.
var sites = map[string]func(*simulator.Scenario){
	"vendor-example": func(s *simulator.Scenario) {
		example, err := simulator.Embedded("vendor-example")
		if err != nil {
			panic(err)
		}
		*s = example
		s.Stations = s.Stations[:2]
	},
	// Names with umlauts and markup, several products and cards, a log of 200 kB.
	"hostile": func(s *simulator.Scenario) {
		s.Host.Keys = []world.Key{{Key: "windows", Counted: []world.Counted{{Number: 45, Age: time.Hour, Over: 8 * time.Hour}}}, {Key: "office-2024"}}
		s.Stations = []world.Station{{
			Name: "MÜLLER-PC", User: `SCHULE\Jürg "<b>&amp;]]>`, Cards: 3, Licensed: true,
			Products: []world.Product{{Title: "windows-11-education"}, {Title: "office-2024"}},
		}}
		s.Traffic = []world.Traffic{{Every: time.Second, Same: 40}}
	},
}

// Run this test with UPDATE_SITES=1 to record the simulated sites anew.
func TestARecordingReadsAsTheSiteItself(t *testing.T) {
	t.Parallel()
	for name, change := range sites {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := classroom(t, change, 0)
			if name == "hostile" {
				s.World.Advance(5 * time.Minute) // some 300 requests more
			}
			folder := filepath.Join(t.TempDir(), "site")
			recorder, err := recording.New(folder, "SCHULE", "kms-admin")
			if err != nil {
				t.Fatal(err)
			}
			config := s.config()
			config.Site.WinRM.Observe = recorder.Observe
			found := s.check(config)
			for _, section := range found {
				for _, line := range section.Lines {
					recorder.Line(section.Address, line.Name, string(line.Verdict))
				}
			}
			if err := recorder.Save(); err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(filepath.Join(folder, recording.FileName)); err != nil || name == "hostile" && info.Size() < 200<<10 {
				t.Error("the recording is too small for its log", err)
			}
			recorded, err := recording.Load(filepath.Join(folder, recording.FileName))
			if err != nil {
				t.Fatal(err)
			}
			again := checkAgain(t, recorded)
			for i := range found {
				for j, line := range found[i].Lines {
					if was, is := steady(line.Found), steady(again[i].Lines[j].Found); was != is && !slices.Contains(elsewhere, line.Name) {
						t.Errorf("%s:\nwas %s\nis  %s", line.Name, was, is)
					}
				}
			}
			s.sameReading(recorded, config)
			if os.Getenv("UPDATE_SITES") != "" {
				keep(t, folder, filepath.Join("testdata", "sites", name))
			}
		})
	}
}

var durations = regexp.MustCompile(`\b\d+(\.\d)? (ms|s)\b`)

func steady(text string) string { return durations.ReplaceAllString(text, "N") }

func keep(t *testing.T, from, to string) {
	t.Helper()
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// sameReading compares what the provider itself reads of the site and of its recording.
func (s fakeSite) sameReading(recorded *recording.Recording, config check.Config) {
	s.t.Helper()
	answering, err := replay.Start(s.t.Context(), recorded)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answering.Close()
	originals := append(slices.Clone(config.Stations), config.Site.KMSHost)
	for i, machine := range recorded.Machines() {
		host := i == len(originals)-1
		was, is := s.read(*config.Site.WinRM, originals[i], host), s.read(replay.Account(), answering.Address(machine), host)
		if was != is {
			s.t.Errorf("%s was read as\n%s\nand is\n%s", machine, was, is)
		}
		if strings.Count(was, "\n") < 3 {
			s.t.Errorf("nothing was read of %s: %s", machine, was)
		}
	}
}

// read gives all that the provider reads of a machine, with the first name or id as #1, the
// next as #2.
func (s fakeSite) read(account winrm.Config, address string, host bool) string {
	s.t.Helper()
	account.Observe = nil
	transport, err := winrm.NewClient(account)
	if err != nil {
		s.t.Fatal(err)
	}
	defer transport.Close()
	client := windows.New(transport)
	ctx := s.t.Context()
	var all strings.Builder
	note := func(value any, err error) {
		if err != nil {
			s.t.Error(address, err)
		}
		fmt.Fprintf(&all, "%+v\n", value)
	}
	uptime, err := client.HostUptime(ctx, address)
	note(uptime, err)
	for _, way := range []windows.Way{windows.ByClass, windows.ByCommand} {
		read, err := client.ReadLog(ctx, address, way, host, uptime.Now.Add(-24*time.Hour))
		note(read.Counted, err)
		for _, request := range read.Requests {
			note(request.Request, nil)
			if request.Answer != nil {
				note(*request.Answer, nil)
			}
		}
	}
	if host {
		read, err := client.Host(ctx, address)
		for _, product := range read.Products {
			note(fmt.Sprintln(product.ID, product.Product, product.Name, product.Channel, product.Status, number(product.Count), number(product.Threshold), number(product.Counters.Total)), nil)
		}
		note(read.IsHost, err)
		return numbered(all.String())
	}
	presence, err := client.Presence(ctx, address)
	presence.User = strings.ToValidUTF8(presence.User, "")[:min(len(presence.User), 1)] // whether there is one
	note(presence.Desktops, err)
	licensing, err := client.Licensing(ctx, address)
	note(licensing, err)
	mac, err := client.MAC(ctx, address)
	note(mac != "", err)
	return numbered(all.String())
}

func number(n *int) string {
	if n == nil {
		return "none"
	}
	return fmt.Sprint(*n)
}

// private is what a placeholder stands for in the sites above, or a placeholder.
var private = regexp.MustCompile(`(?i)\b([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}|127\.[0-9.]+|Client:\S+)`)

func numbered(text string) string {
	seen := map[string]string{}
	return private.ReplaceAllStringFunc(text, func(value string) string {
		if _, known := seen[value]; !known {
			seen[value] = fmt.Sprintf("#%d", len(seen)+1)
		}
		return seen[value]
	})
}
