package provider

import (
	"context"
	"crypto/x509"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/timago/terraform-provider-timago/internal/report"
	"github.com/timago/terraform-provider-timago/internal/site"
	"github.com/timago/terraform-provider-timago/internal/tfduration"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// model is the provider block.
type model struct {
	Endpoint           types.String     `tfsdk:"endpoint"`
	Token              types.String     `tfsdk:"token"`
	CACertificate      types.String     `tfsdk:"ca_certificate"`
	InsecureSkipVerify types.Bool       `tfsdk:"insecure_skip_verify"`
	RequestTimeout     tfduration.Value `tfsdk:"request_timeout"`
	MaxRetries         types.Int64      `tfsdk:"max_retries"`

	Inventory types.String `tfsdk:"inventory"`
	Report    types.String `tfsdk:"report"`

	WinRM types.Object `tfsdk:"winrm"`
	KMS   types.Object `tfsdk:"kms"`
}

type kmsModel struct {
	Host        types.String     `tfsdk:"host"`
	CountSource types.String     `tfsdk:"count_source"`
	MaxAge      tfduration.Value `tfsdk:"max_age"`
	WinRM       types.Object     `tfsdk:"winrm"`
}

// Defaults of the provider block.
const (
	defaultAuth        = string(winrm.AuthNTLM)
	defaultTimeout     = 30 * time.Second
	defaultMaxParallel = 32
	defaultMaxRetries  = 4
	defaultCountSource = string(site.CountAuto)
	defaultMaxAge      = 168 * time.Hour
)

// What numbers may be, in the configuration and in the environment.
var (
	rangeOfRetries  = bounds{0, 20}
	rangeOfPorts    = bounds{1, 65535}
	rangeOfParallel = bounds{1, 1000}
)

// What words may be, in the configuration and in the environment.
var (
	countSources = []string{string(site.CountAuto), string(site.CountHost), string(site.CountStations)}
	authMethods  = []string{string(winrm.AuthNTLM), string(winrm.AuthBasic), string(winrm.AuthKerberos)}
)

// hostVariable is the only one that is read for kms.winrm: the password.
const hostVariable = "TIMAGO_KMS_WINRM_PASSWORD"

var (
	pathWinRM    = path.Root("winrm")
	pathKMSWinRM = path.Root("kms").AtName("winrm")
)

// known reports whether every value of the configuration is known.
func (m model) known(ctx context.Context) bool {
	for _, object := range []attr.Value{m.WinRM, m.KMS, m.Endpoint, m.Token, m.CACertificate, m.InsecureSkipVerify, m.RequestTimeout, m.MaxRetries, m.Inventory, m.Report} {
		if value, err := object.ToTerraformValue(ctx); err != nil || !value.IsFullyKnown() {
			return false
		}
	}
	return true
}

// settings is the provider block completed by the environment and the defaults. A value
// that is not known yet stays unknown.
type settings struct {
	api       model
	winrm     winrmModel
	kms       kmsModel
	hostWinRM *winrmModel // nil: the KMS host is asked as the stations are
}

func (m model) settings(ctx context.Context, env environment) (settings, diag.Diagnostics) {
	s := settings{api: m}
	var diags diag.Diagnostics
	if !m.KMS.IsNull() && !m.KMS.IsUnknown() {
		diags.Append(m.KMS.As(ctx, &s.kms, basetypes.ObjectAsOptions{})...)
	}
	env.string(&s.api.Endpoint, "TIMAGO_ENDPOINT")
	env.string(&s.api.Token, "TIMAGO_TOKEN")
	env.string(&s.api.CACertificate, "TIMAGO_CA_CERTIFICATE")
	env.string(&s.api.Inventory, "TIMAGO_INVENTORY")
	env.string(&s.api.Report, "TIMAGO_REPORT")
	diags.Append(env.duration(&s.api.RequestTimeout, "TIMAGO_REQUEST_TIMEOUT", defaultTimeout, path.Root("request_timeout"))...)
	diags.Append(env.number(&s.api.MaxRetries, "TIMAGO_MAX_RETRIES", defaultMaxRetries, rangeOfRetries, path.Root("max_retries"))...)
	env.string(&s.kms.Host, "TIMAGO_KMS_HOST")
	diags.Append(env.word(&s.kms.CountSource, "TIMAGO_KMS_COUNT_SOURCE", defaultCountSource, path.Root("kms").AtName("count_source"), countSources...)...)
	diags.Append(env.duration(&s.kms.MaxAge, "TIMAGO_KMS_MAX_AGE", defaultMaxAge, path.Root("kms").AtName("max_age"))...)
	var more diag.Diagnostics
	s.winrm, more = winrmOf(ctx, m.WinRM, env, "TIMAGO_WINRM_", pathWinRM)
	diags.Append(more...)
	if !s.kms.WinRM.IsNull() && !s.kms.WinRM.IsUnknown() {
		// The other variables are the stations'.
		passwordAlone := func(name string) string {
			if name != hostVariable {
				return ""
			}
			return env(name)
		}
		own, more := winrmOf(ctx, s.kms.WinRM, passwordAlone, "TIMAGO_KMS_WINRM_", pathKMSWinRM)
		diags.Append(more...)
		s.hostWinRM = &own
	}
	return s, diags
}

// checks collects what is wrong with values that are known.
type checks struct{ diag.Diagnostics }

func (c *checks) reject(at path.Path, summary, detail string) {
	c.AddAttributeError(at, summary, at.String()+": "+detail) // the CLI shows no path inside an object
}

func (c *checks) certificates(at path.Path, value types.String) {
	if pem := value.ValueString(); pem != "" && !x509.NewCertPool().AppendCertsFromPEM([]byte(pem)) {
		c.reject(at, "No PEM certificate", "the value holds no certificate in PEM form (-----BEGIN CERTIFICATE-----).")
	}
}

// validate finds what is wrong with the values that are known. Credentials are judged
// later, when the provider is configured: a configuration may be validated where the
// environment that holds them is not set.
func (m model) validate(ctx context.Context, env environment) diag.Diagnostics {
	s, diags := m.settings(ctx, env)
	c := &checks{diags}
	c.certificates(path.Root("ca_certificate"), s.api.CACertificate)
	if shown := s.api.Report; !shown.IsNull() && !shown.IsUnknown() && !strings.HasSuffix(shown.ValueString(), ".html") {
		c.reject(path.Root("report"), "No name of a page", fmt.Sprintf("%q does not end in .html, such as \"kms-report.html\". "+
			"The plain lines and the JSON beside it take its name.", shown.ValueString()))
	}
	if !m.WinRM.IsUnknown() {
		s.winrm.validate(c, pathWinRM)
	}
	if s.hostWinRM != nil {
		s.hostWinRM.validate(c, pathKMSWinRM)
	}
	return c.Diagnostics
}

// site is the configuration of the site; every value must be known.
func (m model) site(ctx context.Context, env environment) (site.Config, diag.Diagnostics) {
	s, diags := m.settings(ctx, env)
	config := site.Config{
		DomainSuffix: s.winrm.DomainSuffix.ValueString(), KMSHost: s.kms.Host.ValueString(), Inventory: s.api.Inventory.ValueString(),
		CountSource: site.CountSource(s.kms.CountSource.ValueString()), MaxAge: s.kms.MaxAge.Duration(),
	}
	if endpoint := s.api.Endpoint.ValueString(); endpoint != "" {
		config.Timago = &site.TimagoConfig{
			Endpoint: endpoint, Token: s.api.Token.ValueString(), CACertificate: []byte(s.api.CACertificate.ValueString()),
			InsecureSkipVerify: s.api.InsecureSkipVerify.ValueBool(), RequestTimeout: s.api.RequestTimeout.Duration(),
			MaxRetries: int(s.api.MaxRetries.ValueInt64()),
		}
		lineBreak(&diags, path.Root("token"), s.api.Token)
		if s.api.Token.IsNull() {
			diags.AddAttributeError(path.Root("token"), "Missing token",
				"endpoint is set, and no token for it.\n\nSet token in the provider block or the environment variable TIMAGO_TOKEN.")
		}
	}
	var more diag.Diagnostics
	if config.Timago == nil || !m.WinRM.IsNull() || !s.winrm.Username.IsNull() || s.winrm.byKerberos() {
		config.WinRM, more = s.winrm.config(ctx, pathWinRM, "TIMAGO_WINRM_USERNAME", "TIMAGO_WINRM_PASSWORD")
		diags.Append(more...)
	}
	if s.hostWinRM != nil {
		config.HostSuffix = s.hostWinRM.DomainSuffix.ValueString()
		config.HostWinRM, more = s.hostWinRM.config(ctx, pathKMSWinRM, "", hostVariable)
		diags.Append(more...)
	}
	return config, diags
}

// report is where the provider shows its cycles; nil where none is wanted.
func (m model) report(env environment, config site.Config) *report.Report {
	env.string(&m.Report, "TIMAGO_REPORT")
	var users []string
	for _, account := range []*winrm.Config{config.WinRM, config.HostWinRM} {
		if account != nil {
			users = append(users, account.Username)
		}
	}
	return report.New(m.Report.ValueString(), users...)
}
