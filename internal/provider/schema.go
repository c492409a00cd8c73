package provider

import (
	"context"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/timago/terraform-provider-timago/internal/tfduration"
	"github.com/timago/terraform-provider-timago/internal/tfvalidate"
)

// Schema describes the provider block.
func (p *Provider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Keeps rooms of Windows stations under Timago® activated through their site's KMS host. " +
			"In *direct mode* everything is asked of Windows itself, by CIM over WS-Management (WinRM), " +
			"with one account, or with one for the stations and one for the KMS host. The vendor of Timago® publishes no API and none is needed. " +
			"In *API mode* the option, images and switching on are commanded through an HTTP interface in front of the Timago server; " +
			"its contract is this project's own, not the vendor's.",
		Attributes: map[string]schema.Attribute{
			"endpoint": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Address of an HTTP interface in front of the Timago server, such as `https://timago.schule.example`. It must fulfil this project's own contract. " +
					"Environment: `TIMAGO_ENDPOINT`. Default: none; that is direct mode.",
				Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"token": schema.StringAttribute{
				Optional:            true,
				Sensitive:           true,
				MarkdownDescription: "Bearer token for `endpoint`, best from an ephemeral variable. Environment: `TIMAGO_TOKEN`. It is written to no state and no log. Default: none.",
			},
			"ca_certificate": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "PEM certificates that sign the certificate of `endpoint`. Environment: `TIMAGO_CA_CERTIFICATE`. Default: the system's.",
			},
			"insecure_skip_verify": schema.BoolAttribute{
				Optional:            true,
				MarkdownDescription: "Whether any certificate of `endpoint` is accepted. The token then goes to whoever answers. Default: `false`.",
			},
			"request_timeout": schema.StringAttribute{
				Optional:            true,
				CustomType:          tfduration.Type{},
				MarkdownDescription: "How long one attempt of a request to `endpoint` may take, such as `30s`. A list of stations may take 20 times as long in all. Environment: `TIMAGO_REQUEST_TIMEOUT`. Default: `30s`.",
			},
			"max_retries": schema.Int64Attribute{
				Optional:            true,
				MarkdownDescription: "How often a request to `endpoint` that failed for the moment is sent again, " + rangeOfRetries.String() + ". Environment: `TIMAGO_MAX_RETRIES`. Default: 4.",
				Validators:          []validator.Int64{rangeOfRetries.validator()},
			},
			"inventory": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Path of a file that lists the stations, for direct mode: what Timago's button *Datenexport* writes, or any CSV with a column for the names. " +
					"`timago_stations`, rooms, addresses and MAC addresses come from it. A cell that is not understood is taken for empty, and a warning names its place. Environment: `TIMAGO_INVENTORY`. Default: none.",
				Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"report": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Path of a page that shows an apply while it brings counts up, and afterwards what it did: `kms-report.html`, relative to the root module. " +
					"Beside it stand `kms-report.txt`, a line for each step, and `kms-report.json`. No user is named there. Environment: `TIMAGO_REPORT`. Default: none.",
				Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"winrm": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "How Windows machines are asked: with which account, and over what.",
				Attributes:          winrmAttributes(),
				Validators:          []validator.Object{tfvalidate.SomethingSet()},
			},
			"kms": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "The site's KMS host, and where its counts are read.",
				Validators:          []validator.Object{tfvalidate.SomethingSet()},
				Attributes: map[string]schema.Attribute{
					"host": schema.StringAttribute{
						Optional: true,
						MarkdownDescription: "Name or address of the KMS host, with `:port` if its WinRM port is not the stations'. " +
							"It is the default of every pool that names none. Environment: `TIMAGO_KMS_HOST`. Default: the host that the stations say they use, to which the account is then shown.",
						Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
					},
					"count_source": schema.StringAttribute{
						Optional: true,
						MarkdownDescription: "Where counts are read. `host` reads the KMS host. `stations` reads what stations were told by the KMS host, which is then not asked at all. " +
							"`auto` reads the host, and the stations if it refuses the account. Environment: `TIMAGO_KMS_COUNT_SOURCE`. Default: `auto`.",
						Validators: []validator.String{stringvalidator.OneOf(countSources...)},
					},
					"max_age": schema.StringAttribute{
						Optional:   true,
						CustomType: tfduration.Type{},
						MarkdownDescription: "How old a count that a station was told may be, such as `168h`. An older one no longer stands for the KMS host's count. " +
							"Environment: `TIMAGO_KMS_MAX_AGE`. Default: `168h`.",
					},
					"winrm": schema.SingleNestedAttribute{
						Optional:            true,
						MarkdownDescription: "How the KMS host is asked if it needs another account than the stations. Nothing is taken over from the other `winrm`, and of the `TIMAGO_` variables only `TIMAGO_KMS_WINRM_PASSWORD` is read.",
						Attributes:          hostAttributes(),
						Validators:          []validator.Object{tfvalidate.SomethingSet()},
					},
				},
			},
		},
	}
}

