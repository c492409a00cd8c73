package activationpool

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/tfduration"
	"github.com/timago/terraform-provider-timago/internal/tfset"
	"github.com/timago/terraform-provider-timago/internal/tfvalidate"
)

// Schema describes the resource.
func (r *Resource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A pool of stations that keeps a KMS host's counts at their thresholds, " + usualThresholds() + ", so that the host activates them. " +
			"Applying asks the running stations to activate and restarts them, as often as the count needs and no more, until the KMS host's own count " +
			"shows the thresholds met. Planning shows when they no longer are.\n\n" +
			"`status` is about these thresholds. Whether each station then got its licence is another question: with `require_licensed` set to `all` or to a number, " +
			"`status` also asks that so many members are licensed by the KMS host. Without it a member that is not licensed is named in `unlicensed` and is no drift.\n\n" +
			"A restart counts only if the station's image gives it a new client machine id at every start. The first restart shows whether it does, before the others follow. " +
			"A station that somebody uses is left alone unless `cycle.when_in_use` says otherwise. Destroying the pool forgets it and touches no station.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "A label for the pool, such as the room's name. It is unique in the configuration. Changing it replaces the pool, and what has counted already is not made again.",
				Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
				PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"stations": schema.SetAttribute{
				Optional:   true,
				CustomType: tfset.Strings(),
				MarkdownDescription: "The members: computer names or addresses, with `:port` for a station whose WinRM port differs. " +
					"A whole classroom is a good choice, since its stations are used regularly. Exactly one of `stations` and `location` is set.",
				Validators: []validator.Set{
					setvalidator.ExactlyOneOf(path.MatchRoot("stations"), path.MatchRoot("location")),
					tfvalidate.NotEmpty("Name at least one station, or set location in its place."),
					tfvalidate.NoNullElements(),
					setvalidator.ValueStringsAre(stringvalidator.RegexMatches(regexp.MustCompile(`^[^\s/@,]+$`), "must be a computer name or address")),
				},
			},
			"location": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "A room. All its stations are members, as Timago (in API mode, at most 3,000) or the provider's `inventory` lists them whenever the pool is read or applied. " +
					"Exactly one of `stations` and `location` is set.",
				Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"kms_host": schema.StringAttribute{
				Optional: true,
				Computed: true,
				MarkdownDescription: "Name or address of the KMS host whose counts must hold, with `:port` if its WinRM port differs. " +
					"Default: `kms.host` of the provider, else the host that the stations say they use.",
				Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"thresholds": thresholdsAttribute(),
			"require_licensed": schema.StringAttribute{
				Optional: true,
				Computed: true,
				Default:  stringdefault.StaticString(defaultRequire),
				MarkdownDescription: "How many members must also be licensed by the KMS host: `none`, `all` or a number. With `none` the pool is about the thresholds alone. " +
					"A member that does not answer counts as it was last seen. Default: `none`.",
				Validators: []validator.String{stringvalidator.RegexMatches(regexp.MustCompile(`^(none|all|[0-9]{1,4})$`), `must be "none", "all" or a number`)},
			},
			"settle": schema.StringAttribute{
				Optional:   true,
				Computed:   true,
				CustomType: tfduration.Type{},
				Default:    stringdefault.StaticString(tfduration.Shortest(defaultSettle)),
				MarkdownDescription: "How long a station may take to get its licence after a start, such as `15m`. " +
					"A member that has been up for less keeps the licence that was last read. Default: `" + tfduration.Shortest(defaultSettle) + "`.",
			},
			"early_renewal": schema.StringAttribute{
				Optional:   true,
				CustomType: tfduration.Type{},
				MarkdownDescription: "How long before a count falls below its threshold it is renewed, such as `168h`. It must be less than 30 days. " +
					"The forecast comes from the KMS host's own log. Default: none; only a threshold that is lost is a change.",
			},
			"cycle":              cycleAttribute(),
			"maintenance_window": windowAttribute(),
			"status": schema.StringAttribute{
				Computed: true,
				MarkdownDescription: "`activated` if every managed threshold is met on the KMS host and `require_licensed` holds, else `not_activated`. " +
					"`unknown` if the stations are the source of the counts and what they were last told is older than `kms.max_age`, or if Timago itself shows no status. " +
					"It is always planned as `activated`: a pool that no longer is shows as a change.",
			},
			"unlicensed": schema.MapAttribute{
				Computed:            true,
				ElementType:         types.StringType,
				MarkdownDescription: "Members that are not licensed by the KMS host, each with its reason in words. A licensed member is not named. Never a change by itself.",
			},
			"unreachable": schema.SetAttribute{
				Computed:            true,
				CustomType:          tfset.Strings(),
				MarkdownDescription: "Members that did not answer the last read, or answered as another member does. They keep what was last known of them and never turn `status`.",
			},
			"planned_restarts": schema.Int64Attribute{
				Computed:            true,
				MarkdownDescription: "The number of restarts that the plan which last changed `status` expected.",
			},
			"renewal_due": schema.StringAttribute{
				Computed:   true,
				CustomType: timetypes.RFC3339Type{},
				MarkdownDescription: "When the count falls below a threshold if no station starts (RFC 3339, on the KMS host's clock). " +
					"Null if the host's log does not reproduce today's count. Never a change by itself.",
			},
			"ready_for_renewal": schema.BoolAttribute{
				Computed:            true,
				MarkdownDescription: "Whether `renewal_due` is within `early_renewal`. It is always planned as `false`: a renewal that is due shows as a change.",
			},
			"windows":            productAttribute(kms.Windows),
			"office":             productAttribute(kms.Office),
			"client_machine_ids": clientIDsAttribute(),
			"last_cycle":         lastCycleAttribute(),
			"checked_at": schema.StringAttribute{
				Computed:            true,
				CustomType:          timetypes.RFC3339Type{},
				MarkdownDescription: "When the KMS host's counts were last read (RFC 3339). Never a change by itself.",
			},
			"timeouts": tfvalidate.Timeouts(timeouts.Attributes(ctx, timeouts.Opts{
				Create: true, Read: true, Update: true, Delete: true,
				CreateDescription: "How long the first cycle may take, such as `3h`. Default: `" + tfduration.Shortest(defaultCycleTimeout) + "`.",
				ReadDescription:   "How long reading all members and the KMS host may take, for a plan too. Default: `" + tfduration.Shortest(defaultReadTimeout) + "`.",
				UpdateDescription: "How long a later cycle may take. Default: `" + tfduration.Shortest(defaultCycleTimeout) + "`.",
				DeleteDescription: "Accepted, as by other resources, and without effect: destroying a pool forgets it and asks nobody. Default: none is needed.",
			})),
		},
	}
}

