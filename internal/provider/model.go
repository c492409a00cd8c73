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
)

var pathWinRM = path.Root("winrm")

// known tells whether every value of the configuration is known.
func (m model) known(ctx context.Context) bool {
	for _, object := range []types.Object{m.WinRM, m.KMS} {
		if value, err := object.ToTerraformValue(ctx); err != nil || !value.IsFullyKnown() {
			return false
		}
	}
	return true
}

// settings is the provider block completed by the environment and the defaults. A value
// that is not known yet stays unknown.
func (m model) settings(ctx context.Context, env environment) (winrmModel, kmsModel, diag.Diagnostics) {
	var (
		w     winrmModel
		k     kmsModel
		diags diag.Diagnostics
	)
	// Without the block, or as long as it is not known, every value is null.
	w.CertificateFingerprints = types.ListNull(types.StringType)
	if !m.WinRM.IsNull() && !m.WinRM.IsUnknown() {
		diags.Append(m.WinRM.As(ctx, &w, basetypes.ObjectAsOptions{})...)
	}
	if !m.KMS.IsNull() && !m.KMS.IsUnknown() {
		diags.Append(m.KMS.As(ctx, &k, basetypes.ObjectAsOptions{})...)
	}
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
	return w, k, diags
}

// validate finds what is wrong with the values that are known. Credentials are judged
// later, when the provider is configured: a configuration may be validated where the
// environment that holds them is not set.
func (m model) validate(ctx context.Context, env environment) diag.Diagnostics {
	w, _, diags := m.settings(ctx, env)
	if m.WinRM.IsUnknown() {
		return diags
	}
	reject := func(attribute, summary, detail string) {
		at := pathWinRM.AtName(attribute)
		diags.AddAttributeError(at, summary, at.String()+": "+detail) // the CLI shows no path inside an object
	}
	if auth := w.Auth.ValueString(); !w.Auth.IsUnknown() && auth != string(winrm.AuthNTLM) && auth != string(winrm.AuthBasic) {
		reject("auth", "Unknown authentication", fmt.Sprintf("%q is neither \"ntlm\" nor \"basic\".", auth))
	}
	unencrypted := !w.UseTLS.ValueBool() && !w.UseTLS.IsUnknown() && !w.AllowUnencrypted.ValueBool() && !w.AllowUnencrypted.IsUnknown()
	if w.Auth.ValueString() == string(winrm.AuthBasic) && unencrypted {
		reject("auth", "Basic authentication without TLS",
			"the password would cross the network in clear.\n\n"+
				"Set use_tls = true, or leave auth out: NTLM seals what it sends where there is no TLS. "+
				"Only where clear text is truly meant, set allow_unencrypted = true.")
	}
	if timeout, err := time.ParseDuration(w.Timeout.ValueString()); !w.Timeout.IsUnknown() && (err != nil || timeout <= 0) {
		reject("timeout", "Not a positive duration", fmt.Sprintf("%q is no duration above 0; write it as \"30s\" or \"2m\".", w.Timeout.ValueString()))
	}
	if pem := w.CACertificate.ValueString(); pem != "" && !x509.NewCertPool().AppendCertsFromPEM([]byte(pem)) {
		reject("ca_certificate", "No PEM certificate", "the value holds no certificate in PEM form (-----BEGIN CERTIFICATE-----).")
	}
	return diags
}

// site is the configuration of the site; every value must be known.
func (m model) site(ctx context.Context, env environment) (site.Config, diag.Diagnostics) {
	w, k, diags := m.settings(ctx, env)
	for _, needed := range []struct {
		value     attr.Value
		attribute string
		variable  string
	}{
		{w.Username, "username", "TIMAGO_WINRM_USERNAME"},
		{w.Password, "password", "TIMAGO_WINRM_PASSWORD"},
	} {
		if needed.value.Equal(types.StringNull()) {
			diags.AddAttributeError(pathWinRM.AtName(needed.attribute), "Missing WinRM "+needed.attribute,
				"Stations and KMS host are asked over WinRM, and no "+needed.attribute+" is configured.\n\n"+
					"Set winrm."+needed.attribute+" in the provider block or the environment variable "+needed.variable+".")
		}
	}
	if diags.HasError() {
		return site.Config{}, diags
	}
	var fingerprints []string
	diags.Append(w.CertificateFingerprints.ElementsAs(ctx, &fingerprints, false)...)
	timeout, err := time.ParseDuration(w.Timeout.ValueString())
	if err != nil {
		diags.AddAttributeError(pathWinRM.AtName("timeout"), "Not a duration", err.Error())
	}
	return site.Config{
		WinRM: winrm.Config{
			Username: w.Username.ValueString(), Password: w.Password.ValueString(),
			Auth: winrm.Auth(w.Auth.ValueString()), UseTLS: w.UseTLS.ValueBool(), Port: int(w.Port.ValueInt64()),
			CACertificate: []byte(w.CACertificate.ValueString()), TLSServerName: w.TLSServerName.ValueString(),
			CertificateFingerprints: fingerprints, InsecureSkipVerify: w.InsecureSkipVerify.ValueBool(),
			AllowUnencrypted: w.AllowUnencrypted.ValueBool(), Timeout: timeout, MaxParallel: int(w.MaxParallel.ValueInt64()),
		},
		DomainSuffix: w.DomainSuffix.ValueString(),
		KMSHost:      k.Host.ValueString(),
	}, diags
}
