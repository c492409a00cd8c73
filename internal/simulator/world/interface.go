package world

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator/catalogue"
)

// Timago is the machine name of Timago's server in logs.
const Timago = "timago"

// Faults of Timago's interface; an occasion is one request to it. On chooses requests
// that are about one of these stations.
const (
	APIUnauthorized   FaultName = "api-401"           // the token has ended
	APIForbidden      FaultName = "api-403"           // the token has lost the right
	APIProxyNotFound  FaultName = "api-404"           // of a proxy, which knows nothing of stations
	APIConflict       FaultName = "api-409"           // somebody is editing
	APIInvalidValue   FaultName = "api-422"           // the value is not possible
	APIRateLimited    FaultName = "api-429"           // come back after By of real time
	APIInternalError  FaultName = "api-500"           // not carried out
	APIBadGateway     FaultName = "api-502"           // of a proxy, not carried out
	APIUnavailable    FaultName = "api-503"           // come back after By of real time
	APIGatewayTimeout FaultName = "api-504"           // of a proxy, and carried out all the same
	APITimeout        FaultName = "api-timeout"       // neither carried out nor answered
	APIStaleETag      FaultName = "api-stale-etag"    // another setting of the station changes in the last moment
	APISlowBody       FaultName = "api-slow-body"     // carried out; the answer takes By of real time
	APICutBody        FaultName = "api-cut-body"      // carried out; half the answer comes
	APIGarbage        FaultName = "api-garbage"       // carried out; the answer is no JSON
	APIMissingField   FaultName = "api-missing-field" // carried out; the answer lacks a required field
	APILostAnswer     FaultName = "api-lost-answer"   // carried out; the connection breaks before the answer
)

// InterfaceFault is the first fault of Timago's interface that acts on a request, which
// is about stations (client ids). Of chooses by the words; possible says which faults
// the request can meet at all.
func (w *World) InterfaceFault(stations, words []string, possible func(FaultName) bool) (Fault, bool) {
	defer w.lockAndAdvance()()
	for _, f := range w.faults {
		named := func(id string) bool {
			s, known := w.byID[id]
			return known && f.on(w, s.Name)
		}
		switch {
		case occasions[f.Name] != atInterface || !possible(f.Name),
			f.Of != "" && !slices.ContainsFunc(words, func(word string) bool { return strings.EqualFold(word, f.Of) }),
			len(f.On) > 0 && !slices.ContainsFunc(stations, named):
		case f.acts(w, Timago):
			return f.Fault, true
		}
	}
	return Fault{}, false
}

// Grouping is a location or a computer group in Timago.
type Grouping struct {
	ID, Name string
	Stations int
}

type grouping struct {
	Grouping
	revision int
}

type groupings struct {
	prefix string
	all    []*grouping
}

// grouping finds the grouping of a name or makes it; "" stands for none.
func (g *groupings) grouping(name string) *grouping {
	for _, known := range g.all {
		if strings.EqualFold(known.Name, name) {
			return known
		}
	}
	made := &grouping{Grouping: Grouping{ID: fmt.Sprintf("%s-%d", g.prefix, len(g.all)+1), Name: name}}
	g.all = append(g.all, made)
	return made
}

// Listing is a station as Timago lists it, times true.
type Listing struct {
	Number     int    // place in the site, from 1; it never changes
	ID         string // client id
	Name       string
	MAC        string
	Location   string
	Group      string
	Revision   int // of its settings
	Online     bool
	LastStart  time.Time
	LastSystem string
	User       string // "" nobody
	Systems    []SystemListing
	Pending    *Progress // the order under way or next
}

// SystemListing is one of a station's operating systems, its image as it was at the
// station's last start: only then Timago learns of a new one.
type SystemListing struct {
	Name       string
	Option     bool // as it is set now
	MadeWith   bool // … as the image was made with
	Generation int  // of the image; 0: there is none
}

// Listings are all stations that Timago knows, in the site's order.
func (w *World) Listings() []Listing {
	defer w.lockAndAdvance()()
	all := make([]Listing, 0, len(w.stations))
	for i, s := range w.stations {
		if s.deleted == 0 {
			all = append(all, s.listing(i+1))
		}
	}
	return all
}

// Listing is one station by its client id; false when Timago does not know it.
func (w *World) Listing(id string) (Listing, bool) {
	defer w.lockAndAdvance()()
	s, known := w.byID[id]
	if !known || s.deleted > 0 {
		return Listing{}, false
	}
	return s.listing(slices.Index(w.stations, s) + 1), true
}

