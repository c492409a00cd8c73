package provider

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/timago/terraform-provider-timago/internal/tfduration"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// winrmModel is one way to ask Windows: the stations', or the KMS host's own.
type winrmModel struct {
	Username                types.String     `tfsdk:"username"`
	Password                types.String     `tfsdk:"password"`
	Auth                    types.String     `tfsdk:"auth"`
	UseTLS                  types.Bool       `tfsdk:"use_tls"`
	Port                    types.Int64      `tfsdk:"port"`
	DomainSuffix            types.String     `tfsdk:"domain_suffix"`
	CACertificate           types.String     `tfsdk:"ca_certificate"`
	TLSServerName           types.String     `tfsdk:"tls_server_name"`
	CertificateFingerprints types.List       `tfsdk:"certificate_fingerprints"`
	InsecureSkipVerify      types.Bool       `tfsdk:"insecure_skip_verify"`
	AllowUnencrypted        types.Bool       `tfsdk:"allow_unencrypted"`
	Timeout                 tfduration.Value `tfsdk:"timeout"`
	MaxParallel             types.Int64      `tfsdk:"max_parallel"`
	Kerberos                types.Object     `tfsdk:"kerberos"`

	kerberos kerberosModel // Kerberos, completed
}

// winrmOf completes a block by the environment and the defaults. Without the block, or as
// long as it is not known, every value of it is null.
func winrmOf(ctx context.Context, block types.Object, env environment, prefix string, at path.Path) (winrmModel, diag.Diagnostics) {
	var diags diag.Diagnostics
	w := winrmModel{CertificateFingerprints: types.ListNull(types.StringType)}
	if !block.IsNull() && !block.IsUnknown() {
		diags.Append(block.As(ctx, &w, basetypes.ObjectAsOptions{})...)
	}
	env.string(&w.Username, prefix+"USERNAME")
	env.string(&w.Password, prefix+"PASSWORD")
	diags.Append(env.word(&w.Auth, prefix+"AUTH", defaultAuth, at.AtName("auth"), authMethods...)...)
	env.string(&w.DomainSuffix, prefix+"DOMAIN_SUFFIX")
	env.string(&w.CACertificate, prefix+"CA_CERTIFICATE")
	diags.Append(env.boolean(&w.UseTLS, prefix+"USE_TLS", at.AtName("use_tls"))...)
	diags.Append(env.number(&w.Port, prefix+"PORT", 0, rangeOfPorts, at.AtName("port"))...)
	diags.Append(env.number(&w.MaxParallel, prefix+"MAX_PARALLEL", defaultMaxParallel, rangeOfParallel, at.AtName("max_parallel"))...)
	diags.Append(env.duration(&w.Timeout, prefix+"TIMEOUT", defaultTimeout, at.AtName("timeout"))...)
	var more diag.Diagnostics
	w.kerberos, more = kerberosOf(ctx, w.Kerberos, env, prefix)
	diags.Append(more...)
	return w, diags
}

func (w winrmModel) validate(c *checks, at path.Path) {
	w.validateKerberos(c, at)
	unencrypted := !w.UseTLS.ValueBool() && !w.UseTLS.IsUnknown() && !w.AllowUnencrypted.ValueBool() && !w.AllowUnencrypted.IsUnknown()
	if w.Auth.ValueString() == string(winrm.AuthBasic) && unencrypted {
		c.reject(at.AtName("auth"), "Basic authentication without TLS",
			"the password would cross the network in clear.\n\n"+
				"Set use_tls = true, or leave auth out: NTLM seals what it sends where there is no TLS. "+
				"Only where clear text is truly meant, set allow_unencrypted = true.")
	}
	w.validateTLS(c, at)
	c.certificates(at.AtName("ca_certificate"), w.CACertificate)
}

// validateTLS finds what protects nothing, since there is no TLS.
func (w winrmModel) validateTLS(c *checks, at path.Path) {
	if w.UseTLS.IsUnknown() || w.UseTLS.ValueBool() {
		return
	}
	for _, trust := range []struct {
		attribute string
		value     attr.Value
	}{
		{"ca_certificate", w.CACertificate}, {"tls_server_name", w.TLSServerName}, {"certificate_fingerprints", w.CertificateFingerprints},
	} {
		if !trust.value.IsNull() && !trust.value.IsUnknown() {
			c.reject(at.AtName(trust.attribute), "TLS is not used", "it says which certificates to trust, and without TLS there are none.\n\nSet use_tls = true, or leave it out.")
		}
	}
	if w.InsecureSkipVerify.ValueBool() {
		at := at.AtName("insecure_skip_verify")
		c.AddAttributeWarning(at, "TLS is not used", at.String()+": it has no effect without TLS.\n\nSet use_tls = true, or leave it out.")
	}
}

// config is the account and the way to the machines; every value must be known. The
// variables are those that complete user name and password; "" none does.
func (w winrmModel) config(ctx context.Context, at path.Path, userVariable, passwordVariable string) (*winrm.Config, diag.Diagnostics) {
	var diags diag.Diagnostics
	for _, needed := range []struct {
		value               types.String
		attribute, variable string
		dispensable         bool
	}{
		{w.Username, "username", userVariable, w.userless()},
		{w.Password, "password", passwordVariable, w.byKerberos()},
	} {
		if needed.value.IsNull() && !needed.dispensable {
			where := at.AtName(needed.attribute).String() + " in the provider block"
			if needed.variable != "" {
				where += " or the environment variable " + needed.variable
			}
			diags.AddAttributeError(at.AtName(needed.attribute), "Missing WinRM "+needed.attribute,
				"Windows is asked over WinRM, and no "+needed.attribute+" is configured.\n\nSet "+where+".")
		}
	}
	lineBreak(&diags, at.AtName("username"), w.Username)
	lineBreak(&diags, at.AtName("password"), w.Password)
	var fingerprints []string
	diags.Append(w.CertificateFingerprints.ElementsAs(ctx, &fingerprints, false)...)
	return &winrm.Config{
		Username: w.Username.ValueString(), Password: w.Password.ValueString(),
		Auth: winrm.Auth(w.Auth.ValueString()), UseTLS: w.UseTLS.ValueBool(), Port: int(w.Port.ValueInt64()),
		CACertificate: []byte(w.CACertificate.ValueString()), TLSServerName: w.TLSServerName.ValueString(),
		CertificateFingerprints: fingerprints, InsecureSkipVerify: w.InsecureSkipVerify.ValueBool(),
		AllowUnencrypted: w.AllowUnencrypted.ValueBool(), Timeout: w.Timeout.Duration(), MaxParallel: int(w.MaxParallel.ValueInt64()),
		Kerberos: w.kerberos.config(),
	}, diags
}

// lineBreak refuses a credential that ends with a line break, as one that was read from a
// file may. It would be sent as a part of it, and cost failed logons. What it holds is not
// shown.
func lineBreak(diags *diag.Diagnostics, at path.Path, value types.String) {
	if text := value.ValueString(); strings.TrimRight(text, "\r\n") != text {
		diags.AddAttributeError(at, "Line break at the end",
			at.String()+": the value ends with a line break, which is probably that of the file that it was read from.\n\n"+
				"Write trimspace(file(\"…\")), or store it without a line break: printf '%s' instead of echo.")
	}
}
