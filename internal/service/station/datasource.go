// Package station is the data source timago_station: one station, as Windows on it sees
// itself.
package station

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/timago/terraform-provider-timago/internal/service"
	"github.com/timago/terraform-provider-timago/internal/site"
	"github.com/timago/terraform-provider-timago/internal/tfdiag"
)

var _ datasource.DataSourceWithConfigure = (*DataSource)(nil)

// DataSource reads one station.
type DataSource struct {
	site  *site.Site
	reads *service.Reads
}

// NewDataSource returns the data source for registration.
func NewDataSource() datasource.DataSource { return &DataSource{} }

// Metadata names the data source.
func (d *DataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_station"
}

// Configure takes the site; there is none as long as the provider's configuration is not
// known.
func (d *DataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	data, diags := service.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	d.site, d.reads = data.Site, data.Reads
}

// readTimeout bounds a read: licences can take a minute.
const readTimeout = 5 * time.Minute

// Read asks the station.
func (d *DataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m model
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	name := m.Name.ValueString()
	if d.site == nil {
		resp.Diagnostics.Append(tfdiag.NotConfigured("read", "station", name))
		return
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	resp.Diagnostics.Append(d.read(ctx, name, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func (d *DataSource) read(ctx context.Context, name string, m *model) diag.Diagnostics {
	failure := tfdiag.Failure{
		Verb: "read", Noun: "station", Name: name,
		Attempted: "Its users and its licences were asked for over WinRM. What is not known of it says nothing about its activation.",
	}
	fail := func(err error) diag.Diagnostics {
		failure.Err = err
		return diag.Diagnostics{failure.Error()}
	}
	s, err := d.reads.Station(ctx, name)
	if err != nil {
		return fail(err)
	}
	used, err := d.site.Presence(ctx, name)
	if err != nil {
		return fail(err)
	}
	m.show(s, used)
	// What is older than the start comes from the making of the image.
	requests, err := d.site.Requests(ctx, name, s.Boot)
	if err != nil {
		failure.Verb, failure.Noun = "read", "the requests of station"
		failure.Attempted = "Everything else was read; requests is null."
		failure.Err = err
		return diag.Diagnostics{failure.Warning()}
	}
	m.showRequests(requests, s.Licensing)
	return nil
}
