package timago

import (
	"context"
	"net/http"

	"github.com/timago/terraform-provider-timago/internal/timago/contract"
)

// SetKMSActivation sets the option "KMS-Aktivierung" of one of a station's operating
// systems ("" as in Station.OperatingSystem) and gives the station as it then is. Where
// the option is as wanted nothing is sent. When somebody else changes the station
// meanwhile it is read anew and tried once more. The image is not touched.
func (c *Client) SetKMSActivation(ctx context.Context, stationID, operatingSystem string, on bool) (Station, error) {
	defer c.reads.forget(stationID)
	for attempts, refused := 0, error(nil); ; attempts++ {
		station, err := c.FreshStation(ctx, stationID)
		if err != nil {
			return Station{}, err
		}
		system, err := station.OperatingSystem(operatingSystem)
		if err != nil {
			return station, err
		}
		// Also after a refusal: the first answer may have been lost on its way, and
		// what was repeated met its own change.
		if system.KMSActivation == on {
			return station, nil
		}
		if attempts == 2 {
			return station, refused
		}
		set, err := ask[contract.Station](ctx, c, request{
			method: http.MethodPatch, path: []string{"stations", station.ID, "operating-systems", system.Name},
			etag: station.ETag, body: contract.OperatingSystemSettings{KMSActivation: on},
		})
		if err == nil {
			return stationOf(set), nil
		}
		if !conflict(err) {
			return station, err
		}
		refused = err
	}
}
