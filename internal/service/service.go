// Package service holds what the provider hands to each of its services.
package service

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/timago/terraform-provider-timago/internal/cycle"
	"github.com/timago/terraform-provider-timago/internal/report"
	"github.com/timago/terraform-provider-timago/internal/site"
)

// Data is what a configured provider hands to resources, data sources, list resources and
// actions.
type Data struct {
	Site *site.Site
	// Reads shares what is read of stations and KMS hosts.
	Reads *Reads
	// Engine runs the cycles of one provider: two pools on one KMS host then know of each
	// other's restarts under way.
	Engine *cycle.Engine
	// Claims keeps instances apart that are about one station.
	Claims *Claims
	// Names finds pools of one name.
	Names *Names
	// Report shows an apply's cycles; nil where none is wanted.
	Report *report.Report
}

// From reads what Configure was handed. Nothing was handed where Terraform asks before the
// provider is configured, or where the provider's configuration is not known yet: every
// field is then nil.
func From(handed any) (Data, diag.Diagnostics) {
	switch handed := handed.(type) {
	case nil:
		return Data{}, nil
	case Data:
		return handed, nil
	}
	return Data{}, diag.Diagnostics{diag.NewErrorDiagnostic("Unable to configure a part of the provider",
		fmt.Sprintf("It expects service.Data and was handed %T. This is a mistake in the provider: please report it.", handed))}
}
