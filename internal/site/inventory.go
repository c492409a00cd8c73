package site

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/timago/terraform-provider-timago/internal/inventory"
	"github.com/timago/terraform-provider-timago/internal/timago"
)

// list takes the stations of an inventory over. Where it tells no address a station is
// asked under its name.
func (s *Site) list(file string, table inventory.Inventory) {
	s.inventoryFile, s.inventory, s.lines = file, make([]Station, len(table.Rows)), map[string][]int{}
	s.oddities, s.places = table.Odd, map[string]int{}
	for i, row := range table.Rows {
		key := strings.ToLower(s.complete(row.Name))
		s.lines[key] = append(s.lines[key], row.Line)
		s.inventory[i] = Station{
			ID: row.ClientID, Name: row.Name, MAC: row.MAC, Address: row.Address,
			Location: row.Location, ComputerGroup: row.ComputerGroup,
			Online: row.Online != nil && *row.Online, LastStart: row.LastStart, LastOperatingSystem: row.LastOperatingSystem,
		}
		for _, name := range []string{row.ClientID, s.complete(row.Name), s.complete(row.Address)} {
			name = strings.ToLower(name)
			if _, taken := s.places[name]; !taken && name != "" {
				s.places[name] = i
			}
		}
	}
}

// Inventory is the path of the file that stands for Timago's list of stations; "" where
// Timago itself is asked, or nothing is listed.
func (s *Site) Inventory() string {
	if s.timago != nil {
		return ""
	}
	return s.inventoryFile
}

// Oddities is what was not understood of the inventory; nil where all was.
func (s *Site) Oddities() *inventory.OddError { return s.oddities }

// NoInventoryError: the file that is to list the stations is not there.
type NoInventoryError struct{ Err error }

func (e *NoInventoryError) Error() string { return e.Err.Error() }

func (e *NoInventoryError) Unwrap() error { return e.Err }

// Advice says where the file is looked for, and where it comes from.
func (e *NoInventoryError) Advice() string {
	return "A path without a folder is looked for in the folder in which Terraform runs: write \"${path.module}/stationen.csv\" for a file beside the configuration. " +
		"Timago writes the file by Stationen > Datenexport."
}

// RepeatedError: several rows of the inventory bear the name of the station that is meant.
// Windows knows only one, which would be taken for two members and restarted as both.
type RepeatedError struct {
	Inventory string // path of the file
	Name      string
	Lines     []int // where they begin
}

func (e *RepeatedError) Error() string {
	lines := make([]string, len(e.Lines))
	for i, line := range e.Lines {
		lines[i] = strconv.Itoa(line)
	}
	return fmt.Sprintf("%s names %s more than once, in lines %s", e.Inventory, e.Name, strings.Join(lines, " and "))
}

// Advice says what to do next.
func (e *RepeatedError) Advice() string {
	return "Mend the file there, or export it anew in Timago: Stationen > Datenexport."
}

// Listed finds a station in the inventory: by its name, its client id, its address, or
// its name with the domain suffix. It fails with ErrNotFound, or a *RepeatedError.
func (s *Site) Listed(name string) (Station, error) {
	first, found := len(s.inventory), false
	for _, written := range []string{name, s.complete(name)} { // a client id is never completed
		if i, listed := s.places[strings.ToLower(written)]; listed && name != "" {
			first, found = min(first, i), true
		}
	}
	if !found {
		return Station{}, ErrNotFound
	}
	return s.inventory[first], s.once(s.inventory[first].Name)
}

// once refuses a name that several rows of the inventory bear.
func (s *Site) once(name string) error {
	if lines := s.lines[strings.ToLower(s.complete(name))]; len(lines) > 1 {
		return &RepeatedError{Inventory: s.inventoryFile, Name: name, Lines: lines}
	}
	return nil
}

// names are those of stations from a list, each of which must mean one station: a
// *RepeatedError, or a *timago.Ambiguous, where it does not.
func (s *Site) names(stations []Station) ([]string, error) {
	names, ids := make([]string, len(stations)), map[string][]string{}
	for i, station := range stations {
		names[i] = station.Name
		key := strings.ToLower(station.Name)
		ids[key] = append(ids[key], station.ID)
	}
	for _, name := range names {
		if s.timago == nil {
			if err := s.once(name); err != nil {
				return nil, err
			}
		} else if same := ids[strings.ToLower(name)]; len(same) > 1 {
			return nil, &timago.Ambiguous{Name: name, IDs: same}
		}
	}
	return names, nil
}

// Key is the same for every name of a station that this site can tell, with and without the
// port that is asked anyway: two pools then know that they share it.
func (s *Site) Key(ctx context.Context, name string) string {
	address, err := s.address(ctx, name)
	if err != nil {
		address = name
	}
	return withoutPort(address, s.port)
}

// withoutPort is an address in one writing: without its port where that is the usual one.
func withoutPort(address, usual string) string {
	if strings.HasSuffix(address, ":"+usual) {
		if host, _, err := net.SplitHostPort(address); err == nil {
			address = host
		}
	}
	return strings.ToLower(address)
}

// Identity is the same for every name of one station that this site can tell: its client id,
// else its Key. Stations that are said to have one address, as a list that has aged may say,
// stay two.
func (s *Site) Identity(ctx context.Context, name string) string {
	if station, err := s.Find(ctx, name); err == nil && station.ID != "" {
		return strings.ToLower(station.ID)
	}
	return s.Key(ctx, name)
}

// SameAddress reports whether two names are asked at the same address.
func (s *Site) SameAddress(one, other string) bool {
	return strings.EqualFold(s.complete(one), s.complete(other))
}

// ListedStations are the stations of the inventory; none in API mode.
func (s *Site) ListedStations() []Station { return s.inventory }
