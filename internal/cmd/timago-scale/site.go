//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/timeline"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

const (
	sitePart = "site"
	// stationsVariable and schoolsVariable say how large the sites are.
	stationsVariable = "TIMAGO_SCALE_STATIONS"
	schoolsVariable  = "TIMAGO_SCALE_SCHOOLS"
	// kindVariable says what they are to show.
	kindVariable = "TIMAGO_SCALE_KIND"
	// password is of a simulated account.
	password = "only-for-simulated-stations" //nolint:gosec // of no account but theirs
	// room is where all stations of a school stand.
	room = "R101"
	// speed is how much faster time runs at the sites, but for those that show restarts.
	speed = 60
)

// school is one site that is ready.
type school struct {
	Host     string   `json:"host"`
	User     string   `json:"user"`
	Port     int      `json:"port"`
	Stations []string `json:"stations"` // their names
	Address  []string `json:"address"`  // the same, without port
}

// counts are what stations, or hosts, were asked.
type counts struct {
	Requests   int `json:"requests"`   // after the handshake
	All        int `json:"all"`        // HTTP requests, with those of the handshakes
	Handshakes int `json:"handshakes"` // connections on which the account was accepted
	Restarts   int `json:"restarts"`
	Host       int `json:"host"` // requests to KMS hosts
}

func (c counts) since(earlier counts) counts {
	return counts{
		Requests: c.Requests - earlier.Requests, All: c.All - earlier.All, Handshakes: c.Handshakes - earlier.Handshakes,
		Restarts: c.Restarts - earlier.Restarts, Host: c.Host - earlier.Host,
	}
}

// serveSite simulates schools until its input ends. It writes one line when they are ready,
// and one with counts for each line that it reads.
func serveSite(ctx context.Context, input io.Reader, output io.Writer) error {
	raiseFiles()
	stations, err := strconv.Atoi(os.Getenv(stationsVariable))
	if err != nil {
		return err
	}
	schools, err := strconv.Atoi(os.Getenv(schoolsVariable))
	if err != nil {
		return err
	}
	var sites []*simulator.Simulator
	defer func() {
		for _, site := range sites {
			site.Close()
		}
	}()
	var ready []school
	for range schools {
		kind := os.Getenv(kindVariable)
		pace := float64(speed)
		if kind == restarting {
			pace = 1
		}
		site, err := simulator.Start(scenario(stations, kind), simulator.Options{Speed: pace}) //nolint:contextcheck // it runs until Close
		if err != nil {
			return err
		}
		sites = append(sites, site)
		ready = append(ready, schoolOf(site))
	}
	answers := json.NewEncoder(output)
	if err := answers.Encode(ready); err != nil {
		return err
	}
	questions := bufio.NewScanner(input)
	for ctx.Err() == nil && questions.Scan() {
		var sum counts
		for _, site := range sites {
			sum.add(site)
		}
		if err := answers.Encode(sum); err != nil {
			return err
		}
	}
	return questions.Err()
}

// Kinds of sites.
const (
	unlicensed = ""
	licensed   = "licensed"
	restarting = "restarting"
)

// scenario is a school whose stations hold Windows and Office. One that shows restarts has
// Windows alone, licences that are good for months, and a KMS host that has forgotten all.
func scenario(stations int, kind string) simulator.Scenario {
	timing := timeline.DefaultTiming()
	if kind == restarting {
		timing = timeline.Timing{Shutdown: time.Second, Boot: 8 * time.Second, Ask: 500 * time.Millisecond, Netlogon: 500 * time.Millisecond, Spread: 0.1, Jitter: 0.05}
		return simulator.Scenario{
			WinRM: simulator.WinRM{Password: password},
			Site: world.Site{
				Seed:     14,
				Host:     world.Host{Forgets: true, Uptime: time.Hour},
				Stations: world.Rows(stations, world.Station{Name: "PC%05d", Room: room, Timing: &timing, Licensed: true, Uptime: 3 * time.Hour}),
			},
		}
	}
	return simulator.Scenario{
		WinRM: simulator.WinRM{Password: password},
		Site: world.Site{
			Seed: 14,
			Host: world.Host{Keys: []world.Key{{Key: "windows"}, {Key: "office-2024"}}, LogSize: 50_000},
			Stations: world.Rows(stations, world.Station{
				Name: "PC%05d", Room: room, Timing: &timing, Licensed: kind == licensed,
				Products: []world.Product{{Title: "windows-11-education"}, {Title: "office-2024"}},
			}),
		},
	}
}

func schoolOf(site *simulator.Simulator) school {
	ready := site.Plain()
	s := school{Host: ready.KMSHost, User: ready.WinRM.Username, Port: ready.WinRM.Port}
	for _, station := range ready.Stations {
		address, _, _ := strings.Cut(station.Address, ":")
		s.Stations, s.Address = append(s.Stations, station.Name), append(s.Address, address)
	}
	return s
}

func (c *counts) add(site *simulator.Simulator) {
	state := site.State()
	host := state.Host.Name
	for machine, wire := range state.Wire {
		if machine == host {
			c.Host += wire.Operations
			continue
		}
		c.Requests += wire.Operations
		c.All += wire.Requests
		c.Handshakes += wire.Logons
	}
	for _, station := range state.Stations {
		c.Restarts += station.Restarts
	}
}

// raiseFiles lets a site have a port for each of ten thousand stations, and a connection to
// each, where the machine allows it.
func raiseFiles() {
	const wanted = 65536
	limit := syscall.Rlimit{Cur: wanted, Max: wanted}
	if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit) == nil {
		return
	}
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil {
		limit.Cur = limit.Max
		_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit) // as many as there may be
	}
}

// inventory is the list of a school's stations.
func (s school) inventory() string {
	var text strings.Builder
	text.WriteString("Bezeichnung;Standort;Adresse\n")
	for i, name := range s.Stations {
		fmt.Fprintf(&text, "%s;%s;%s\n", name, room, s.Address[i])
	}
	return text.String()
}
