package world

import (
	"cmp"
	"fmt"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator/catalogue"
	"github.com/timago/terraform-provider-timago/internal/simulator/eventlog"
	"github.com/timago/terraform-provider-timago/internal/simulator/timeline"
)

// phase is where a station stands between off and ready.
type phase uint8

const (
	phaseOff      phase = iota
	phaseStarting       // no answer yet
	phaseNetlogon       // WinRM answers, and refuses every account
	phaseServices       // WinRM answers, licensing does not
	phaseReady
	phaseNotice  // a restart was announced; everything still answers
	phaseClosing // services stop
)

var phaseNames = [...]string{"off", "starting", "netlogon", "services", "ready", "notice", "closing"}

func (p phase) String() string { return phaseNames[p] }

// on reports whether Windows runs, so that somebody can work there.
func (p phase) on() bool { return p >= phaseNetlogon }

type station struct {
	Station  // as described
	world    *World
	timing   timeline.Timing
	slower   float64 // its own means, as a part of the usual
	phase    phase
	timer    *timeline.Timer // ends the phase
	refusing int             // faults that make it refuse connections
	open     bool            // WinRM listens
	boot     time.Time       // when its kernel started, true time
	user     string
	sessions int
	cmid     kms.CMID // of Windows
	office   kms.CMID // of Office
	products []*product
	log      eventlog.Log

	systems  []*system
	running  *system // or the one that ran last
	next     *system // that the next start is to start; nil: the same
	starts   int
	restarts int
	again    bool  // what it last went down for was a restart
	foreign  bool  // … and it was somebody else's
	before   phase // … and what it goes back to where that is taken back
	lost     int   // sessions lost to forced restarts
	counters map[Kind]int

	// What Timago knows of it.
	id        string // client id
	location  *grouping
	group     *grouping
	revision  int       // of its settings
	deleted   int       // times it was deleted, less those it was entered again
	lastStart time.Time // as its client reported
	orders    []*order  // under way and to come
	given     int       // orders so far
}

// system is one of a station's operating systems.
type system struct {
	name       string
	option     bool // "KMS-Aktivierung" as set
	madeWith   bool // … as the image was made with
	generation int  // of the image; 0: there is none
	reported   SystemListing
}

// report is what the station's client tells Timago when it has started.
func (s *system) report() {
	s.reported = SystemListing{Name: s.name, MadeWith: s.madeWith, Generation: s.generation}
}

func newStation(w *World, described Station, index int) *station {
	s := &station{
		Station: described, world: w, timing: timeline.DefaultTiming(),
		user: described.User, sessions: described.Sessions,
		log: eventlog.Log{Size: 2000}, counters: map[Kind]int{},
	}
	if described.Timing != nil {
		s.timing = *described.Timing
	}
	s.install(System{Name: described.system(), WithoutKMS: described.Image.WithoutKMS, Option: described.Image.Option})
	for _, other := range described.Others {
		s.install(other)
	}
	s.running = s.systems[0]
	if s.MAC == "" {
		s.MAC = fmt.Sprintf("02:00:5E:%02X:%02X:%02X", index>>16&0xff, index>>8&0xff, index&0xff)
	}
	if s.Uptime == 0 {
		s.Uptime = 20 * time.Minute
	}
	s.slower = 1 + s.timing.Spread*(2*w.chance.Draw(s.Name, "speed", 0).Float64()-1)
	s.boot = w.now.Add(-s.Uptime)
	s.lastStart = s.boot
	s.id = string(w.chance.CMID(s.Name, "client id", 0))
	s.location, s.group = w.locations.grouping(described.Room), w.groups.grouping(described.Group)
	s.cmid, s.office = w.chance.CMID(s.Name, "windows", 0), w.chance.CMID(s.Name, "office", 0)
	if fixed := kms.ParseCMID(described.Image.CMID); fixed != "" {
		s.cmid = fixed
	}
	s.Explorers = max(1, s.Explorers)
	installed := described.Products
	if len(installed) == 0 {
		installed = []Product{{Title: "windows-11-education"}}
	}
	for _, p := range installed {
		s.products = append(s.products, newProduct(s, p))
	}
	if !s.Off {
		s.phase, s.open = phaseReady, true
	}
	return s
}

