package stationkms

import (
	"cmp"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/site"
	"github.com/timago/terraform-provider-timago/internal/tfdiag"
)

// model is the resource as Terraform holds it.
type model struct {
	Station         types.String   `tfsdk:"station"`
	OperatingSystem types.String   `tfsdk:"operating_system"`
	Enabled         types.Bool     `tfsdk:"enabled"`
	WaitForImage    types.Bool     `tfsdk:"wait_for_image"`
	WhenInUse       types.String   `tfsdk:"when_in_use"`
	ClearOnDestroy  types.Bool     `tfsdk:"clear_on_destroy"`
	ID              types.String   `tfsdk:"id"`
	Name            types.String   `tfsdk:"name"`
	Location        types.String   `tfsdk:"location"`
	ComputerGroup   types.String   `tfsdk:"computer_group"`
	Effective       types.Bool     `tfsdk:"effective"`
	Timeouts        timeouts.Value `tfsdk:"timeouts"`
}

// identity is what Terraform tells stations apart by.
type identity struct {
	ID types.String `tfsdk:"id"`
}

const (
	// A reset station loads its image anew, and a room of them the same server's.
	defaultChangeTimeout = time.Hour
	defaultReadTimeout   = 5 * time.Minute
)

// noTimeouts is what a configuration without the block has.
func noTimeouts() timeouts.Value {
	return timeouts.Value{Object: types.ObjectNull(map[string]attr.Type{
		"create": types.StringType, "read": types.StringType, "update": types.StringType, "delete": types.StringType,
	})}
}

// adopted is the state of a station that nobody has said anything about yet.
func adopted(s shown, station string, enabled bool) model {
	return model{
		Station: types.StringValue(station), OperatingSystem: s.system, Enabled: types.BoolValue(enabled),
		WaitForImage: types.BoolValue(false), WhenInUse: types.StringValue(string(kms.WaitWhenInUse)), ClearOnDestroy: types.BoolValue(true),
		ID: s.id, Name: s.name, Location: s.location, ComputerGroup: s.group, Effective: s.effective,
		Timeouts: noTimeouts(),
	}
}

// reference is what the station is looked up by: its client id once that is known, which
// stays when it is renamed.
func (m model) reference() string {
	if id := m.ID.ValueString(); clientID.MatchString(id) {
		return id
	}
	return m.Station.ValueString()
}

// keys are what the station is known by among instances: for good, and by its name.
func (m model) keys() (id, name string) {
	name = strings.ToLower(cmp.Or(m.Name.ValueString(), m.Station.ValueString()))
	return cmp.Or(strings.ToLower(m.ID.ValueString()), name), name
}

// systemGone reports whether the last read found the station without the operating system
// that was managed, see refresh. In direct mode none is ever seen.
func (m model) systemGone() bool { return m.OperatingSystem.IsNull() && !m.Effective.IsNull() }

// title is how a person knows the station.
func (m model) title() string {
	return cmp.Or(m.Name.ValueString(), m.Station.ValueString(), m.ID.ValueString())
}

// desired is what a person wants of a station, free of Terraform's types.
type desired struct {
	reference string // client id or name; direct mode: address
	title     string
	system    string // "" the only one, or the last started
	enabled   bool
	wait      bool
	inUse     kms.WhenInUse
}

func (m model) desired() desired {
	return desired{
		reference: m.reference(), title: m.title(), system: m.OperatingSystem.ValueString(),
		enabled: m.Enabled.ValueBool(), wait: m.WaitForImage.ValueBool(), inUse: kms.WhenInUse(m.WhenInUse.ValueString()),
	}
}

// shown is what is shown of a station.
type shown struct {
	id, system, name, location, group types.String
	effective                         types.Bool
}

// showing shows a station as Timago or the inventory knows it, without its system.
func showing(station site.Station) shown {
	return shown{
		id: text(station.ID), name: text(station.Name), location: text(station.Location), group: text(station.ComputerGroup),
	}
}

func text(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}

// complete fills in what the plan left open. What was planned as known stays: the next
// read shows what has changed since.
func (m *model) complete(s shown) {
	for planned, found := range map[*types.String]types.String{
		&m.ID: s.id, &m.OperatingSystem: s.system, &m.Name: s.name, &m.Location: s.location, &m.ComputerGroup: s.group,
	} {
		if planned.IsUnknown() {
			*planned = found
		}
	}
	if m.Effective.IsUnknown() {
		m.Effective = s.effective
	}
}

// refresh shows the station as Timago now has it. Where the operating system is gone none
// is shown, so that a plan chooses anew or says what there is.
func (m *model) refresh(station site.Station) diag.Diagnostics {
	s := showing(station)
	m.ID, m.Name, m.Location, m.ComputerGroup = s.id, s.name, s.location, s.group
	system, err := station.OperatingSystem(m.OperatingSystem.ValueString())
	if err != nil {
		m.OperatingSystem, m.Effective = types.StringNull(), types.BoolValue(false)
		return diag.Diagnostics{tfdiag.Failure{
			Verb: "read", Noun: "operating system of station", Name: m.title(), Err: err,
			Attempted: `The option "KMS-Aktivierung" is one of an operating system, and the one that was managed is gone. ` +
				"Unless operating_system is set, the plan replaces this instance: the system that the station has now is taken over as it is, and its image reset only where it was made otherwise.",
		}.Warning()}
	}
	if !strings.EqualFold(m.OperatingSystem.ValueString(), system.Name) {
		m.OperatingSystem = types.StringValue(system.Name)
	}
	m.Enabled, m.Effective = types.BoolValue(system.KMSActivation), types.BoolValue(system.Effective())
	return nil
}
