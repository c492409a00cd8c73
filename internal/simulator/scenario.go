package simulator

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/timago/terraform-provider-timago/internal/simulator/timagoserver"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// Scenario is a simulated site with its endpoints, as a scenario file describes it.
type Scenario struct {
	Title      string     `yaml:"title"`
	Start      time.Time  `yaml:"start"` // simulated; default now
	WinRM      WinRM      `yaml:"winrm"`
	Timago     Timago     `yaml:"timago"`
	Activate   ActivateBy `yaml:"activate_refuses_by"`
	world.Site `yaml:",inline"`
}

// WinRM describes the endpoints, which are alike.
type WinRM struct {
	Username         string        `yaml:"username"` // default SCHULE\kms-admin
	Password         string        `yaml:"password"` // default: made up at the start
	Host             *Account      `yaml:"host"`     // the KMS host's own account, where it takes no other
	HTTP             *bool         `yaml:"http"`     // default true
	HTTPS            bool          `yaml:"https"`
	Basic            bool          `yaml:"basic"`
	NTLM             *bool         `yaml:"ntlm"`   // default true
	Keytab           string        `yaml:"keytab"` // file with the machines' keys, HTTP/<address>; Kerberos is offered where it is set
	AllowUnencrypted bool          `yaml:"allow_unencrypted"`
	Latency          time.Duration `yaml:"latency"` // real, of every answer
}

// Account may log on.
type Account struct {
	Username string `yaml:"username"`
	Password string `yaml:"password"`
}

// ActivateBy is how the method Activate says that it was refused; which one Windows
// uses is not known, and may differ between versions.
type ActivateBy string

// The ways to refuse.
const (
	RefuseByFault    ActivateBy = "fault" // default
	RefuseByWMIError ActivateBy = "wmi-error"
	RefuseByReturn   ActivateBy = "return-value"
)

//go:embed scenarios/*.yaml
var embedded embed.FS

// Embedded gives a scenario that comes with the simulator, by its name without
// extension.
func Embedded(name string) (Scenario, error) {
	text, err := embedded.ReadFile("scenarios/" + name + ".yaml")
	if err != nil {
		return Scenario{}, fmt.Errorf("no scenario %q: there are %s", name, strings.Join(Scenarios(), ", "))
	}
	return Parse(text)
}

// Scenarios names those that come with the simulator.
func Scenarios() []string {
	files, err := fs.Glob(embedded, "scenarios/*.yaml")
	if err != nil {
		return nil
	}
	for i, file := range files {
		files[i] = strings.TrimSuffix(strings.TrimPrefix(file, "scenarios/"), ".yaml")
	}
	return files
}

// Load reads a scenario file; the bare name of an embedded one will do.
func Load(path string) (Scenario, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the file is the caller's choice
	if errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(path, `./\`) {
		return Embedded(path)
	}
	if err != nil {
		return Scenario{}, fmt.Errorf("reading the scenario: %w", err)
	}
	scenario, err := Parse(text)
	if err != nil {
		return Scenario{}, fmt.Errorf("%s: %w", path, err)
	}
	return scenario, nil
}

// Parse reads a scenario. An unknown key is an error, as is a site that contradicts
// itself.
func Parse(text []byte) (Scenario, error) {
	var scenario Scenario
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&scenario); err != nil && !errors.Is(err, io.EOF) {
		return Scenario{}, err
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		return Scenario{}, errors.New("more than one document")
	}
	var err error
	if scenario.Stations, err = expand(scenario.Stations); err != nil {
		return Scenario{}, err
	}
	return scenario, errors.Join(scenario.Validate(), scenario.validate())
}

// expand turns `number: 5` into five stations.
func expand(rows []world.Station) ([]world.Station, error) {
	var stations []world.Station
	for i, row := range rows {
		switch {
		case row.Number < 0:
			return nil, fmt.Errorf("station %d (%q): number is not negative", i+1, row.Name)
		case row.Number == 0:
			stations = append(stations, row)
			continue
		case fmt.Sprintf(row.Name, 1) == fmt.Sprintf(row.Name, 2) || strings.Contains(fmt.Sprintf(row.Name, 1), "%!"):
			return nil, fmt.Errorf("station %d (%q): with number the name holds one place for it, such as %%02d", i+1, row.Name)
		case row.MAC != "":
			return nil, fmt.Errorf("station %d (%q): with number each station gets its own mac", i+1, row.Name)
		}
		stations = append(stations, world.Rows(row.Number, row)...)
	}
	return stations, nil
}

func (s Scenario) validate() error {
	var problems []error
	switch s.Activate {
	case "", RefuseByFault, RefuseByWMIError, RefuseByReturn:
	default:
		problems = append(problems, fmt.Errorf("activate_refuses_by %q is none of fault, wmi-error, return-value", s.Activate))
	}
	if !s.WinRM.http() && !s.WinRM.HTTPS {
		problems = append(problems, errors.New("winrm: neither http nor https is on"))
	}
	if !s.WinRM.ntlm() && !s.WinRM.Basic && s.WinRM.Keytab == "" {
		problems = append(problems, errors.New("winrm: neither ntlm nor basic is on, and there is no keytab for Kerberos"))
	}
	if t := s.Timago; min(t.PageSize, t.RateLimit) < 0 || min(t.Latency, t.TakenWithin, t.StartedWithin) < 0 {
		problems = append(problems, errors.New("timago: page_size, rate_limit, latency, taken_within and started_within are not negative"))
	}
	for _, feature := range s.Timago.Features {
		if !slices.Contains(timagoserver.Features(), feature) {
			problems = append(problems, fmt.Errorf("timago: feature %q is none of %s", feature, strings.Join(timagoserver.Features(), ", ")))
		}
	}
	return errors.Join(problems...)
}

func (w WinRM) http() bool { return w.HTTP == nil || *w.HTTP }
func (w WinRM) ntlm() bool { return w.NTLM == nil || *w.NTLM }