func (s *station) install(described System) {
	made := &system{name: described.Name, option: !described.WithoutKMS, madeWith: !described.WithoutKMS, generation: 1}
	if described.NoImage {
		made.generation, made.madeWith = 0, false
	}
	if described.Option != nil {
		made.option = *described.Option
	}
	made.report()
	s.systems = append(s.systems, made)
}

// enter changes the phase, and with it whether WinRM listens.
func (s *station) enter(p phase) {
	s.phase = p
	s.listen()
}

func (s *station) listen() {
	open := s.phase > phaseStarting && s.refusing == 0
	switch {
	case open && !s.open:
		s.note(KindOpens, "%s", s.phase)
	case !open && s.open:
		s.note(KindCloses, "%s", s.phase)
	}
	s.open = open
}

// length draws how long a part of the station's nth start takes.
func (s *station) length(part string, mean time.Duration, n int) time.Duration {
	own := time.Duration(float64(mean) * s.slower)
	return timeline.Around(s.world.chance.Draw(s.Name, part, n), own, s.timing.Jitter)
}

// note counts what happened at the station and tells the observer.
func (s *station) note(kind Kind, format string, args ...any) {
	s.counters[kind]++
	s.world.counters[kind]++
	if observe := s.world.observe; observe != nil {
		observe(Entry{Time: s.world.now, Machine: s.Name, Kind: kind, Detail: fmt.Sprintf(format, args...)})
	}
}

// after lets the phase end later; another change of phase takes its place.
func (s *station) after(d time.Duration, do func()) {
	s.world.timers.Stop(s.timer)
	s.timer = s.world.timers.Set(s.world.now.Add(d), do)
}

// goDown switches off after the notice or, with again, starts anew; with made, from a
// new image.
func (s *station) goDown(notice time.Duration, again, made bool) {
	s.again, s.before = again, phaseReady
	if s.phase == phaseServices && !s.due() {
		s.before = phaseServices
	}
	s.enter(phaseNotice)
	s.after(notice, func() {
		s.enter(phaseClosing)
		s.after(s.length("shutdown", s.timing.Shutdown, s.starts+1), func() {
			s.down("shut down")
			switch {
			case !again:
			case made:
				s.after(s.timing.Image, s.startNewImage)
			default:
				s.powerOn()
			}
		})
	})
}

func (s *station) startNewImage() {
	made := cmp.Or(s.next, s.running)
	if _, hit := s.world.hit(ImageFails, s.Name); !hit {
		made.generation++
		made.madeWith = made.option
		s.note(KindImage, "%s, generation %d, KMS option %t", made.name, made.generation, made.madeWith)
	}
	s.powerOn()
}

// down is what every way to be off has in common.
func (s *station) down(why string) {
	s.world.timers.Stop(s.timer)
	s.timer, s.foreign = nil, false
	s.enter(phaseOff)
	s.user, s.sessions = "", 0
	for _, p := range s.products {
		s.world.timers.Stop(p.ask)
	}
	s.note(KindOff, "%s", why)
	s.wentDown()
}

func (s *station) powerOff(why string) {
	if s.powered() {
		s.down(why)
	}
}

// powered reports whether there is something to be lost with the mains: also while a new
// image is made, when Windows is off.
func (s *station) powered() bool { return s.phase != phaseOff || s.due() }

// due reports whether its phase will end by itself.
func (s *station) due() bool { return s.timer.IsPending() }

