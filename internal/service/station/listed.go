package station

import (
	"context"
	"errors"

	"github.com/timago/terraform-provider-timago/internal/service"
	"github.com/timago/terraform-provider-timago/internal/site"
	"github.com/timago/terraform-provider-timago/internal/tflist"
)

type listedModel struct {
	ID                  *string       `tfsdk:"id"`
	Name                string        `tfsdk:"name"`
	Location            *string       `tfsdk:"location"`
	ComputerGroup       *string       `tfsdk:"computer_group"`
	MAC                 *string       `tfsdk:"mac"`
	Address             *string       `tfsdk:"address"`
	Online              bool          `tfsdk:"online"`
	LastStart           *string       `tfsdk:"last_start"`
	LastOperatingSystem *string       `tfsdk:"last_operating_system"`
	LoggedOnUser        *string       `tfsdk:"logged_on_user"`
	OperatingSystems    []systemModel `tfsdk:"operating_systems"`
}

type systemModel struct {
	Name          string `tfsdk:"name"`
	KMSActivation bool   `tfsdk:"kms_activation"`
	Effective     bool   `tfsdk:"effective"`
}

// show puts stations into the state past the framework, since there may be thousands.
func show(ctx context.Context, stations []site.Station) error {
	return errors.Join(
		tflist.Set(ctx, "names", len(stations), func(i int) string { return stations[i].Name }),
		tflist.Set(ctx, "stations", len(stations), func(i int) listedModel { return listed(stations[i]) }),
	)
}

func listed(s site.Station) listedModel {
	m := listedModel{
		ID: text(s.ID), Name: s.Name, Location: text(s.Location), ComputerGroup: text(s.ComputerGroup), MAC: text(s.MAC), Address: text(s.Address),
		Online: s.Online, LastOperatingSystem: text(s.LastOperatingSystem), LoggedOnUser: text(s.LoggedOnUser),
		OperatingSystems: make([]systemModel, 0, len(s.OperatingSystems)),
	}
	if !s.LastStart.IsZero() {
		m.LastStart = service.Moment(s.LastStart).ValueStringPointer()
	}
	for _, system := range s.OperatingSystems {
		m.OperatingSystems = append(m.OperatingSystems, systemModel{Name: system.Name, KMSActivation: system.KMSActivation, Effective: system.Effective()})
	}
	return m
}
