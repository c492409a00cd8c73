package world

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator/catalogue"
	"github.com/timago/terraform-provider-timago/internal/simulator/timeline"
)

// Site describes a school's site at the start. The tags are those of scenario files.
type Site struct {
	Seed     uint64    `yaml:"seed"`
	Host     Host      `yaml:"kms_host"`
	Stations []Station `yaml:"stations"`
	Traffic  []Traffic `yaml:"traffic"`
	Faults   []Fault   `yaml:"faults"`
}

// Host describes the KMS host.
type Host struct {
	Name    string        `yaml:"name"`     // default kms01
	Address string        `yaml:"address"`  // as clients name it; default the name
	Port    int           `yaml:"port"`     // of its key management service; default 1688, over the wire one that is free
	Keys    []Key         `yaml:"keys"`     // default: windows
	Skew    time.Duration `yaml:"skew"`     // its clock ahead of true time
	Uptime  time.Duration `yaml:"uptime"`   // default 9 days
	Denied  bool          `yaml:"denied"`   // the account may log on but read nothing
	LogSize int           `yaml:"log_size"` // records 12290 kept; default 20000
	Forgets bool          `yaml:"forgets"`  // a start empties its count, not its log: nothing older than its uptime is counted
}

// Key is a KMS host key installed on the host.
type Key struct {
	Key          string    `yaml:"key"` // windows, office-2021, office-2024
	NotActivated bool      `yaml:"not_activated"`
	NoData       bool      `yaml:"no_data"` // Windows reports no numbers for it
	Counted      []Counted `yaml:"counted"`
}

// Counted are other clients that asked before the start.
type Counted struct {
	Number   int           `yaml:"number"`
	Age      time.Duration `yaml:"age"`      // of the youngest
	Over     time.Duration `yaml:"over"`     // the oldest is older by this; in between they are even
	Unlogged bool          `yaml:"unlogged"` // the host's log no longer shows them

	Threshold int `yaml:"threshold"` // default the product's: Windows Server has 5
}

// Station describes one station, or with Number several whose name holds %d.
type Station struct {
	Name     string           `yaml:"name"`
	Number   int              `yaml:"number"`
	Room     string           `yaml:"room"`
	Group    string           `yaml:"group"`
	MAC      string           `yaml:"mac"`
	User     string           `yaml:"user"`     // logged on at the console, DOMAIN\name
	Sessions int              `yaml:"sessions"` // desktops of others
	Off      bool             `yaml:"off"`
	Uptime   time.Duration    `yaml:"uptime"`   // default 20 minutes
	Skew     time.Duration    `yaml:"skew"`     // its clock ahead of true time
	System   string           `yaml:"system"`   // the operating system that ran last; default "Windows 11"
	Image    Image            `yaml:"image"`    // … and its image
	Others   []System         `yaml:"others"`   // operating systems that can be started instead
	Products []Product        `yaml:"products"` // default: Windows by KMS
	Counted  bool             `yaml:"counted"`  // has asked since its start, and the host counted it
	Licensed bool             `yaml:"licensed"` // counted, and its KMS products are licensed
	Timing   *timeline.Timing `yaml:"timing"`   // default timeline.DefaultTiming

	Aliases    []string `yaml:"aliases"`       // more names of the same machine
	Computer   string   `yaml:"computer"`      // what Windows calls itself, as a clone does; default the name
	Unresolved bool     `yaml:"unresolved"`    // its name leads to no address; its aliases do
	Explorers  int      `yaml:"explorers"`     // explorer.exe in each session with a desktop; default 1
	Cards      int      `yaml:"virtual_cards"` // virtual network cards, listed before the real one; at most 3
	OtherHost  string   `yaml:"other_host"`    // a KMS host elsewhere, which it asks instead

	Earlier []time.Duration `yaml:"earlier"` // ago: its products asked under ids that it has no more
}

// Image is what a station starts from.
type Image struct {
	WithoutKMS bool   `yaml:"without_kms"` // made with the option "KMS-Aktivierung" off: a start changes nothing
	Option     *bool  `yaml:"option"`      // the option as set now; default as the image was made
	KeepsCMID  bool   `yaml:"keeps_cmid"`  // every start shows the same client machine id
	CMID       string `yaml:"cmid"`        // the one it was captured with, shared by all its stations
	OneCMID    bool   `yaml:"one_cmid"`    // Windows and Office ask under the same client machine id
}

// System is one more operating system of a station, which starts one at a time. They
// share the products and the client machine id: only their images are told apart.
type System struct {
	Name       string `yaml:"name"`
	WithoutKMS bool   `yaml:"without_kms"` // its image was made with the option off
	Option     *bool  `yaml:"option"`      // the option as set now; default as the image was made
	NoImage    bool   `yaml:"no_image"`    // there is none on the station yet
}

// Product is one installed product.
type Product struct {
	Title      string          `yaml:"title"`      // windows-11-education, office-2021, …
	By         catalogue.Means `yaml:"by"`         // default kms
	Channel    string          `yaml:"channel"`    // ProductKeyChannel, with by other; default "Volume:NEXT"
	Asks       *time.Duration  `yaml:"asks"`       // after a start; default the timing's for Windows, never by itself for Office
	Silent     bool            `yaml:"silent"`     // never asks by itself
	Unlicensed bool            `yaml:"unlicensed"` // none of kms and active-directory: not activated
}

// Traffic are other machines of the site that ask the host.
type Traffic struct {
	Key       string        `yaml:"key"`       // default windows
	Every     time.Duration `yaml:"every"`     // mean between two requests
	From      time.Duration `yaml:"from"`      // after the start
	Until     time.Duration `yaml:"until"`     // after the start; 0: without end
	Threshold int           `yaml:"threshold"` // default the product's: Windows Server has 5
	Same      int           `yaml:"same"`      // so many machines take turns; 0: each request is a new machine's
}

func (s Station) system() string {
	if server(s.Products) {
		return cmp.Or(s.System, "Windows Server 2022")
	}
	return cmp.Or(s.System, "Windows 11")
}

func (h Host) name() string {
	if h.Name == "" {
		return "kms01"
	}
	return h.Name
}

func (h Host) keys() []Key {
	if len(h.Keys) == 0 {
		return []Key{{Key: "windows"}}
	}
	return h.Keys
}

func (t Traffic) key() string {
	if t.Key == "" {
		return "windows"
	}
	return t.Key
}

// Rows describes n stations alike, for tests: name holds a verb for the number.
func Rows(n int, like Station) []Station {
	stations := make([]Station, n)
	for i := range n {
		stations[i] = like
		stations[i].Name = fmt.Sprintf(like.Name, i+1)
		stations[i].Number = 0
		stations[i].MAC = ""
	}
	return stations
}

// server reports whether the products are those of Windows Server.
func server(products []Product) bool {
	return slices.ContainsFunc(products, func(p Product) bool { return catalogue.Titles[p.Title].Enough != 0 })
}
