// Package provider is the provider itself: its configuration and the table of what it
// offers.
package provider

import (
	"context"
	"os"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/timago/terraform-provider-timago/internal/cycle"
	"github.com/timago/terraform-provider-timago/internal/service"
	"github.com/timago/terraform-provider-timago/internal/service/activationpool"
	"github.com/timago/terraform-provider-timago/internal/service/kmshost"
	"github.com/timago/terraform-provider-timago/internal/service/station"
	"github.com/timago/terraform-provider-timago/internal/service/stationaction"
	"github.com/timago/terraform-provider-timago/internal/service/stationkms"
	"github.com/timago/terraform-provider-timago/internal/site"
	"github.com/timago/terraform-provider-timago/internal/tfdiag"
	"github.com/timago/terraform-provider-timago/internal/tflist"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// The provider's name, in Go alone here. A test compares the documents, examples and the
// release's configuration with it.
const (
	// Source is the address that configurations write.
	Source = "timago/timago"
	// Address is its address in the registry.
	Address = "registry.terraform.io/" + Source
	// Repository is where it is released.
	Repository = "github.com/timago/terraform-provider-timago"
)

var (
	_ provider.Provider                   = (*Provider)(nil)
	_ provider.ProviderWithValidateConfig = (*Provider)(nil)
	_ provider.ProviderWithListResources  = (*Provider)(nil)
	_ provider.ProviderWithFunctions      = (*Provider)(nil)
	_ provider.ProviderWithActions        = (*Provider)(nil)
)

// Provider serves one site.
type Provider struct {
	version string
	env     environment
	engine  *cycle.Engine

	mu     sync.Mutex
	opened []*site.Site
}

// New returns the provider's constructor for a version.
func New(version string) func() provider.Provider {
	return func() provider.Provider { return NewIn(os.Getenv, version) }
}

// Server returns the constructor of what serves the provider of a version to Terraform.
func Server(version string) func() tfprotov6.ProviderServer {
	return func() tfprotov6.ProviderServer { return tflist.Serve(New(version)()) }
}

// NewIn makes a provider that reads its variables by getenv.
func NewIn(getenv func(name string) string, version string) *Provider {
	return &Provider{version: version, env: getenv, engine: cycle.New()}
}

// Close ends every connection of a provider that nobody asks any more. A process of its own
// needs none: its end does the same.
func (p *Provider) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, opened := range p.opened {
		opened.Close()
	}
	p.opened = nil
}

// Metadata names the provider.
func (p *Provider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "timago"
	resp.Version = p.version
}

// ValidateConfig finds what is wrong before anything is planned.
func (p *Provider) ValidateConfig(ctx context.Context, req provider.ValidateConfigRequest, resp *provider.ValidateConfigResponse) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(config.validate(ctx, p.env)...)
}

// Configure opens the site. Where a needed value is not known yet (it comes from a
// resource that this very apply creates) nothing is opened, and the resources skip what
// needs it.
func (p *Provider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !config.known(ctx) {
		if req.ClientCapabilities.DeferralAllowed {
			resp.Deferred = &provider.Deferred{Reason: provider.DeferredReasonProviderConfigUnknown}
		}
		tflog.Info(ctx, "provider configuration is not known yet: nothing is asked of the site")
		return
	}
	siteConfig, diags := config.site(ctx, p.env)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	// Requests run under contexts of their own; the log goes where the request's does. Every
	// line is made and sent to the CLI, which throws it away where nobody wants a log.
	var log func(ctx context.Context, message string, fields map[string]any)
	if p.env.wantsLog() {
		log = func(ctx context.Context, message string, fields map[string]any) { tflog.Debug(ctx, message, fields) }
	}
	agent := userAgent(p.version, req.TerraformVersion)
	for _, account := range []*winrm.Config{siteConfig.WinRM, siteConfig.HostWinRM} {
		if account != nil {
			account.Log, account.UserAgent = log, agent
		}
	}
	if siteConfig.Timago != nil {
		siteConfig.Timago.Log, siteConfig.Timago.UserAgent = log, agent
	}
	opened, err := site.Open(siteConfig)
	if err != nil {
		resp.Diagnostics.Append(tfdiag.Failure{Verb: "open", Noun: "site", Err: err}.Error())
		return
	}
	if odd := opened.Oddities(); odd != nil {
		resp.Diagnostics.Append(tfdiag.Failure{
			Verb: "understand", Noun: "all of the inventory", Name: odd.File, Err: odd,
			Attempted: odd.Attempted(),
		}.Warning())
	}
	p.mu.Lock()
	p.opened = append(p.opened, opened)
	p.mu.Unlock()
	data := service.Data{Site: opened, Reads: service.NewReads(opened), Engine: p.engine, Claims: service.NewClaims(), Names: service.NewNames(), Report: config.report(p.env, siteConfig)}
	resp.ResourceData = data
	resp.DataSourceData = data
	resp.ListResourceData = data
	resp.ActionData = data
}

// userAgent says who asks, in the logs of Windows and of Timago's interface. OpenTofu tells
// its version as Terraform does, so that the two cannot be told apart.
func userAgent(version, cli string) string {
	agent := "terraform-provider-timago/" + version
	if cli != "" {
		agent += " Terraform/" + cli
	}
	return agent
}

// Resources lists what can be managed.
func (p *Provider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		activationpool.NewResource,
		stationkms.NewResource,
	}
}

// ListResources lists what can be searched for.
func (p *Provider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{
		stationkms.NewListResource,
	}
}

// DataSources lists what can be read.
func (p *Provider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		kmshost.NewDataSource,
		station.NewDataSource,
		station.NewStations,
		station.NewExport,
	}
}

// Functions lists what can be computed.
func (p *Provider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{
		activationpool.NewRestartsNeeded,
	}
}

// Actions lists what stations can be told.
func (p *Provider) Actions(context.Context) []func() action.Action {
	return []func() action.Action{
		stationaction.NewRestart,
		stationaction.NewResetImage,
		stationaction.NewWake,
		stationaction.NewActivate,
	}
}
