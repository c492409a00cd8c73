package cycle_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/timago/terraform-provider-timago/internal/cycle"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// scenario is a world and a cycle in it, as plain data: one that failed is kept as a file.
type scenario struct {
	Caught     string              `yaml:"caught"` // of a file: the breach that it showed
	Begins     time.Duration       `yaml:"begins"` // after 2000-01-01 00:00 UTC
	Thresholds map[kms.Product]int `yaml:"thresholds"`
	Limits     pool.Limits         `yaml:"limits"`
	Window     *maintenance        `yaml:"window"`
	Proven     bool                `yaml:"proven"`  // restarts are known to bring new client machine ids
	Cancel     time.Duration       `yaml:"cancel"`  // 0: after a day
	Resume     bool                `yaml:"resume"`  // a second run goes on after Cancel
	Twin       bool                `yaml:"twin"`    // another pool with the same job's second half of members, on the same host
	Latency    time.Duration       `yaml:"latency"` // of a call, up to twice that
	Notice     time.Duration       `yaml:"notice"`  // until a station that was told to restart goes down
	Late       bool                `yaml:"late"`    // calls do not end with their context
	Read       time.Duration       `yaml:"read"`    // so long before the cycle the members were read, and it is given what they showed; 0: it is not
	Site       world.Site          `yaml:"site"`
}

func (s scenario) job() cycle.Job {
	job := cycle.Job{Host: "kms01", Thresholds: s.Thresholds, Limits: s.Limits, Window: s.Window.window()}
	if s.Proven {
		job.Memory.Proof = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return job
}

// readBefore reads members, and lets time pass until the cycle begins that is given it.
func (s scenario) readBefore(site cycle.Site, members []string) map[string]kms.Station {
	if s.Read == 0 {
		return nil
	}
	read := map[string]kms.Station{}
	for _, name := range members {
		if station, err := site.Station(context.Background(), name); err == nil {
			read[name] = station
		}
	}
	time.Sleep(s.Read)
	return read
}

// calm says that nothing disturbs the world: what comes of it can be said exactly.
func (s scenario) calm() bool {
	return len(s.Site.Faults) == 0 && len(s.Site.Traffic) == 0 && s.Cancel == 0 && !s.Twin
}

// station is a station's description.
func (s scenario) station(name string) world.Station {
	return s.Site.Stations[slices.IndexFunc(s.Site.Stations, func(d world.Station) bool { return d.Name == name })]
}

const worldsKept = "testdata/worlds"

// String is the scenario as a file of worldsKept. What is zero is left out.
func (s scenario) String() string {
	var document yaml.Node
	if err := document.Encode(s); err != nil {
		return err.Error()
	}
	thin(&document)
	text, err := yaml.Marshal(&document)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func thin(node *yaml.Node) {
	var kept []*yaml.Node
	for i, child := range node.Content {
		thin(child)
		switch {
		case node.Kind != yaml.MappingNode:
			kept = append(kept, child)
		case i%2 == 0: // a key goes with its value
		case node.Content[i-1].Value == "timing" && child.Kind == yaml.MappingNode: // the usual stands for what it leaves out
			child.Style = yaml.FlowStyle
			kept = append(kept, node.Content[i-1], child)
		case node.Content[i-1].Value == "asks" && child.Tag != "!!null": // no delay is not the usual one
			kept = append(kept, node.Content[i-1], child)
		case child.Kind == yaml.ScalarNode && slices.Contains([]string{"", "0", "0s", "false", "null"}, child.Value):
		case child.Kind != yaml.ScalarNode && len(child.Content) == 0:
		default:
			kept = append(kept, node.Content[i-1], child)
		}
	}
	// A timing names all its parts, also those that are zero.
	if len(node.Content) > 0 && node.Kind == yaml.MappingNode && node.Content[0].Value == "shutdown" {
		return
	}
	node.Content = kept
}

func parseScenario(text []byte) (scenario, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	var s scenario
	err := decoder.Decode(&s)
	return s, err
}

// TestWorldsKept runs the worlds in which the cycle once failed. A failing TestSimulation
// prints its world in the form of these files; what it caught is added by hand.
func TestWorldsKept(t *testing.T) {
	t.Parallel()
	eachWorld(t, worldsKept, func(t *testing.T, s scenario) {
		synctest.Test(t, func(t *testing.T) {
			if w := s.play(t); len(w.broken) > 0 {
				t.Errorf("%q\n%s", w.broken, w.log.String())
			}
		})
	})
}

// eachWorld reads the worlds of a folder and has each of them judged.
func eachWorld(t *testing.T, folder string, judge func(*testing.T, scenario)) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d worlds in %s, %v", len(files), folder, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s, err := parseScenario(text)
			if err != nil || s.Caught == "" {
				t.Fatalf("caught %q, %v", s.Caught, err)
			}
			judge(t, s)
		})
	}
}

// TestWorldsAsFiles: a world that is printed and read again is the same.
func TestWorldsAsFiles(t *testing.T) {
	t.Parallel()
	for seed := range 50 {
		s := exampleScenario(seed)
		again, err := parseScenario([]byte(s.String()))
		if err != nil {
			t.Fatal(err)
		}
		if want, got := fmt.Sprintf("%+v", flat(s)), fmt.Sprintf("%+v", flat(again)); want != got {
			t.Fatalf("seed %d, drawn and read again:\n%s\n%s", seed, want, got)
		}
	}
}

// flat shows what lies behind a scenario's pointers.
func flat(s scenario) []any {
	shown := []any{s.Window}
	if s.Window != nil {
		shown[0] = *s.Window
	}
	s.Window = nil
	stations := s.Site.Stations
	s.Site.Stations = nil
	for _, station := range stations {
		shown = append(shown, *station.Timing)
		for _, p := range station.Products {
			if p.Asks != nil {
				shown = append(shown, *p.Asks)
			}
			p.Asks = nil
			shown = append(shown, p)
		}
		station.Timing, station.Products = nil, nil
		shown = append(shown, station)
	}
	return append(shown, s)
}
