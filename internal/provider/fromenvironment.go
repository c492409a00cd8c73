package provider

import (
	"context"
	"errors"
	"os"
	"regexp"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/timago/terraform-provider-timago/internal/site"
)

// FromEnvironment is the site that an empty provider block would describe, with the KMS host
// that is given. version is shown to the machines.
func FromEnvironment(ctx context.Context, kmsHost, version string) (site.Config, error) {
	without := func(name string) string {
		if name == "TIMAGO_KMS_HOST" && kmsHost != "" {
			return ""
		}
		return os.Getenv(name)
	}
	var block model
	if diags := block.validate(ctx, without); diags.HasError() {
		return site.Config{}, errorOf(diags)
	}
	config, diags := block.site(ctx, without)
	if diags.HasError() {
		return site.Config{}, errorOf(diags)
	}
	if kmsHost != "" {
		config.KMSHost = kmsHost
	}
	if config.WinRM != nil {
		config.WinRM.UserAgent = userAgent(version, "")
	}
	if config.Timago != nil {
		config.Timago.UserAgent = userAgent(version, "")
	}
	return config, nil
}

// inBlock is a place for a value that has a variable as well.
var inBlock = regexp.MustCompile(`\S+ in the provider block or the`)

// ofVariables says of the environment what errors say of a configuration. Clear text is not to
// be had here: no variable allows it.
var ofVariables = strings.NewReplacer(
	" Only where clear text is truly meant, set allow_unencrypted = true.", "",
	"use_tls = true", "TIMAGO_WINRM_USE_TLS=true", "leave auth out", "unset TIMAGO_WINRM_AUTH", "leave it out", "unset the variable",
	"winrm.auth: ", "TIMAGO_WINRM_AUTH: ", "winrm.kerberos: ", "TIMAGO_WINRM_KEYTAB and TIMAGO_WINRM_CREDENTIAL_CACHE: ",
	"winrm.ca_certificate: ", "TIMAGO_WINRM_CA_CERTIFICATE: ", "ca_certificate: ", "TIMAGO_CA_CERTIFICATE: ", "report: ", "TIMAGO_REPORT: ",
	"winrm.username: ", "TIMAGO_WINRM_USERNAME: ", "winrm.password: ", "TIMAGO_WINRM_PASSWORD: ", "token: ", "TIMAGO_TOKEN: ",
	"endpoint is set", "TIMAGO_ENDPOINT is set", "Write trimspace(file(\"…\")), or store", "Store",
)

// errorOf says what diagnostics say, for those who have no configuration.
func errorOf(diags diag.Diagnostics) error {
	var all []error
	for _, d := range diags.Errors() {
		all = append(all, errors.New(d.Summary()+". "+ofVariables.Replace(inBlock.ReplaceAllString(d.Detail(), "the"))))
	}
	return errors.Join(all...)
}
