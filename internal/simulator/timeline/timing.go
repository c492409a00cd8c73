package timeline

import (
	"bytes"
	"fmt"
	"time"

	"gopkg.in/yaml.v3"
)

// Timing is how long a station takes. Each duration is drawn anew at each start.
type Timing struct {
	Shutdown time.Duration `yaml:"shutdown"` // from the end of the notice until it is down
	Boot     time.Duration `yaml:"boot"`     // until Windows and its services have started
	Ask      time.Duration `yaml:"ask"`      // from then until Windows asks for activation
	Image    time.Duration `yaml:"image"`    // more for making a new image
	Netlogon time.Duration `yaml:"netlogon"` // of the boot: WinRM answers, and refuses every account
	Services time.Duration `yaml:"services"` // of the boot: WinRM answers, licensing does not yet
	Spread   float64       `yaml:"spread"`   // of the stations' own means, ± this part
	Jitter   float64       `yaml:"jitter"`   // of one station's starts, ± this part
	Silent   bool          `yaml:"silent"`   // while it is down connections get no answer instead of being refused
}

// DefaultTiming is a usual school station.
func DefaultTiming() Timing {
	return Timing{
		Shutdown: 8 * time.Second, Boot: 45 * time.Second, Ask: 15 * time.Second, Image: 4 * time.Minute,
		Netlogon: 3 * time.Second, Services: 2 * time.Second, Spread: 0.2, Jitter: 0.05,
	}
}

// UnmarshalYAML lets a scenario name only what differs from the usual.
func (t *Timing) UnmarshalYAML(node *yaml.Node) error {
	// Decoding a node would let unknown keys pass: it has no strict form.
	text, err := yaml.Marshal(node)
	if err != nil {
		return err
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	type plain Timing
	usual := plain(DefaultTiming())
	if err := decoder.Decode(&usual); err != nil {
		return fmt.Errorf("timing at line %d: %w", node.Line, err)
	}
	*t = Timing(usual)
	return nil
}

// Problems are what it contradicts itself in.
func (t *Timing) Problems() []string {
	var problems []string
	if min(t.Shutdown, t.Boot, t.Ask, t.Image, t.Netlogon, t.Services) < 0 {
		problems = append(problems, "durations are not negative")
	}
	if t.Netlogon+t.Services > t.Boot {
		problems = append(problems, "netlogon and services are parts of boot, and longer than it")
	}
	if t.Spread < 0 || t.Spread >= 1 || t.Jitter < 0 || t.Jitter >= 1 {
		problems = append(problems, "spread and jitter are parts: 0 to less than 1")
	}
	return problems
}
