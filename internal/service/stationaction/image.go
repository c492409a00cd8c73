package stationaction

import (
	"context"
	"maps"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/timago/terraform-provider-timago/internal/site"
)

func resetImage() definition {
	attributes := map[string]schema.Attribute{
		"wait": waitAttribute("Wait until each station has started from its new image."),
		"operating_system": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Operating system whose image is made anew. Default: the station's only one, else the one that it started last.",
			Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
		},
	}
	maps.Copy(attributes, useAttributes())
	return definition{
		name: "reset_image", verb: "reset the image of", doing: "Resetting the image of", done: "given a new image", commanded: "told to make a new image",
		about: "Has Timago make the images of stations anew, many side by side, but of none that somebody uses. The new image has the option *KMS-Aktivierung* as it is set, " +
			"and what was kept on the station is lost. It works in API mode only: in direct mode images are reset in Timago's own window. " +
			"`timago_station_kms` sets the option, and resets an image only if that is needed.",
		attributes: attributes, stationTimeout: time.Hour, // a room of them loads from the same server
		possible: func(s *site.Site, _ order) error {
			if s.HasTimago() {
				return nil
			}
			return errByHand
		},
		carryOut: func(ctx context.Context, s *site.Site, o order, station string, say say) error {
			return o.give(ctx, s, station, site.Order{Command: site.OrderResetImage, OperatingSystem: o.system}, say)
		},
	}
}

// byHand: only a person can do it.
type byHand struct{}

func (byHand) Error() string { return "images are made by Timago, and no endpoint is configured" }

func (byHand) Advice() string {
	return "Reset the images in Timago's own window. Where an HTTP interface stands in front of the Timago server, set endpoint in the provider block."
}

var errByHand error = byHand{}
