package service_test

import (
	"context"
	"errors"
	"net"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/service"
	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/site"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// fixture is a simulated station with its KMS host, whose time stands still, and what is
// shared of them.
type fixture struct {
	*simulator.Simulator
	*service.Reads
	site    *site.Site
	station string
}

func open(t *testing.T) fixture {
	t.Helper()
	s, err := simulator.Start(simulator.Scenario{Site: world.Site{Stations: []world.Station{{Name: "PC01", Licensed: true}}}}, simulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	ready := s.Plain()
	asked, err := site.Open(site.Config{WinRM: &winrm.Config{Username: ready.WinRM.Username, Password: ready.WinRM.Password}, KMSHost: ready.KMSHost})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(asked.Close)
	return fixture{Simulator: s, Reads: service.NewReads(asked), site: asked, station: ready.Stations[0].Address}
}

// asked counts what a machine was asked while act ran.
func (f fixture) asked(machine string, act func()) int {
	before := f.State().Wire[machine].Operations
	act()
	return f.State().Wire[machine].Operations - before
}

// read reads the station as n pools do at once.
func (f fixture) read(t *testing.T, n int) {
	t.Helper()
	var group sync.WaitGroup
	for range n {
		group.Go(func() {
			if read, err := f.Station(t.Context(), f.station); err != nil || !read.LicensedByKMS(kms.Windows) {
				t.Errorf("%+v, %v", read, err)
			}
		})
	}
	group.Wait()
}

func TestPoolsShareWhatIsReadOfAStation(t *testing.T) {
	t.Parallel()
	f := open(t)
	once := f.asked("PC01", func() { f.read(t, 1) })
	if once == 0 {
		t.Fatal("nothing was asked")
	}
	if again := f.asked("PC01", func() { f.read(t, 10) }); again != 0 {
		t.Errorf("ten more reads asked %d times", again)
	}
	other := open(t)
	if atOnce := other.asked("PC01", func() { other.read(t, 10) }); atOnce != once {
		t.Errorf("ten reads at once asked %d times, one asks %d times", atOnce, once)
	}
}

// Pools may write the host as they like: it is read once. Another port is another machine.
func TestAHostIsReadOnceHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	f := open(t)
	host, port, _ := net.SplitHostPort(f.site.KMSHost())
	usual, _ := strconv.Atoi(port)
	ready := f.Plain()
	config := site.Config{WinRM: &winrm.Config{Username: ready.WinRM.Username, Password: ready.WinRM.Password, Port: usual}}
	asked, err := site.Open(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(asked.Close)
	reads := service.NewReads(asked)
	read := func(name string) func() {
		return func() {
			if _, err := reads.KMSHost(t.Context(), name); err != nil {
				t.Error(err)
			}
		}
	}
	if f.asked("kms01", read(host)) == 0 || f.asked("kms01", read(net.JoinHostPort(host, port))) != 0 {
		t.Error("the host was read once for each way to write it")
	}
	if _, err := reads.KMSHost(t.Context(), net.JoinHostPort(host, "1")); err == nil {
		t.Error("what was read at one port is the answer of another")
	}
}

func TestWhatAStationWasToldMakesEveryReadVoid(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.read(t, 1)
	if err := f.site.Restart(t.Context(), f.station, false); err != nil {
		t.Fatal(err)
	}
	goingDown := func() { _, _ = f.Station(t.Context(), f.station) } // an answer or none
	host := func() {
		if _, err := f.KMSHost(t.Context(), f.site.KMSHost()); err != nil {
			t.Error(err)
		}
	}
	if f.asked("PC01", goingDown) == 0 || f.asked("kms01", host) == 0 {
		t.Error("what was read before stands after a restart was commanded")
	}
	if asked := f.asked("kms01", host); asked != 0 {
		t.Errorf("the host was read anew: %d requests", asked)
	}
}

// A read that somebody else gave up is no answer to those who waited for it.
func TestAReadThatWasGivenUpIsMadeAnew(t *testing.T) {
	t.Parallel()
	f := open(t)
	if err := f.World.Inject(world.Fault{Name: world.HalfOpen, On: []string{"PC01"}}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	given := make(chan error)
	go func() {
		_, err := f.Station(ctx, f.station)
		given <- err
	}()
	for f.State().Wire["PC01"].Requests == 0 { // it has begun
		runtime.Gosched()
	}
	waited := make(chan struct{})
	go func() {
		defer close(waited)
		f.read(t, 1)
	}()
	f.World.Heal(world.HalfOpen)
	cancel()
	if err := <-given; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	<-waited
}

// That a station did not answer stands for a plan, which would wait for it anew in every
// pool, and not for what is about to be done: it may be up by now.
func TestThatAStationDidNotAnswerDoesNotKeepItOut(t *testing.T) {
	t.Parallel()
	f := open(t)
	if err := f.World.Inject(world.Fault{Name: world.Unavailable, On: []string{"PC01"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Station(t.Context(), f.station); !errors.Is(err, kms.ErrUnreachable) {
		t.Fatalf("the fault is not seen: %v", err)
	}
	f.World.Heal(world.Unavailable)
	if _, err := f.Station(t.Context(), f.station); !errors.Is(err, kms.ErrUnreachable) {
		t.Errorf("a plan asks it again: %v", err)
	}
	if _, err := f.StationUp(t.Context(), f.station); err != nil {
		t.Error(err)
	}
	if again := f.asked("PC01", func() { _, _ = f.StationUp(t.Context(), f.station) }); again != 0 {
		t.Errorf("what it has answered is asked again: %d requests", again)
	}
}