func (s *station) listing(number int) Listing {
	l := Listing{
		Number: number, ID: s.id, Name: s.Name, MAC: s.MAC, Location: s.location.Name, Group: s.group.Name,
		Revision: s.revision + s.location.revision, Online: s.phase == phaseReady || s.phase == phaseNotice,
		LastStart: s.lastStart, LastSystem: s.running.name, User: s.user,
	}
	if l.User == "" && s.sessions > 0 {
		l.User = "unknown" // a desktop of somebody whom the model gives no name
	}
	for _, made := range s.systems {
		shown := made.reported
		shown.Option = made.option
		l.Systems = append(l.Systems, shown)
	}
	if len(s.orders) > 0 {
		p := cmp.Or(s.turn(), s.orders[0]).progress()
		l.Pending = &p
	}
	return l
}

// Groupings are the locations and the computer groups that have or had stations.
func (w *World) Groupings() (locations, groups []Grouping) {
	defer w.lockAndAdvance()()
	count := func(g groupings, of func(*station) *grouping) []Grouping {
		var all []Grouping
		for _, one := range g.all {
			if one.Name == "" {
				continue
			}
			counted := one.Grouping
			for _, s := range w.stations {
				if s.deleted == 0 && of(s) == one {
					counted.Stations++
				}
			}
			all = append(all, counted)
		}
		return all
	}
	return count(w.locations, func(s *station) *grouping { return s.location }),
		count(w.groups, func(s *station) *grouping { return s.group })
}

// SetSystemOption ticks or clears "KMS-Aktivierung" of one of a station's operating
// systems (by client id), if the station's settings are still at the revision. It tells
// whether they were.
func (w *World) SetSystemOption(id, name string, on bool, revision int) bool {
	defer w.lockAndAdvance()()
	s, known := w.byID[id]
	if !known || s.revision+s.location.revision != revision {
		return false
	}
	s.set(s.system(name), on)
	return true
}

// Edit changes a setting of the station (by client id) that matters to nobody else.
func (w *World) Edit(id string) {
	defer w.lockAndAdvance()()
	if s, known := w.byID[id]; known {
		s.revision++
	}
}

// system finds one by name; "" is the one that runs or ran last.
func (s *station) system(name string) *system {
	if name == "" {
		return s.running
	}
	for _, known := range s.systems {
		if strings.EqualFold(known.name, name) {
			return known
		}
	}
	return nil
}

func (s *station) set(of *system, on bool) {
	if of != nil && of.option != on {
		of.option = on
		s.revision++
		s.note(KindOption, "%s: %t", of.name, on)
	}
}

func (s *station) delete(begins bool) {
	s.deleted += step(begins)
	s.revision++
	s.note(KindDeleted, "%t", s.deleted > 0)
}

// rename gives the station's room another name; nil where it is another room.
func (f *fault) rename(s *station) func(begins bool) {
	was, renamed := f.rooms[s.location]
	if !renamed && f.Of != "" && !strings.EqualFold(f.Of, s.location.Name) {
		return nil
	}
	return func(begins bool) {
		to := was
		if begins && !renamed {
			f.rooms[s.location] = s.location.Name
			to = cmp.Or(f.To, s.location.Name+" neu")
		} else if begins {
			to = s.location.Name
		}
		if to != s.location.Name {
			s.note(KindRoom, "%s is now %s", s.location.Name, to)
			s.location.Name = to
			s.location.revision++
		}
	}
}

// Shown is a product as Timago's status page counts it.
type Shown struct {
	Product   kms.Product
	Name      string
	Activated int // stations that are on whose KMS host activated it
	Refused   int // … that asked in vain since their start
}

// KMS is the KMS host that the images are set to, and the products that are to be
// activated by it.
func (w *World) KMS() (address string, port int, products []Shown) {
	defer w.lockAndAdvance()()
	for _, s := range w.stations {
		for _, p := range s.products {
			if p.means != catalogue.ByKMS || s.deleted > 0 {
				continue
			}
			i := slices.IndexFunc(products, func(known Shown) bool { return known.Name == p.Name })
			if i < 0 {
				i = len(products)
				products = append(products, Shown{Product: p.Product, Name: p.Name})
			}
			switch {
			case !s.phase.on() || p.reason == codeFirstGrace: // not asked, or not since
			case p.status == kms.Licensed:
				products[i].Activated++
			default:
				products[i].Refused++
			}
		}
	}
	return w.host.Address, w.host.Port, products
}
