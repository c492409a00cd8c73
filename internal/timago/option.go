package timago

import (
	"context"
	"fmt"
	"net/http"

	"github.com/timago/terraform-provider-timago/internal/foreign"
	"github.com/timago/terraform-provider-timago/internal/timago/contract"
)

// SetKMSActivation sets the option "KMS-Aktivierung" of one of a station's operating
// systems ("" as in Station.OperatingSystem) and gives the station as it then is. The
// station is as it was last seen; where the option is as wanted on it nothing is sent.
// When somebody else changes the station meanwhile it is read anew and tried once more.
// The image is not touched.
func (c *Client) SetKMSActivation(ctx context.Context, station Station, operatingSystem string, on bool) (Station, error) {
	for attempts := 1; ; attempts++ {
		system, err := station.OperatingSystem(operatingSystem)
		if err != nil || system.KMSActivation == on {
			return station, err
		}
		set, refused := c.patch(ctx, station, system.Name, on)
		if refused == nil && optionIs(set, system.Name, on) {
			return set, nil
		}
		if refused != nil && !conflict(refused) && !answered(refused, http.StatusNotFound, contract.ProblemCodeOperatingSystemNotFound) &&
			!answered(refused, http.StatusNotFound, contract.ProblemCodeNotFound) {
			return station, refused
		}
		// The first answer may have been lost on its way, and what was repeated met its own
		// change; or the answer is about something else than the station now is.
		now, err := c.getStation(ctx, station.ID)
		switch {
		case err != nil:
			return station, err
		case optionIs(now, system.Name, on):
			return now, nil
		case refused == nil:
			return now, &NotSetError{Station: now.Name, OperatingSystem: system.Name, On: on}
		case !conflict(refused) || attempts == 2:
			if _, err := now.OperatingSystem(operatingSystem); err != nil {
				return now, err // it is gone meanwhile
			}
			return now, refused
		}
		station = now
	}
}

func (c *Client) patch(ctx context.Context, station Station, system string, on bool) (Station, error) {
	defer c.reads.forget(station.ID)
	r := request{
		method: http.MethodPatch, path: []string{"stations", station.ID, "operating-systems", system},
		etag: station.ETag, body: contract.OperatingSystemSettings{KMSActivation: on},
	}
	got, err := ask[contract.Station](ctx, c, r)
	if err == nil && got.ID != station.ID {
		err = &Malformed{
			Method: http.MethodPatch, Path: c.endpoint.Path + "/stations/" + station.ID + "/operating-systems/" + system, JSONPath: "$.id",
			Err: fmt.Errorf("is %q, which was not asked for", foreign.Text(got.ID)),
		}
	}
	return stationOf(got), err
}

func optionIs(station Station, system string, on bool) bool {
	found, err := station.OperatingSystem(system)
	return err == nil && found.KMSActivation == on
}