// powerOn starts Windows from the image.
func (s *station) powerOn() {
	if s.phase != phaseOff {
		return
	}
	w := s.world
	s.starts++
	if s.next != nil && s.next.generation > 0 {
		s.running = s.next
	}
	s.next = nil
	s.enter(phaseStarting)
	s.note(KindStart, "start %d", s.starts)
	if _, hit := w.hit(NeverComesBack, s.Name); hit {
		w.timers.Stop(s.timer)
		return
	}
	boot := s.length("boot", s.timing.Boot, s.starts)
	if f, hit := w.hit(SlowBoot, s.Name); hit {
		boot += f.By
	}
	silent := boot - s.timing.Netlogon - s.timing.Services
	s.boot = w.now.Add(silent / 4) // firmware and boot menu come before the kernel
	s.fromImage()
	s.after(silent, func() {
		s.enter(phaseNetlogon)
		s.within(NetlogonHangs, s.timing.Netlogon, func() {
			s.enter(phaseServices)
			s.within(NoServices, s.timing.Services, s.ready)
		})
	})
}

// within lets a part of the boot end after its time, longer by a fault's By, or never.
func (s *station) within(hangs FaultName, usual time.Duration, next func()) {
	f, hit := s.world.hit(hangs, s.Name)
	if hit && f.By == 0 {
		s.world.timers.Stop(s.timer)
		return
	}
	s.after(usual+f.By, next)
}

// fromImage is what a start changes: from an image made with the KMS option
// everything is as after the first start, with a new client machine id unless the
// image keeps it; otherwise nothing.
func (s *station) fromImage() {
	if !s.running.madeWith {
		return
	}
	_, same := s.world.hit(SameCMID, s.Name)
	if !same && !s.Image.KeepsCMID && s.Image.CMID == "" {
		s.cmid = s.world.chance.CMID(s.Name, "windows", s.starts)
		s.office = s.world.chance.CMID(s.Name, "office", s.starts)
	}
	for _, p := range s.products {
		p.reset()
	}
}

func (s *station) ready() {
	s.enter(phaseReady)
	s.timer = nil
	s.note(KindReady, "client machine id %s", s.cmid)
	for _, p := range s.products {
		p.started()
	}
	s.cameUp()
	if f, hit := s.world.hit(UserAfterStart, s.Name); hit {
		s.logOn(f.user())
	}
}

func (s *station) logOn(user string) {
	if s.phase.on() {
		s.user = user
		s.note(KindLogOn, "%s", user)
	}
}

func (s *station) logOff() {
	if s.user != "" || s.sessions > 0 {
		s.note(KindLogOff, "%s", s.user)
		s.user, s.sessions = "", 0
	}
}

// clock is what the station's own clock shows at a moment.
func (s *station) clock(t time.Time) time.Time { return t.Add(s.Skew) }

// earlier is what the station asked under ids that later starts have replaced.
func (s *station) earlier() []past {
	var all []past
	for i, age := range s.Earlier {
		windows, office := s.world.chance.CMID(s.Name, "windows earlier", i), s.world.chance.CMID(s.Name, "office earlier", i)
		for _, p := range s.products {
			asked := request{
				key: p.HostKey, threshold: p.Wants(), client: s.Name, cmid: windows, clock: s.clock(s.world.now.Add(-age)),
				status: kms.OOBGrace, remaining: graceLasts, id: p.ID,
			}
			if p.Product == kms.Office && !s.Image.OneCMID {
				asked.cmid = office
			}
			if p.means == catalogue.ByKMS {
				all = append(all, past{at: s.world.now.Add(-age), do: func() { s.world.host.answer(asked) }})
			}
		}
	}
	return all
}

// past is what the station did before the start: it asked, and was counted or not.
func (s *station) past() []past {
	all := s.earlier()
	if s.Off {
		return all
	}
	for _, p := range s.products {
		if p.silent && !s.Counted && !s.Licensed || p.means != catalogue.ByKMS {
			continue
		}
		at := s.boot.Add(min(s.Uptime/2, s.timing.Boot+s.length("ask", p.delay(), 0)))
		all = append(all, past{at: at, do: func() { p.before(s.Counted || s.Licensed) }})
	}
	return all
}