// usualThresholds says from which counts a KMS host activates: "25 for Windows and 5 for Office".
func usualThresholds() string {
	var all []string
	for _, product := range kms.Products() {
		all = append(all, fmt.Sprintf("%d for %s", product.Threshold(), product.Title()))
	}
	return strings.Join(all, " and ")
}

func thresholdsAttribute() schema.SingleNestedAttribute {
	attributes := map[string]schema.Attribute{}
	for _, product := range kms.Products() {
		attributes[string(product)] = thresholdAttribute(product)
	}
	return schema.SingleNestedAttribute{
		Optional:   true,
		Validators: []validator.Object{tfvalidate.SomethingSet()},
		MarkdownDescription: "The counts that must hold. Default: " + usualThresholds() + ", for the products that members hold with a KMS client key " +
			"and the KMS host has a key for.",
		Attributes: attributes,
	}
}

func thresholdAttribute(p kms.Product) schema.Attribute {
	return schema.Int64Attribute{
		Optional: true,
		MarkdownDescription: fmt.Sprintf("%s: the count that must hold, from 0 to %d, the most that a KMS host counts. 0 leaves %[1]s out. "+
			"Default: %[3]d, if members hold it.", p.Title(), p.Cap(), p.Threshold()),
		Validators: []validator.Int64{int64validator.Between(0, int64(p.Cap()))},
	}
}

