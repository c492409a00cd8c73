package station

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/timago/terraform-provider-timago/internal/service"
	"github.com/timago/terraform-provider-timago/internal/site"
	"github.com/timago/terraform-provider-timago/internal/tfdiag"
	"github.com/timago/terraform-provider-timago/internal/tfduration"
	"github.com/timago/terraform-provider-timago/internal/tflist"
)

var (
	_ datasource.DataSourceWithConfigure      = (*Stations)(nil)
	_ datasource.DataSourceWithValidateConfig = (*Stations)(nil)
)

// Stations is the data source timago_stations: stations are chosen from Timago or the
// inventory.
type Stations struct{ site *site.Site }

// NewStations returns the data source for registration.
func NewStations() datasource.DataSource { return &Stations{} }

// Metadata names the data source.
func (d *Stations) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_stations"
}

// Configure takes the site; there is none as long as the provider's configuration is not
// known.
func (d *Stations) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	data, diags := service.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	d.site = data.Site
}

type stationsModel struct {
	Location      types.String     `tfsdk:"location"`
	ComputerGroup types.String     `tfsdk:"computer_group"`
	NameRegex     types.String     `tfsdk:"name_regex"`
	Online        types.Bool       `tfsdk:"online"`
	KMSActivation types.Bool       `tfsdk:"kms_activation"`
	StartedWithin tfduration.Value `tfsdk:"started_within"`
	AllowEmpty    types.Bool       `tfsdk:"allow_empty"`
	Names         types.List       `tfsdk:"names"`
	Stations      types.List       `tfsdk:"stations"`
}

// ValidateConfig finds a pattern that is none.
func (d *Stations) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	var m stationsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if _, err := regexp.Compile(m.NameRegex.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("name_regex"), "Not a regular expression", err.Error())
	}
}

// Read lists the stations that pass every filter, ordered by name.
func (d *Stations) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m stationsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if d.site == nil {
		resp.Diagnostics.Append(tfdiag.NotConfigured("list", "stations", ""))
		return
	}
	if m.Location.IsNull() { // a room's list has a bound of its own
		if err := tflist.Alone(ctx); err != nil {
			resp.Diagnostics.Append(tfdiag.Failure{Verb: "list", Noun: "stations", Err: err}.Error())
			return
		}
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	stations, err := m.choose(ctx, d.site)
	next := ""
	if err == nil && len(stations) == 0 && !m.AllowEmpty.ValueBool() {
		next, err = m.none(ctx, d.site)
	}
	if err == nil { // what was filtered by is in the state already
		err = show(ctx, stations)
	}
	if errors.Is(err, tflist.ErrTooLong) {
		next = "Ask for fewer at a time: set location, computer_group or name_regex, in one data source for each room or school."
	}
	if err != nil {
		resp.Diagnostics.Append(tfdiag.Failure{
			Verb: "list", Noun: "stations", Err: err, Attempted: "Wanted were stations with " + m.wanted() + ".", Next: next,
		}.Error())
	}
}

// none is what to do about it that there are no stations, and the error that says so.
func (m stationsModel) none(ctx context.Context, s *site.Site) (next string, err error) {
	next, err = "Check how the location or group is written, and that the token may see the stations' computer groups.", errNone
	if !s.HasTimago() {
		next = "Compare with the columns of " + s.Inventory() + "."
		var elsewhere *site.NoLocationError
		if _, missing := s.InLocation(ctx, m.Location.ValueString()); !m.Location.IsNull() && errors.As(missing, &elsewhere) {
			next, err = elsewhere.Advice(), missing
		}
	}
	return next + " Where there may be none, set allow_empty.", err
}

var errNone = errors.New("there are none")

var errOptionUnseen = errors.New("kms_activation: the option \"KMS-Aktivierung\" is seen by Timago alone, and no endpoint is configured")

func (m stationsModel) choose(ctx context.Context, s *site.Site) ([]site.Station, error) {
	filter := site.Filter{
		Location: m.Location.ValueString(), ComputerGroup: m.ComputerGroup.ValueString(),
		Online: m.Online.ValueBoolPointer(), KMSActivation: m.KMSActivation.ValueBoolPointer(),
	}
	if filter.KMSActivation != nil && !s.HasTimago() {
		return nil, errOptionUnseen
	}
	if !m.StartedWithin.IsNull() {
		var err error
		if filter.StartedAfter, err = s.Ago(ctx, m.StartedWithin.Duration()); err != nil {
			return nil, err
		}
	}
	pattern, err := regexp.Compile(m.NameRegex.ValueString())
	if err != nil {
		return nil, err
	}
	stations, err := s.Stations(ctx, filter)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(stations, func(station site.Station) bool { return !pattern.MatchString(station.Name) }), nil
}

// wanted says in words what was filtered by.
func (m stationsModel) wanted() string {
	var said []string
	for _, filter := range []struct{ name, value string }{
		{"location", m.Location.ValueString()}, {"computer_group", m.ComputerGroup.ValueString()},
		{"name_regex", m.NameRegex.ValueString()}, {"started_within", m.StartedWithin.ValueString()},
	} {
		if filter.value != "" {
			said = append(said, fmt.Sprintf("%s = %q", filter.name, filter.value))
		}
	}
	for name, value := range map[string]types.Bool{"online": m.Online, "kms_activation": m.KMSActivation} {
		if !value.IsNull() {
			said = append(said, fmt.Sprintf("%s = %t", name, value.ValueBool()))
		}
	}
	if len(said) == 0 {
		return "any properties"
	}
	slices.Sort(said)
	return strings.Join(said, ", ")
}
