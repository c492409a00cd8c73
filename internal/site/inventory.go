package site

import (
	"context"
	"slices"
	"strings"

	"github.com/timago/terraform-provider-timago/internal/inventory"
)

// listing takes the stations of an inventory over. Where it tells no address a station is
// asked under its name.
func listing(table inventory.Inventory) []Station {
	stations := make([]Station, len(table.Rows))
	for i, row := range table.Rows {
		stations[i] = Station{
			ID: row.ClientID, Name: row.Name, MAC: row.MAC, Address: row.Address,
			Location: row.Location, ComputerGroup: row.ComputerGroup,
			Online: row.Online != nil && *row.Online, LastStart: row.LastStart, LastOperatingSystem: row.LastOperatingSystem,
		}
	}
	return stations
}

// Inventory is the path of the file that stands for Timago's list of stations; "" where
// Timago itself is asked, or nothing is listed.
func (s *Site) Inventory() string {
	if s.timago != nil {
		return ""
	}
	return s.inventoryFile
}

// NoInventoryError: the file that is to list the stations is not there.
type NoInventoryError struct{ Err error }

func (e *NoInventoryError) Error() string { return e.Err.Error() }

func (e *NoInventoryError) Unwrap() error { return e.Err }

// Advice says where the file is looked for, and where it comes from.
func (e *NoInventoryError) Advice() string {
	return "A path without a folder is looked for in the folder in which Terraform runs: write \"${path.module}/stationen.csv\" for a file beside the configuration. " +
		"Timago writes the file by Stationen > Datenexport."
}

// Listed finds a station in the inventory: by its name, its client id, its address, or
// its name with the domain suffix.
func (s *Site) Listed(name string) (Station, bool) {
	i := slices.IndexFunc(s.inventory, func(station Station) bool {
		return name != "" && (strings.EqualFold(station.ID, name) || s.SameAddress(station.Name, name) || s.SameAddress(station.Address, name))
	})
	if i < 0 {
		return Station{}, false
	}
	return s.inventory[i], true
}

// Key is the same for every name of a station that this site can tell: two pools then know
// that they share it.
func (s *Site) Key(ctx context.Context, name string) string {
	address, err := s.address(ctx, name)
	if err != nil {
		address = name
	}
	return strings.ToLower(address)
}

// SameAddress tells whether two names are asked at the same address.
func (s *Site) SameAddress(one, other string) bool {
	return strings.EqualFold(s.complete(one), s.complete(other))
}