// hostAttributes are the same keys, described without the environment that they do not read.
func hostAttributes() map[string]schema.Attribute { return withoutEnvironment(winrmAttributes()) }

func withoutEnvironment(attributes map[string]schema.Attribute) map[string]schema.Attribute {
	for name, attribute := range attributes {
		description := environmentNote.ReplaceAllString(attribute.GetMarkdownDescription(), "")
		switch a := attribute.(type) {
		case schema.StringAttribute:
			a.MarkdownDescription = description
			attributes[name] = a
		case schema.BoolAttribute:
			a.MarkdownDescription = description
			attributes[name] = a
		case schema.Int64Attribute:
			a.MarkdownDescription = description
			attributes[name] = a
		case schema.SingleNestedAttribute:
			a.Attributes = withoutEnvironment(a.Attributes)
			attributes[name] = a
		}
	}
	return attributes
}

var environmentNote = regexp.MustCompile(` Environment: ` + "`TIMAGO_[A-Z_]+`" + `\.`)

func winrmAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"username": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Account with administrator rights on the machines that are asked, as `DOMAIN\\user`, `user@domain` or a local `user`. " +
				"Environment: `TIMAGO_WINRM_USERNAME`. Default: none; with a Kerberos credential cache its owner.",
			Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"password": schema.StringAttribute{
			Optional:   true,
			Sensitive:  true,
			Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			MarkdownDescription: "The account's password, best from an ephemeral variable. Environment: `TIMAGO_WINRM_PASSWORD`. " +
				"The provider writes it to no state and no log, but a saved plan holds the values of all variables that are not ephemeral. `kerberos` can do without. Default: none.",
		},
		"auth": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Authentication: `ntlm` or `kerberos`, which both seal what they send without TLS, or `basic`. Nothing weaker is ever used, whatever a machine offers. " +
				"Environment: `TIMAGO_WINRM_AUTH`. Default: `ntlm`.",
			Validators: []validator.String{stringvalidator.OneOf(authMethods...)},
		},
		"kerberos": kerberosAttribute(),
		"use_tls": schema.BoolAttribute{
			Optional:            true,
			MarkdownDescription: "Whether machines are asked over HTTPS. Environment: `TIMAGO_WINRM_USE_TLS`. Default: `false`; over HTTP NTLM and Kerberos seal every message.",
		},
		"port": schema.Int64Attribute{
			Optional:            true,
			MarkdownDescription: "WinRM port of the machines, " + rangeOfPorts.String() + ". Environment: `TIMAGO_WINRM_PORT`. Default: 5985, with `use_tls` 5986.",
			Validators:          []validator.Int64{rangeOfPorts.validator()},
		},
		"domain_suffix": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "DNS suffix appended to names without a dot, such as `schule.example`. Environment: `TIMAGO_WINRM_DOMAIN_SUFFIX`. Default: none.",
		},
		"ca_certificate": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "PEM certificates that sign the machines' certificates. Environment: `TIMAGO_WINRM_CA_CERTIFICATE`. Default: the system's.",
		},
		"tls_server_name": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "The name that every machine's certificate must carry, for machines that share one certificate. Default: the name that is asked.",
		},
		"certificate_fingerprints": schema.ListAttribute{
			Optional:            true,
			ElementType:         types.StringType,
			MarkdownDescription: "SHA-256 fingerprints (hexadecimal, colons allowed) of the only certificates to accept. Default: any that verifies.",
			Validators: []validator.List{
				tfvalidate.NotEmpty("Name at least one certificate, or leave it out."),
				tfvalidate.NoNullElements(),
				listvalidator.ValueStringsAre(fingerprint{}),
			},
		},
		"insecure_skip_verify": schema.BoolAttribute{
			Optional:            true,
			MarkdownDescription: "Whether any certificate is accepted. The logon then goes to whoever answers, and the answers are believed. Default: `false`.",
		},
		"allow_unencrypted": schema.BoolAttribute{
			Optional:            true,
			MarkdownDescription: "Whether `basic` may go without TLS. Password and answers then cross the network in the clear. Default: `false`.",
		},
		"timeout": schema.StringAttribute{
			Optional:            true,
			CustomType:          tfduration.Type{},
			MarkdownDescription: "How long one request may take, such as `30s`. Connecting may take a tenth of it, and at least 3 seconds. Reading licences may take a minute in any case. Environment: `TIMAGO_WINRM_TIMEOUT`. Default: `30s`.",
		},
		"max_parallel": schema.Int64Attribute{
			Optional:            true,
			MarkdownDescription: "The most connections in use at once over all machines, " + rangeOfParallel.String() + "; at most 30 more are kept for a moment. Environment: `TIMAGO_WINRM_MAX_PARALLEL`. Default: 32.",
			Validators:          []validator.Int64{rangeOfParallel.validator()},
		},
	}
}
