package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/timago/terraform-provider-timago/internal/tfvalidate"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// kerberosModel is where Kerberos finds what it needs.
type kerberosModel struct {
	ConfigFile      types.String `tfsdk:"config_file"`
	Keytab          types.String `tfsdk:"keytab"`
	CredentialCache types.String `tfsdk:"credential_cache"`
}

func kerberosAttribute() schema.Attribute {
	file := []validator.String{stringvalidator.LengthAtLeast(1)}
	return schema.SingleNestedAttribute{
		Optional:   true,
		Validators: []validator.Object{tfvalidate.SomethingSet()},
		MarkdownDescription: "Where `auth = \"kerberos\"` finds what it needs. A keytab or a credential cache that is named here comes before `password`. " +
			"Without any of the three the credential cache of the environment is used. Kerberos knows a machine as `HTTP/<name>`, with the name that it is addressed by: " +
			"the full name in the domain works by itself, an alias or an IP address only if it is registered (`setspn -S HTTP/<alias> <computer>`). AES is needed, RC4 is not used.",
		Attributes: map[string]schema.Attribute{
			"config_file": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Path of `krb5.conf`; its `include` lines are not followed. Environment: `TIMAGO_WINRM_KERBEROS_CONFIG`. " +
					"Default: `KRB5_CONFIG`, else `/etc/krb5.conf`, else DNS alone, with a user name that names its realm.",
				Validators: file,
			},
			"keytab": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Path of a keytab with AES keys of the account. Environment: `TIMAGO_WINRM_KEYTAB`. Default: none.",
				Validators:          file,
			},
			"credential_cache": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Path of a credential cache, as `kinit` makes it; `username` may then be left out. Only files are read: on a system that keeps tickets elsewhere " +
					"(KCM, KEYRING, API) make one by `kinit -c FILE:/path`. A ticket that expires during a run is not renewed. " +
					"Environment: `TIMAGO_WINRM_CREDENTIAL_CACHE`. Default: `KRB5CCNAME`, else `default_ccache_name` of `krb5.conf`, else `/tmp/krb5cc_<uid>`.",
				Validators: file,
			},
		},
	}
}

// kerberosOf completes the block by the environment.
func kerberosOf(ctx context.Context, block types.Object, env environment, prefix string) (kerberosModel, diag.Diagnostics) {
	var k kerberosModel
	var diags diag.Diagnostics
	if !block.IsNull() && !block.IsUnknown() {
		diags = block.As(ctx, &k, basetypes.ObjectAsOptions{})
	}
	env.string(&k.ConfigFile, prefix+"KERBEROS_CONFIG")
	if k.Keytab.IsNull() && k.CredentialCache.IsNull() { // they come in place of each other
		env.string(&k.Keytab, prefix+"KEYTAB")
		env.string(&k.CredentialCache, prefix+"CREDENTIAL_CACHE")
	}
	return k, diags
}

// validateKerberos finds what does not go together.
func (w winrmModel) validateKerberos(c *checks, at path.Path) {
	if w.Auth.IsUnknown() || w.Kerberos.IsUnknown() {
		return
	}
	if !w.Kerberos.IsNull() && !w.byKerberos() {
		c.reject(at.AtName("kerberos"), "Kerberos is not used", "set auth = \"kerberos\", or leave kerberos out.")
	}
	if w.byKerberos() && w.kerberos.Keytab.ValueString() != "" && w.kerberos.CredentialCache.ValueString() != "" {
		c.reject(at.AtName("kerberos"), "Two kinds of credentials", "a keytab and a credential cache are given; leave one of them out.")
	}
}

func (w winrmModel) byKerberos() bool { return w.Auth.ValueString() == string(winrm.AuthKerberos) }

// userless reports whether the account may go without a user name, which its credential
// cache then has.
func (w winrmModel) userless() bool {
	return w.byKerberos() && w.kerberos.Keytab.IsNull() && (w.Password.IsNull() || !w.kerberos.CredentialCache.IsNull())
}

func (k kerberosModel) config() winrm.KerberosConfig {
	return winrm.KerberosConfig{
		ConfigFile: k.ConfigFile.ValueString(), Keytab: k.Keytab.ValueString(), CredentialCache: k.CredentialCache.ValueString(),
	}
}
