//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// What is measured of a pool, in this order.
const (
	whatPlan   = "plan"
	whatApply  = "apply"
	whatSteady = "steady"
	// whatDistrict is a check of many schools.
	whatDistrict = "district"
	whatFloor    = "floor"
	// whatRestarts is an apply that restarts every station once.
	whatRestarts = "restarts"
)

// measurement is one line.
type measurement struct {
	what     string
	stations int
	wall     time.Duration
	usage
	counts
}

func (m measurement) String() string {
	per := func(n int) float64 { return float64(n) / float64(m.stations) }
	return fmt.Sprintf("scale %s n=%d wall=%.1fs cpu=%.2fs cpu+cli=%.2fs rss=%dMB files=%d requests/station=%.2f handshakes/station=%.2f host=%d restarts=%d",
		m.what, m.stations, m.wall.Seconds(), m.CPU.Seconds(), m.WithCLI.Seconds(), m.RSS>>20, m.Files, per(m.Requests), per(m.Handshakes), m.Host, m.Restarts)
}

// measure makes all measurements, each beside its floor.
func measure(ctx context.Context) error {
	s, err := settingsOf(os.Args[1:])
	if err != nil {
		return err
	}
	table := &table{}
	for _, n := range s.sizes {
		if err := s.beside(ctx, table, n); err != nil {
			return err
		}
	}
	for _, n := range s.restarts {
		restarts, err := s.restart(ctx, n, n)
		if err != nil {
			return err
		}
		table.restarts(restarts)
	}
	if s.peers {
		if err := s.peer(ctx, table); err != nil {
			return err
		}
	}
	if err := s.report(ctx); err != nil {
		return err
	}
	if s.schools > 0 {
		district, err := s.district(ctx)
		if err != nil {
			return err
		}
		fmt.Println(district)
	}
	return errors.Join(table.held(), table.compare(s.records, s.write))
}

// beside measures a pool of n stations beside the floor, and beside an earlier provider.
func (s settings) beside(ctx context.Context, table *table, n int) error {
	floor, err := measureFloor(ctx, n)
	if err != nil {
		return err
	}
	table.floor(floor)
	var before []measurement
	if s.before != "" {
		if before, err = s.pool(ctx, s.before, n); err != nil {
			return fmt.Errorf("the earlier provider: %w", err)
		}
	}
	now, err := s.pool(ctx, s.provider, n)
	if err != nil {
		return err
	}
	table.add(floor, before, now)
	return nil
}

// pool measures one pool of n stations, from nothing to a steady plan.
func (s settings) pool(ctx context.Context, provider string, n int) ([]measurement, error) {
	site, err := openSite(ctx, 1, n, s.kind())
	if err != nil {
		return nil, err
	}
	defer site.close()
	w, err := s.workspace(site.schools[0], provider, "")
	if err != nil {
		return nil, err
	}
	defer w.remove()
	var all []measurement
	for _, step := range []struct {
		what string
		args []string
		exit int
	}{
		{whatPlan, []string{"plan", "-detailed-exitcode"}, 2}, // the pool is new
		{whatApply, []string{"apply", "-auto-approve"}, 0},
		{whatSteady, []string{"plan", "-detailed-exitcode"}, 0},
	} {
		m, err := measured(ctx, site, step.what, n, func() (usage, error) { return w.run(ctx, step.exit, step.args...) })
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

// measured counts what a site is asked while something runs.
func measured(ctx context.Context, site *site, what string, n int, run func() (usage, error)) (measurement, error) {
	before, err := site.counts()
	if err != nil {
		return measurement{}, err
	}
	start := time.Now()
	taken, err := run()
	if err != nil {
		return measurement{}, fmt.Errorf("%s of %d: %w", what, n, errors.Join(err, ctx.Err()))
	}
	m := measurement{what: what, stations: n, wall: time.Since(start), usage: taken}
	after, err := site.counts()
	m.counts = after.since(before)
	return m, err
}

// site is a process that simulates schools.
type site struct {
	schools []school
	command *exec.Cmd
	input   io.WriteCloser
	answers *json.Decoder
}

func openSite(ctx context.Context, schools, stations int, kind string) (*site, error) {
	command, err := part(ctx, sitePart, stationsVariable+"="+strconv.Itoa(stations), schoolsVariable+"="+strconv.Itoa(schools),
		kindVariable+"="+kind)
	if err != nil {
		return nil, err
	}
	s := &site{command: command}
	if s.input, err = command.StdinPipe(); err != nil {
		return nil, err
	}
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.answers = json.NewDecoder(bufio.NewReader(output))
	if err := command.Start(); err != nil {
		return nil, err
	}
	if err := s.answers.Decode(&s.schools); err != nil {
		s.close()
		return nil, fmt.Errorf("the site did not start: %w", err)
	}
	return s, nil
}

func (s *site) counts() (counts, error) {
	var now counts
	if _, err := io.WriteString(s.input, "\n"); err != nil {
		return now, err
	}
	return now, s.answers.Decode(&now)
}

func (s *site) close() {
	_ = s.input.Close()
	_ = s.command.Wait() // what it did has been told
}

// part prepares a process of this program.
func part(ctx context.Context, name string, env ...string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, self) //nolint:gosec // this program
	command.Env = append(append(os.Environ(), partVariable+"="+name), env...)
	command.Stderr = os.Stderr
	return command, nil
}

// measureFloor runs the bare loop against its echo.
func measureFloor(ctx context.Context, n int) (measurement, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	echo, err := part(ctx, echoPart)
	if err != nil {
		return measurement{}, err
	}
	output, err := echo.StdoutPipe()
	if err != nil {
		return measurement{}, err
	}
	if err := echo.Start(); err != nil {
		return measurement{}, err
	}
	defer func() { cancel(); _ = echo.Wait() }()
	address, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		return measurement{}, fmt.Errorf("the echo did not start: %w", err)
	}
	loop, err := part(ctx, floorPart, stationsVariable+"="+strconv.Itoa(n), echoVariable+"="+strings.TrimSpace(address))
	if err != nil {
		return measurement{}, err
	}
	start := time.Now()
	if err := loop.Run(); err != nil {
		return measurement{}, fmt.Errorf("the floor: %w", err)
	}
	m := measurement{what: whatFloor, stations: n, wall: time.Since(start), usage: usageOf(loop.ProcessState)}
	m.WithCLI = m.CPU
	m.Requests, m.Handshakes, m.Files = floorRequests*n, n, floorParallel
	return m, nil
}
