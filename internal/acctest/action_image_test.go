package acctest_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

func (a *acting) images(want ...int) {
	a.t.Helper()
	var got []int
	for _, name := range a.World.Names() {
		got = append(got, a.Images(name))
	}
	if !slices.Equal(got, want) {
		a.t.Errorf("the stations were given %v images, want %v", got, want)
	}
}

func TestImagesAreMadeAnew(t *testing.T) {
	t.Parallel()
	a := actByTimago(t, 3, world.Station{})
	a.invoke(imageAction, inRoom)
	a.well()
	a.images(1, 1, 1)
	a.reports("^Resetting the image of 3 stations", "^R101-PC0[123]: reset_image: ", `^R101-PC0[123]: given a new image \(3 of 3\)$`, "^3 of 3 stations given a new image$")
	// What was wanted once may be wanted again.
	a.invoke(imageAction, acctest.Values{"stations": []string{"R101-PC02"}, "operating_system": "windows 11"})
	a.well()
	a.images(1, 2, 1)
}

func TestImagesThatAreNotMade(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		config   acctest.Values
		user     string
		fault    *world.Fault
		images   int // of the first station; the second gets one unless nothing is possible
		severity string
		says     string
	}{
		"in use":          {acctest.Values{"station_timeout": "20s"}, `SCHULE\erika`, nil, 0, "error", `- R101-PC01: it was still in use by SCHULE\erika at the end`},
		"skipped":         {acctest.Values{"when_in_use": "skip"}, `SCHULE\erika`, nil, 0, "warning", `- R101-PC01: it is in use by SCHULE\erika`},
		"forced":          {acctest.Values{"when_in_use": "force"}, `SCHULE\erika`, nil, 1, "", ""},
		"an ignored user": {acctest.Values{"ignore_users": []string{`schule\KIOSK`}}, `SCHULE\kiosk`, nil, 1, "", ""},
		"in the last moment": {
			acctest.Values{"when_in_use": "skip"}, "", &world.Fault{Name: world.UserBeforeRestart, On: []string{first}, Times: 1}, 0, "warning",
			"- R101-PC01: it is in use by somebody who has just logged on",
		},
		"a station that starts from its old image": {
			nil, "", &world.Fault{Name: world.ImageFails, On: []string{first}, Times: 1}, 0, "error",
			"- R101-PC01: Timago did not carry out reset_image on R101-PC01: failed (image_failed): it started from the old image",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := actByTimago(t, 2, world.Station{})
			if tt.user != "" {
				if err := a.World.LogOn(first, tt.user); err != nil {
					t.Fatal(err)
				}
			}
			if tt.fault != nil {
				a.Inject(*tt.fault)
			}
			a.invoke(imageAction, with(inRoom, tt.config))
			a.images(tt.images, 1)
			if tt.severity == "" {
				a.well()
				return
			}
			a.says(tt.severity, "Unable to reset the image of 1 of 2 stations", tt.says)
			if tt.fault != nil {
				a.Saw(tt.fault.Name)
			}
		})
	}
}

func TestImagesOfASystemThatThereIsNot(t *testing.T) {
	t.Parallel()
	a := actByTimago(t, 1, world.Station{})
	a.invoke(imageAction, acctest.Values{"location": "R101", "operating_system": "Windows 7"})
	a.says("error", "Unable to reset the image of station R101-PC01", "Windows 7", "Windows 11")
	if a.Commands() != 0 {
		t.Errorf("%d commands", a.Commands())
	}
}

func TestImagesNeedNotBeWaitedFor(t *testing.T) {
	t.Parallel()
	a := actByTimago(t, 1, world.Station{})
	a.Inject(world.Fault{Name: world.NeverComesBack})
	a.invoke(imageAction, acctest.Values{"location": "R101", "wait": false})
	a.well()
	a.reports("^1 of 1 station told to make a new image$")
	if a.Asked("POST /commands") != 1 {
		t.Errorf("%d commands", a.Asked("POST /commands"))
	}
}

func TestAnImageThatTakesTooLong(t *testing.T) {
	t.Parallel()
	a := actByTimago(t, 1, world.Station{})
	a.Inject(world.Fault{Name: world.NeverComesBack})
	a.invoke(imageAction, acctest.Values{"location": "R101", "station_timeout": "8s"})
	a.says("error", "Unable to reset the image of station R101-PC01",
		"reset_image was commanded, and it had not started within station_timeout: the station carries the command out", "raise station_timeout")
	a.Saw(world.NeverComesBack)
}

