package activationpool

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/schedule"
	"github.com/timago/terraform-provider-timago/internal/tfduration"
	"github.com/timago/terraform-provider-timago/internal/tfset"
)

// model is the resource as Terraform holds it.
type model struct {
	Name            types.String      `tfsdk:"name"`
	Stations        tfset.Value       `tfsdk:"stations"`
	Location        types.String      `tfsdk:"location"`
	KMSHost         types.String      `tfsdk:"kms_host"`
	Thresholds      types.Object      `tfsdk:"thresholds"`
	RequireLicensed types.String      `tfsdk:"require_licensed"`
	Settle          tfduration.Value  `tfsdk:"settle"`
	EarlyRenewal    tfduration.Value  `tfsdk:"early_renewal"`
	Cycle           types.Object      `tfsdk:"cycle"`
	Window          types.Object      `tfsdk:"maintenance_window"`
	Status          types.String      `tfsdk:"status"`
	Unlicensed      types.Map         `tfsdk:"unlicensed"`
	Unreachable     tfset.Value       `tfsdk:"unreachable"`
	PlannedRestarts types.Int64       `tfsdk:"planned_restarts"`
	RenewalDue      timetypes.RFC3339 `tfsdk:"renewal_due"`
	ReadyForRenewal types.Bool        `tfsdk:"ready_for_renewal"`
	Windows         types.Object      `tfsdk:"windows"`
	Office          types.Object      `tfsdk:"office"`
	ClientIDs       types.Object      `tfsdk:"client_machine_ids"`
	LastCycle       types.Object      `tfsdk:"last_cycle"`
	CheckedAt       timetypes.RFC3339 `tfsdk:"checked_at"`
	Timeouts        timeouts.Value    `tfsdk:"timeouts"`
}

type cycleModel struct {
	Method                types.String     `tfsdk:"method"`
	MaxParallel           types.Int64      `tfsdk:"max_parallel"`
	MaxRestartsPerStation types.Int64      `tfsdk:"max_restarts_per_station"`
	StationTimeout        tfduration.Value `tfsdk:"station_timeout"`
	WhenInUse             types.String     `tfsdk:"when_in_use"`
	Spread                types.String     `tfsdk:"spread"`
	Wake                  types.Bool       `tfsdk:"wake"`
	WakeBroadcast         types.String     `tfsdk:"wake_broadcast"`
	After                 types.String     `tfsdk:"after"`
	IgnoreUsers           types.Set        `tfsdk:"ignore_users"`
}

// Values of require_licensed that are no number.
const (
	requireNone = "none"
	requireAll  = "all"
)

// Defaults of the resource's attributes; those of a cycle's limits are package pool's.
const (
	defaultRequire = requireNone
	defaultSettle  = 15 * time.Minute
	defaultMethod  = autoMethod
	defaultAfter   = leave
	defaultWake    = true
	// A cycle of the vendor's example is five starts one after the other, each of up to
	// station_timeout, and Terraform's own default of 20 minutes would end it.
	defaultCycleTimeout = 3 * time.Hour
	defaultReadTimeout  = 10 * time.Minute
)

// newModel is a resource of which nothing is known yet: all is null, with its type.
func newModel() model {
	m := model{
		Stations: tfset.Null(), Thresholds: types.ObjectNull(thresholdsTypes),
		Cycle: types.ObjectNull(cycleTypes), Window: types.ObjectNull(windowTypes),
		Unlicensed: types.MapNull(types.StringType), Unreachable: tfset.Null(),
		ClientIDs: types.ObjectNull(clientIDsTypes), LastCycle: types.ObjectNull(lastCycleTypes),
		Timeouts: timeouts.Value{Object: types.ObjectNull(map[string]attr.Type{
			"create": types.StringType, "read": types.StringType, "update": types.StringType, "delete": types.StringType,
		})},
	}
	for _, product := range kms.Products() {
		*m.product(product) = types.ObjectNull(productTypes)
	}
	return m
}

// product is what the resource shows of a product.
func (m *model) product(product kms.Product) *types.Object {
	if product == kms.Office {
		return &m.Office
	}
	return &m.Windows
}

// threshold is the one that is set for a product; false where none is.
func (m *model) threshold(product kms.Product) (int, bool) {
	value, is := m.Thresholds.Attributes()[string(product)].(types.Int64)
	return int(value.ValueInt64()), is && !value.IsNull() && !value.IsUnknown()
}

// thresholdKnown reports whether it is known if a threshold is set for a product.
func (m *model) thresholdKnown(product kms.Product) bool {
	value, is := m.Thresholds.Attributes()[string(product)]
	return !m.Thresholds.IsUnknown() && (!is || !value.IsUnknown())
}

// method is how a station comes to a new client machine id.
type method string

