package provider

import (
	"context"
	"crypto/x509"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/timago/terraform-provider-timago/internal/site"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// model is the provider block.
type model struct {
	Endpoint           types.String         `tfsdk:"endpoint"`
	Token              types.String         `tfsdk:"token"`
	CACertificate      types.String         `tfsdk:"ca_certificate"`
	InsecureSkipVerify types.Bool           `tfsdk:"insecure_skip_verify"`
	RequestTimeout     timetypes.GoDuration `tfsdk:"request_timeout"`
	MaxRetries         types.Int64          `tfsdk:"max_retries"`

	WinRM types.Object `tfsdk:"winrm"`
	KMS   types.Object `tfsdk:"kms"`
}

type winrmModel struct {
	Username                types.String         `tfsdk:"username"`
	Password                types.String         `tfsdk:"password"`
	Auth                    types.String         `tfsdk:"auth"`
	UseTLS                  types.Bool           `tfsdk:"use_tls"`
	Port                    types.Int64          `tfsdk:"port"`
	DomainSuffix            types.String         `tfsdk:"domain_suffix"`
	CACertificate           types.String         `tfsdk:"ca_certificate"`
	TLSServerName           types.String         `tfsdk:"tls_server_name"`
	CertificateFingerprints types.List           `tfsdk:"certificate_fingerprints"`
	InsecureSkipVerify      types.Bool           `tfsdk:"insecure_skip_verify"`
	AllowUnencrypted        types.Bool           `tfsdk:"allow_unencrypted"`
	Timeout                 timetypes.GoDuration `tfsdk:"timeout"`
	MaxParallel             types.Int64          `tfsdk:"max_parallel"`
}

type kmsModel struct {
	Host types.String `tfsdk:"host"`
}

// Defaults of the provider block.
const (
	defaultAuth        = string(winrm.AuthNTLM)
	defaultTimeout     = 30 * time.Second
	defaultMaxParallel = 32
	defaultMaxRetries  = 4
)

var pathWinRM = path.Root("winrm")

// known tells whether every value of the configuration is known.
func (m model) known(ctx context.Context) bool {
	for _, object := range []attr.Value{m.WinRM, m.KMS, m.Endpoint, m.Token, m.CACertificate, m.InsecureSkipVerify, m.RequestTimeout, m.MaxRetries} {
		if value, err := object.ToTerraformValue(ctx); err != nil || !value.IsFullyKnown() {
			return false
		}
	}
	return true
}

// settings is the provider block completed by the environment and the defaults. A value
// that is not known yet stays unknown.
type settings struct {
	api   model
	winrm winrmModel
	kms   kmsModel
}

func (m model) settings(ctx context.Context, env environment) (settings, diag.Diagnostics) {
	s := settings{api: m}
	var diags diag.Diagnostics
	// Without the block, or as long as it is not known, every value is null.
	w, k := &s.winrm, &s.kms
	w.CertificateFingerprints = types.ListNull(types.StringType)
	if !m.WinRM.IsNull() && !m.WinRM.IsUnknown() {
		diags.Append(m.WinRM.As(ctx, w, basetypes.ObjectAsOptions{})...)
	}
	if !m.KMS.IsNull() && !m.KMS.IsUnknown() {
		diags.Append(m.KMS.As(ctx, k, basetypes.ObjectAsOptions{})...)
	}
	env.string(&s.api.Endpoint, "TIMAGO_ENDPOINT", "")
	env.string(&s.api.Token, "TIMAGO_TOKEN", "")
	env.string(&s.api.CACertificate, "TIMAGO_CA_CERTIFICATE", "")
	env.duration(&s.api.RequestTimeout, "TIMAGO_REQUEST_TIMEOUT", defaultTimeout)
	diags.Append(env.number(&s.api.MaxRetries, "TIMAGO_MAX_RETRIES", defaultMaxRetries, path.Root("max_retries"))...)
	env.string(&w.Username, "TIMAGO_WINRM_USERNAME", "")
	env.string(&w.Password, "TIMAGO_WINRM_PASSWORD", "")
	env.string(&w.Auth, "TIMAGO_WINRM_AUTH", defaultAuth)
	env.string(&w.DomainSuffix, "TIMAGO_WINRM_DOMAIN_SUFFIX", "")
	env.string(&w.CACertificate, "TIMAGO_WINRM_CA_CERTIFICATE", "")
	env.string(&k.Host, "TIMAGO_KMS_HOST", "")
	diags.Append(env.boolean(&w.UseTLS, "TIMAGO_WINRM_USE_TLS", pathWinRM.AtName("use_tls"))...)
	diags.Append(env.number(&w.Port, "TIMAGO_WINRM_PORT", 0, pathWinRM.AtName("port"))...)
	diags.Append(env.number(&w.MaxParallel, "TIMAGO_WINRM_MAX_PARALLEL", defaultMaxParallel, pathWinRM.AtName("max_parallel"))...)
	env.duration(&w.Timeout, "TIMAGO_WINRM_TIMEOUT", defaultTimeout)
	return s, diags
}

// validate finds what is wrong with the values that are known. Credentials are judged
// later, when the provider is configured: a configuration may be validated where the
// environment that holds them is not set.
func (m model) validate(ctx context.Context, env environment) diag.Diagnostics {
	s, diags := m.settings(ctx, env)
	reject := func(at path.Path, summary, detail string) {
		diags.AddAttributeError(at, summary, at.String()+": "+detail) // the CLI shows no path inside an object
	}
	positive := func(at path.Path, value timetypes.GoDuration) {
		if d, err := time.ParseDuration(value.ValueString()); !value.IsUnknown() && (err != nil || d <= 0) {
			reject(at, "Not a positive duration", fmt.Sprintf("%q is no duration above 0; write it as \"30s\" or \"2m\".", value.ValueString()))
		}
	}
	certificates := func(at path.Path, value types.String) {
		if pem := value.ValueString(); pem != "" && !x509.NewCertPool().AppendCertsFromPEM([]byte(pem)) {
			reject(at, "No PEM certificate", "the value holds no certificate in PEM form (-----BEGIN CERTIFICATE-----).")
		}
	}
	positive(path.Root("request_timeout"), s.api.RequestTimeout)
	certificates(path.Root("ca_certificate"), s.api.CACertificate)
	if m.WinRM.IsUnknown() {
		return diags
	}
	w := s.winrm
	if auth := w.Auth.ValueString(); !w.Auth.IsUnknown() && auth != string(winrm.AuthNTLM) && auth != string(winrm.AuthBasic) {
		reject(pathWinRM.AtName("auth"), "Unknown authentication", fmt.Sprintf("%q is neither \"ntlm\" nor \"basic\".", auth))
	}
	unencrypted := !w.UseTLS.ValueBool() && !w.UseTLS.IsUnknown() && !w.AllowUnencrypted.ValueBool() && !w.AllowUnencrypted.IsUnknown()
	if w.Auth.ValueString() == string(winrm.AuthBasic) && unencrypted {
		reject(pathWinRM.AtName("auth"), "Basic authentication without TLS",
			"the password would cross the network in clear.\n\n"+
				"Set use_tls = true, or leave auth out: NTLM seals what it sends where there is no TLS. "+
				"Only where clear text is truly meant, set allow_unencrypted = true.")
	}
	positive(pathWinRM.AtName("timeout"), w.Timeout)
	certificates(pathWinRM.AtName("ca_certificate"), w.CACertificate)
	return diags
}

// site is the configuration of the site; every value must be known.
func (m model) site(ctx context.Context, env environment) (site.Config, diag.Diagnostics) {
	s, diags := m.settings(ctx, env)
	config := site.Config{DomainSuffix: s.winrm.DomainSuffix.ValueString(), KMSHost: s.kms.Host.ValueString()}
	if endpoint := s.api.Endpoint.ValueString(); endpoint != "" {
		config.Timago = &site.TimagoConfig{
			Endpoint: endpoint, Token: s.api.Token.ValueString(), CACertificate: []byte(s.api.CACertificate.ValueString()),
			InsecureSkipVerify: s.api.InsecureSkipVerify.ValueBool(), RequestTimeout: duration(s.api.RequestTimeout),
			MaxRetries: int(s.api.MaxRetries.ValueInt64()),
		}
		if s.api.Token.IsNull() {
			diags.AddAttributeError(path.Root("token"), "Missing token",
				"endpoint is set, and no token for it.\n\nSet token in the provider block or the environment variable TIMAGO_TOKEN.")
		}
		if m.WinRM.IsNull() && s.winrm.Username.IsNull() {
			return config, diags // Windows itself is not asked
		}
	}
	var more diag.Diagnostics
	config.WinRM, more = s.winrm.config(ctx)
	diags.Append(more...)
	return config, diags
}

// config is the account and the way to the Windows machines.
func (w winrmModel) config(ctx context.Context) (*winrm.Config, diag.Diagnostics) {
	var diags diag.Diagnostics
	for _, needed := range []struct {
		value               types.String
		attribute, variable string
	}{
		{w.Username, "username", "TIMAGO_WINRM_USERNAME"},
		{w.Password, "password", "TIMAGO_WINRM_PASSWORD"},
	} {
		if needed.value.IsNull() {
			diags.AddAttributeError(pathWinRM.AtName(needed.attribute), "Missing WinRM "+needed.attribute,
				"Stations and KMS host are asked over WinRM, and no "+needed.attribute+" is configured.\n\n"+
					"Set winrm."+needed.attribute+" in the provider block or the environment variable "+needed.variable+".")
		}
	}
	var fingerprints []string
	diags.Append(w.CertificateFingerprints.ElementsAs(ctx, &fingerprints, false)...)
	return &winrm.Config{
		Username: w.Username.ValueString(), Password: w.Password.ValueString(),
		Auth: winrm.Auth(w.Auth.ValueString()), UseTLS: w.UseTLS.ValueBool(), Port: int(w.Port.ValueInt64()),
		CACertificate: []byte(w.CACertificate.ValueString()), TLSServerName: w.TLSServerName.ValueString(),
		CertificateFingerprints: fingerprints, InsecureSkipVerify: w.InsecureSkipVerify.ValueBool(),
		AllowUnencrypted: w.AllowUnencrypted.ValueBool(), Timeout: duration(w.Timeout), MaxParallel: int(w.MaxParallel.ValueInt64()),
	}, diags
}

// duration reads what validate has found to be one.
func duration(value timetypes.GoDuration) time.Duration {
	d, _ := time.ParseDuration(value.ValueString())
	return d
}
