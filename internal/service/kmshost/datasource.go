// Package kmshost is the data source timago_kms_host: what a KMS host has counted, and
// how its counts will fall.
package kmshost

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/service"
	"github.com/timago/terraform-provider-timago/internal/site"
	"github.com/timago/terraform-provider-timago/internal/tfdiag"
)

var _ datasource.DataSourceWithConfigure = (*DataSource)(nil)

// DataSource reads a KMS host in depth.
type DataSource struct {
	site  *site.Site
	reads *service.Reads
}

// NewDataSource returns the data source for registration.
func NewDataSource() datasource.DataSource { return &DataSource{} }

// Metadata names the data source.
func (d *DataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_kms_host"
}

// Configure takes the site; there is none as long as the provider's configuration is not
// known.
func (d *DataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	data, diags := service.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	d.site, d.reads = data.Site, data.Reads
}

// readTimeout bounds a read: the log of a month is long.
const readTimeout = 5 * time.Minute

// Read asks the KMS host, DNS and the KMS port.
func (d *DataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m model
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if d.site == nil {
		resp.Diagnostics.Append(tfdiag.NotConfigured("read", "KMS host", ""))
		return
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	name := cmp.Or(m.Host.ValueString(), d.site.KMSHost())
	if name == "" {
		resp.Diagnostics.Append(tfdiag.Failure{
			Verb: "read", Noun: "KMS host", Err: errors.New("no KMS host is configured"),
			Next: "Set host, or kms.host in the provider block.",
		}.Error())
		return
	}
	reading, err := d.reads.KMSHost(ctx, name)
	if err != nil {
		resp.Diagnostics.Append(tfdiag.Failure{
			Verb: "read", Noun: "KMS host", Name: name,
			Attempted: "Its clock, its log and its counts were asked for over WinRM. What is not known of it says nothing about its counts.",
			Err:       err,
		}.Error())
		return
	}
	m.Host = types.StringValue(name)
	m.show(reading)
	resp.Diagnostics.Append(m.askAsClient(ctx, d.site.At(name), reading.Host.Port)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// askAsClient asks what every client sees of the host before it asks: DNS and the port.
func (m *model) askAsClient(ctx context.Context, host site.Hosted, port int) diag.Diagnostics {
	var diags diag.Diagnostics
	err := host.Connect(ctx, port)
	m.Reachable = types.BoolValue(err == nil)
	if err != nil {
		m.UnreachableReason = types.StringValue(err.Error())
	}
	domain := cmp.Or(m.Domain.ValueString(), host.Domain())
	if domain == "" {
		return nil // an address alone has no domain
	}
	m.Domain = types.StringValue(domain)
	found, err := host.Discover(ctx, domain)
	if err != nil {
		diags.Append(tfdiag.Failure{
			Verb: "look up", Noun: "the KMS hosts of domain", Name: domain,
			Attempted: "DNS was asked which KMS hosts it names to clients. Everything else was read; dns_records is null.",
			Err:       err, Next: "See that this machine can ask the domain's DNS server, or set domain to one that it can ask for.",
		}.Warning())
		return diags
	}
	m.showRecords(found)
	return diags
}

// showRecords puts into the model what DNS names.
func (m *model) showRecords(found kms.Discovery) {
	m.DNSName = types.StringValue(found.Name)
	m.DNSRecords = make([]recordModel, 0, len(found.Records))
	for _, r := range found.Records {
		m.DNSRecords = append(m.DNSRecords, recordModel{r.Host, int64(r.Port), int64(r.Priority), int64(r.Weight)})
	}
}