func cycleAttribute() schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional:            true,
		Validators:          []validator.Object{tfvalidate.SomethingSet()},
		MarkdownDescription: "How counts may be made.",
		Attributes: map[string]schema.Attribute{
			"method": schema.StringAttribute{
				Optional: true,
				Computed: true,
				Default:  stringdefault.StaticString(string(defaultMethod)),
				MarkdownDescription: "How a station gets a new client machine id. `restart` restarts it. `reset_image` has Timago make a new image, in API mode only. " +
					"`auto` restarts, and in API mode goes on with new images if the first restart shows that the id stays. Default: `auto`.",
				Validators: []validator.String{stringvalidator.OneOf(string(autoMethod), string(restart), string(resetImage))},
			},
			"max_parallel": schema.Int64Attribute{
				Optional:            true,
				Computed:            true,
				Default:             int64default.StaticInt64(pool.DefaultMaxParallel),
				MarkdownDescription: fmt.Sprintf("The most stations that may be down at once, from 1 to 500. Default: %d.", pool.DefaultMaxParallel),
				Validators:          []validator.Int64{int64validator.Between(1, 500)},
			},
			"max_restarts_per_station": schema.Int64Attribute{
				Optional:            true,
				Computed:            true,
				Default:             int64default.StaticInt64(pool.DefaultMaxRestartsPerStation),
				MarkdownDescription: fmt.Sprintf("The most restarts that one apply gives to one station, from 1 to 100. Default: %d.", pool.DefaultMaxRestartsPerStation),
				Validators:          []validator.Int64{int64validator.Between(1, 100)},
			},
			"station_timeout": schema.StringAttribute{
				Optional:            true,
				Computed:            true,
				CustomType:          tfduration.Type{},
				Default:             stringdefault.StaticString(tfduration.Shortest(pool.DefaultStationTimeout)),
				MarkdownDescription: "How long a station may go without progress, such as `15m`: without an answer, a return after a start, or a count that is awaited. After that it is left out and reported. Default: `" + tfduration.Shortest(pool.DefaultStationTimeout) + "`.",
			},
			"when_in_use": schema.StringAttribute{
				Optional: true,
				Computed: true,
				Default:  stringdefault.StaticString(string(pool.DefaultWhenInUse)),
				MarkdownDescription: "What to do with a station that somebody uses: `wait` until it is free, `skip` it, or `force` the restart after half a minute's notice, at the cost of unsaved work. " +
					"Default: `" + string(pool.DefaultWhenInUse) + "`.",
				Validators: []validator.String{stringvalidator.OneOf(kms.AllWhenInUse()...)},
			},
			"spread": schema.StringAttribute{
				Optional:            true,
				Computed:            true,
				Default:             stringdefault.StaticString(string(pool.DefaultSpread)),
				MarkdownDescription: "How the counts are shared out: `fastest` takes the least time, `even` gives every station an equal share. Default: `fastest`.",
				Validators:          []validator.String{stringvalidator.OneOf(string(pool.SpreadFastest), string(pool.SpreadEven))},
			},
			"wake": schema.BoolAttribute{
				Optional: true,
				Computed: true,
				Default:  booldefault.StaticBool(defaultWake),
				MarkdownDescription: "Whether stations that do not answer are switched on if their counts are needed. A start counts. Timago switches them on in API mode, " +
					"Wake-on-LAN to `wake_broadcast` in direct mode. Default: `true`.",
			},
			"wake_broadcast": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Where Wake-on-LAN goes in direct mode: the broadcast address of the stations' network, such as `10.1.101.255`, with `:port` if it is not 9. " +
					"The stations' MAC addresses come from the provider's `inventory`. An apply that reads the pool reads the others from the stations that answer, and keeps them. Default: none; stations are not switched on.",
				Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"after": schema.StringAttribute{
				Optional: true,
				Computed: true,
				Default:  stringdefault.StaticString(string(defaultAfter)),
				MarkdownDescription: "What is done with stations that the apply switched on, once they were read back. `leave` leaves them on. `shutdown` switches them off, unless somebody uses them. " +
					"No user is logged off for that, and a warning names each station that stays on. Default: `leave`.",
				Validators: []validator.String{stringvalidator.OneOf(string(leave), string(shutdown))},
			},
			"ignore_users": schema.SetAttribute{
				Optional:            true,
				Computed:            true,
				ElementType:         types.StringType,
				Default:             setdefault.StaticValue(types.SetValueMust(types.StringType, nil)),
				MarkdownDescription: "Users who do not count as using a station, such as a kiosk's automatic logon: `name` or `DOMAIN\\name`, without regard to case. A restart ends their sessions after half a minute's notice; unsaved work is lost. Default: none.",
				Validators:          []validator.Set{tfvalidate.NoNullElements()},
			},
		},
	}
}

func windowAttribute() schema.SingleNestedAttribute {
	clock := stringvalidator.RegexMatches(regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`), "must be a time of day such as 22:30")
	return schema.SingleNestedAttribute{
		Optional:   true,
		Validators: []validator.Object{tfvalidate.SomethingSet()},
		MarkdownDescription: "When stations may be started. An apply outside it that would have to start one fails before anything is touched. " +
			"Nothing is started that cannot be expected to end before the window closes. A plan says if the window is closed, and warns if one opening is too short for what is missing. Default: none; at any time.",
		Attributes: map[string]schema.Attribute{
			"days": schema.SetAttribute{
				Required: true, ElementType: types.StringType,
				MarkdownDescription: "Days on which it begins: `monday` to `sunday`.",
				Validators: []validator.Set{
					tfvalidate.NotEmpty("Name at least one day, such as \"saturday\"."),
					tfvalidate.NoNullElements(),
					setvalidator.ValueStringsAre(stringvalidator.OneOf(slices.Sorted(maps.Keys(weekdays))...)),
				},
			},
			"start": schema.StringAttribute{
				Required: true, Validators: []validator.String{clock},
				MarkdownDescription: "Time of day at which it begins, such as `15:30`, by the wall clock of `timezone`.",
			},
			"end": schema.StringAttribute{
				Required: true, Validators: []validator.String{clock},
				MarkdownDescription: "Time of day at which it ends. A time that is not after `start` is on the next day.",
			},
			"timezone": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "Name of the time zone in the IANA database, such as `Europe/Berlin`. The window keeps its hours when the clocks change.",
			},
		},
	}
}
