package provider

import (
	"context"
	"errors"
	"os"

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

// errorOf says what diagnostics say, for those who are not in Terraform.
func errorOf(diags diag.Diagnostics) error {
	var all []error
	for _, d := range diags.Errors() {
		all = append(all, errors.New(d.Summary()+". "+d.Detail()))
	}
	return errors.Join(all...)
}
