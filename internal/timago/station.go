package timago

import (
	"cmp"
	"strings"
	"time"
	"unsafe"

	"github.com/timago/terraform-provider-timago/internal/foreign"
	"github.com/timago/terraform-provider-timago/internal/timago/contract"
)

// Station is a computer as Timago sees it. Times are on the server's clock. Its lists
// are shared between callers and not to be changed.
type Station struct {
	ID            string // client id, a GUID in lower case
	Name          string // Bezeichnung
	MAC           string // "02:00:5E:10:01:01"; "" where the card is mobile
	Address       string // host or IP, with a port where it is not the default; "" unknown
	Location      string // Standort; "" none
	ComputerGroup string // Rechnergruppe; "" none

	Online              bool
	LastStart           time.Time // zero before the first
	LastOperatingSystem string
	LoggedOnUser        string // now; "" nobody
	Pending             *PendingCommand

	StorageUpToDate *bool // nil unknown
	ClientVersion   string
	ImageServer     string

	OperatingSystems []OperatingSystem
	ETag             string // of its settings, for If-Match
}

// OperatingSystem is one of a station's systems and its image.
type OperatingSystem struct {
	Name               string
	KMSActivation      bool  // the option as it is set
	ImageKMSActivation *bool // the option that the image was made with; nil without image
	ImageGeneration    int64 // how often the image was made; 0 none
}

// Effective reports whether the image on the station was made with the option as it is
// set now.
func (o OperatingSystem) Effective() bool {
	return o.ImageKMSActivation != nil && *o.ImageKMSActivation == o.KMSActivation
}

// PendingCommand is what a station is about to do.
type PendingCommand struct {
	ID      string
	Command CommandName
	State   CommandState
}

// OperatingSystem finds one by name, without case. With "" it is the only one, else the
// last started. Where that names none the error is a *NoOperatingSystem.
func (s Station) OperatingSystem(name string) (OperatingSystem, error) {
	if name == "" && len(s.OperatingSystems) == 1 {
		return s.OperatingSystems[0], nil
	}
	var has []string
	for _, system := range s.OperatingSystems {
		if strings.EqualFold(system.Name, cmp.Or(name, s.LastOperatingSystem)) {
			return system, nil
		}
		has = append(has, system.Name)
	}
	return OperatingSystem{}, &NoOperatingSystem{Station: s.Name, Name: name, Last: s.LastOperatingSystem, Has: has}
}

func stationOf(s contract.Station) Station {
	station := Station{
		ID: foreign.Line(s.ID), Name: foreign.Line(s.Name), MAC: foreign.Line(value(s.MAC)), Address: foreign.Line(value(s.Address)),
		Location: foreign.Line(s.Location), ComputerGroup: foreign.Line(s.ComputerGroup),
		Online: s.Online, LastStart: value(s.LastStart),
		LastOperatingSystem: foreign.Line(value(s.LastOperatingSystem)), LoggedOnUser: foreign.Line(value(s.LoggedOnUser)),
		StorageUpToDate: s.StorageUpToDate, ClientVersion: foreign.Line(value(s.ClientVersion)), ImageServer: foreign.Line(value(s.ImageServer)),
		ETag: s.ETag,
	}
	if p := s.PendingCommand; p != nil {
		station.Pending = &PendingCommand{ID: p.ID, Command: CommandName(p.Command), State: p.State}
	}
	station.OperatingSystems = make([]OperatingSystem, 0, len(s.OperatingSystems))
	for _, o := range s.OperatingSystems {
		station.OperatingSystems = append(station.OperatingSystems, OperatingSystem{
			Name: foreign.Line(o.Name), KMSActivation: o.KMSActivation, ImageKMSActivation: o.ImageKMSActivation, ImageGeneration: o.ImageGeneration,
		})
	}
	return station
}

// texts are those that many stations have in common, each kept once.
type texts map[string]string

// share lets a station hold what others hold already, and says how many bytes it adds.
func (t texts) share(s *Station) (added int) {
	added = int(unsafe.Sizeof(*s)) + len(s.ID) + len(s.Name) + len(s.MAC) + len(s.Address) + len(s.LoggedOnUser) + len(s.ETag)
	common := []*string{&s.Location, &s.ComputerGroup, &s.LastOperatingSystem, &s.ClientVersion, &s.ImageServer}
	for i := range s.OperatingSystems {
		added += int(unsafe.Sizeof(s.OperatingSystems[i]))
		common = append(common, &s.OperatingSystems[i].Name)
	}
	if p := s.Pending; p != nil {
		added += int(unsafe.Sizeof(*p)) + len(p.ID) + len(p.Command) + len(p.State)
	}
	for _, text := range common {
		held, known := t[*text]
		if !known {
			held = *text
			t[held] = held
			added += len(held)
		}
		*text = held
	}
	return added
}

// value is what an optional field holds, else its zero value.
func value[T any](field *T) T {
	var zero T
	if field == nil {
		return zero
	}
	return *field
}