func TestTimagoThatIsAwayForAMoment(t *testing.T) {
	t.Parallel()
	site := acctest.NewAPISite(t, acctest.Room(1, world.Station{}), acctest.Speed)
	config := site.API()
	config["max_retries"] = 0
	a := &acting{Site: site, Protocol: acctest.NewProtocol(t, config), t: t}
	fault := world.Fault{Name: world.APIUnavailable, Of: "GET /commands/{id}", Times: 1}
	a.Inject(fault)
	a.invoke(imageAction, inRoom)
	a.well()
	a.images(1)
	a.Met(fault.Name, "GET /commands")
}

func TestTimagoWakesStations(t *testing.T) {
	t.Parallel()
	a := actByTimago(t, 3, world.Station{Off: true})
	if err := a.World.PowerOn(first); err != nil {
		t.Fatal(err)
	}
	a.Until("it has started", func() bool { return a.Happened(world.KindReady) == 1 })
	a.invoke(wakeAction, inRoom)
	a.well()
	a.reports("^R101-PC01: it is on already$")
	a.reports("^R101-PC02: wake: ", "^R101-PC02: up")
	a.reports("^3 of 3 stations up$")
	if woken, ready := a.Happened(world.KindWake), a.Happened(world.KindReady); woken != 2 || ready != 3 {
		t.Errorf("%d woken, %d started", woken, ready)
	}
}

// segment is the stations' network: it wakes the station that a magic packet names.
func segment(t *testing.T, site *acctest.Site) (broadcast string) {
	t.Helper()
	listener, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		packet := make([]byte, 200)
		for {
			n, _, err := listener.ReadFrom(packet)
			if err != nil {
				return
			}
			for _, name := range site.World.Names() {
				view, err := site.World.View(name)
				card, _ := net.ParseMAC(view.MAC)
				if err == nil && bytes.HasSuffix(packet[:n], bytes.Repeat(card, 16)) {
					_ = site.World.Wake(name)
				}
			}
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-ended
	})
	return listener.LocalAddr().String()
}

func TestStationsAreWokenOverTheNetwork(t *testing.T) {
	t.Parallel()
	site := acctest.NewSite(t, acctest.Classroom(3, world.Station{Off: true}, acctest.Counted(30)))
	list := "Bezeichnung;Standort;Adresse;MAC-Adresse\n"
	for i, address := range site.PlainAddresses() {
		name := fmt.Sprintf("PC%02d", i+1)
		view, err := site.World.View(name)
		if err != nil {
			t.Fatal(err)
		}
		if i == 2 {
			view.MAC = ""
		}
		list += fmt.Sprintf("%s;R101;%s;%s\n", name, address, view.MAC)
	}
	inventory := filepath.Join(t.TempDir(), "stationen.csv")
	if err := os.WriteFile(inventory, []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	config := site.Direct()
	config["inventory"] = inventory
	a := &acting{Site: site, Protocol: acctest.NewProtocol(t, config), t: t}
	if err := a.World.PowerOn("PC01"); err != nil {
		t.Fatal(err)
	}
	a.Until("it has started", func() bool { return a.Happened(world.KindReady) == 1 })
	a.invoke(wakeAction, acctest.Values{"location": "R101", "wake_broadcast": segment(t, site)})
	a.says("error", "Unable to wake 1 of 3 stations", "2 of 3 stations up, 1 failed.", "- PC03: the MAC address of its network card is not known", "inventory")
	a.reports("^PC01: it is on already$")
	a.reports("^PC02: Wake-on-LAN was sent$", `^PC02: answers after \d+s$`, "^PC02: up")
	if woken := a.Happened(world.KindWake); woken != 1 {
		t.Errorf("%d woken", woken)
	}
}

func TestAStationThatDoesNotWake(t *testing.T) {
	t.Parallel()
	site := acctest.NewSite(t, acctest.Classroom(1, world.Station{Off: true}, acctest.Counted(30)))
	inventory := filepath.Join(t.TempDir(), "stationen.csv")
	list := strings.Join([]string{"Bezeichnung;Adresse;MAC", "PC01;" + site.PlainAddresses()[0] + ";02:00:5E:00:00:77"}, "\n")
	if err := os.WriteFile(inventory, []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	config := site.Direct()
	config["inventory"] = inventory
	a := &acting{Site: site, Protocol: acctest.NewProtocol(t, config), t: t}
	arguments := acctest.Values{"stations": []string{"PC01"}, "wake_broadcast": segment(t, site), "station_timeout": "5s"}
	a.invoke(wakeAction, arguments)
	a.says("error", "Unable to wake station PC01", "it was woken, and it did not answer within station_timeout: no answer")
	arguments["wait"] = false
	a.invoke(wakeAction, arguments)
	a.well()
}
