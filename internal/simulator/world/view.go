package world

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator/catalogue"
	"github.com/timago/terraform-provider-timago/internal/simulator/eventlog"
)

// View is what Windows on one machine can tell of itself, times on its own clock.
// Reading it is no exchange with the machine: whether anybody gets through is said by
// Contact.
type View struct {
	Name     string
	IsHost   bool // the KMS host
	Denied   bool // to the account, though it may log on
	Starting bool // services are not there yet
	Server   bool // it runs Windows Server
	Boot     time.Time
	Now      time.Time
	User     string // at the console
	Desktops int
	// Explorers are the sessions in which an explorer.exe runs, one for each.
	Explorers []uint32
	MAC       string
	Virtual   int // network cards that are none, listed before the real one
	Group     string
	CMID      kms.CMID
	KMSHost   string // which the machine asks
	KMSPort   int    // of that host, on the host its own
	Products  []ProductView
}

// ProductView is one product with a key.
type ProductView struct {
	ID, ApplicationID string
	Name, Description string
	Channel           string
	Status            kms.LicenceStatus
	Reason            kms.Code
	Remaining         time.Duration
	ActiveDirectory   bool // activated by it
	Key               *KeyView
}

// KeyView is what a KMS host key adds.
type KeyView struct {
	NoData           bool
	Count, Threshold int
	Total, Failed    int
	ByStatus         [kms.ExtendedGrace + 1]int
}

// View looks at a machine.
func (w *World) View(machine string) (View, error) {
	defer w.lockAndAdvance()()
	if strings.EqualFold(machine, w.host.Name) {
		return w.host.view(), nil
	}
	s, err := w.station(machine)
	if err != nil {
		return View{}, err
	}
	v := View{
		Name: cmp.Or(s.Computer, s.Name), Starting: s.phase == phaseServices, Boot: s.clock(s.boot), Now: s.clock(w.now), User: s.user,
		Desktops: s.desktops(), MAC: s.MAC, Virtual: s.Cards, Group: s.Group, CMID: s.cmid, KMSHost: s.asksHost(), KMSPort: w.host.Port,
		Server: server(s.Products),
	}
	for session := range s.desktops() {
		v.Explorers = append(v.Explorers, slices.Repeat([]uint32{uint32(session + 1)}, s.Explorers)...)
	}
	for _, p := range s.products {
		v.Products = append(v.Products, ProductView{
			ID: p.ID, ApplicationID: p.Application, Name: p.Name, Description: p.description(), Channel: p.channel(),
			Status: p.status, Reason: p.reason, Remaining: p.remaining(), ActiveDirectory: p.means == catalogue.ByActiveDirectory,
		})
	}
	return v, nil
}

func (h *host) view() View {
	v := View{
		Name: h.Name, IsHost: true, Server: true, Denied: h.Denied, Boot: h.clock(h.boot), Now: h.clock(h.world.now), KMSPort: h.Port,
		MAC: "02:00:5E:FF:FF:01", CMID: h.world.chance.CMID(h.Name, "windows", 0),
	}
	for _, k := range h.keys {
		read := k.read()
		description := "Windows(R) Operating System, VOLUME_KMS_WS22 channel"
		if k.Product == kms.Office {
			description = k.Name + ", VOLUME_KMS channel"
		}
		v.Products = append(v.Products, ProductView{
			ID: k.ID, ApplicationID: k.Application, Name: k.Name, Description: description, Channel: "Volume:CSVLK",
			Status: read.Status, Reason: read.Reason,
			Key: &KeyView{
				NoData: k.NoData, Count: k.clients.Count(), Threshold: k.threshold(), Total: k.total, Failed: k.failed, ByStatus: k.byStatus,
			},
		})
	}
	return v
}

// Events are the records of licensing in the machine's event log, the oldest first.
func (w *World) Events(machine string) ([]eventlog.Record, error) {
	defer w.lockAndAdvance()()
	if strings.EqualFold(machine, w.host.Name) {
		return append([]eventlog.Record(nil), w.host.log.All()...), nil
	}
	s, err := w.station(machine)
	if err != nil {
		return nil, err
	}
	return append([]eventlog.Record(nil), s.log.All()...), nil
}