const (
	autoMethod method = "auto"
	restart    method = "restart"
	resetImage method = "reset_image"
)

// after is what becomes of the stations that an apply woke.
type after string

const (
	leave    after = "leave"
	shutdown after = "shutdown"
)

// configured is what a person wrote, free of Terraform's types.
type configured struct {
	name string
	pool.Definition
	method    method
	limits    pool.Limits
	window    *schedule.Window // nil: at any time
	broadcast string           // for Wake-on-LAN; "" none
	after     after
}

// pool converts a configuration whose values are all known.
func (m model) pool(ctx context.Context, managed []kms.Product) (configured, diag.Diagnostics) {
	p := configured{name: m.Name.ValueString()}
	p.Location, p.KMSHost = m.Location.ValueString(), m.KMSHost.ValueString()
	diags := m.Stations.ElementsAs(ctx, &p.Stations, true) // null is its validator's to refuse
	slices.Sort(p.Stations)

	p.Wanted = pool.Wanted{Managed: managed, Thresholds: map[kms.Product]int{}}
	for _, product := range kms.Products() {
		if threshold, set := m.threshold(product); set {
			p.Wanted.Thresholds[product] = threshold
		}
	}
	switch required := m.RequireLicensed.ValueString(); required {
	case requireNone:
	case requireAll:
		p.Wanted.Licensed.All = true
	default:
		p.Wanted.Licensed.Number, _ = strconv.Atoi(required) // the validator admits digits alone
	}
	p.Wanted.Settle = m.Settle.Duration()
	p.EarlyRenewal = m.EarlyRenewal.Duration()

	p.method, p.after = defaultMethod, defaultAfter
	p.limits = pool.Limits{Wake: defaultWake}.WithDefaults()
	var more diag.Diagnostics
	p.window, more = windowOf(ctx, m.Window)
	diags.Append(more...)
	if !m.Cycle.IsNull() {
		var cycle cycleModel
		diags.Append(m.Cycle.As(ctx, &cycle, basetypes.ObjectAsOptions{})...)
		p.method = method(cycle.Method.ValueString())
		p.limits.MaxParallel = int(cycle.MaxParallel.ValueInt64())
		p.limits.MaxRestartsPerStation = int(cycle.MaxRestartsPerStation.ValueInt64())
		p.limits.StationTimeout = cycle.StationTimeout.Duration()
		p.limits.WhenInUse = kms.WhenInUse(cycle.WhenInUse.ValueString())
		p.limits.Spread = pool.Spread(cycle.Spread.ValueString())
		p.limits.Wake = cycle.Wake.ValueBool()
		p.broadcast = cycle.WakeBroadcast.ValueString()
		p.after = after(cycle.After.ValueString())
		diags.Append(cycle.IgnoreUsers.ElementsAs(ctx, &p.limits.IgnoreUsers, false)...)
	}
	return p, diags
}

// windowModel is the maintenance window.
type windowModel struct {
	Days     types.Set    `tfsdk:"days"`
	Start    types.String `tfsdk:"start"`
	End      types.String `tfsdk:"end"`
	Timezone types.String `tfsdk:"timezone"`
}

var weekdays = map[string]time.Weekday{
	"monday": time.Monday, "tuesday": time.Tuesday, "wednesday": time.Wednesday, "thursday": time.Thursday,
	"friday": time.Friday, "saturday": time.Saturday, "sunday": time.Sunday,
}

// windowOf converts a window whose values are all known; nil where there is none.
func windowOf(ctx context.Context, object types.Object) (*schedule.Window, diag.Diagnostics) {
	if object.IsNull() {
		return nil, nil
	}
	var m windowModel
	diags := object.As(ctx, &m, basetypes.ObjectAsOptions{})
	var days []string
	diags.Append(m.Days.ElementsAs(ctx, &days, true)...) // null is its validator's to refuse
	location, err := time.LoadLocation(m.Timezone.ValueString())
	if err != nil || m.Timezone.ValueString() == "" {
		diags.AddAttributeError(path.Root("maintenance_window").AtName("timezone"), "Unknown time zone",
			fmt.Sprintf("maintenance_window.timezone: %q is no name of the IANA time zone database, such as \"Europe/Berlin\".", m.Timezone.ValueString()))
	}
	window := &schedule.Window{Start: sinceMidnight(m.Start), End: sinceMidnight(m.End), Location: location}
	for _, day := range days {
		window.Days = append(window.Days, weekdays[day])
	}
	return window, diags
}

// sinceMidnight reads a time of day, which the validator has found to be one.
func sinceMidnight(clock types.String) time.Duration {
	t, err := time.Parse("15:04", clock.ValueString())
	if err != nil {
		return 0
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
}
