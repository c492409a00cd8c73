package world

import (
	"errors"
	"fmt"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator/catalogue"
)

// The methods here are for callers that need no network: each is one exchange with a
// machine, with what a client of the network would learn, in the words of kms.

// Words of requests, by which a fault's Of chooses among the exchanges below.
const (
	aboutProbe     = "probe"
	aboutPresence  = "presence"
	aboutLicensing = "licensing"
	aboutRequests  = "requests"
	aboutHost      = "host"
	aboutCounted   = "counted"
)

// reach finds a station and meets it, for something to be read.
func (w *World) reach(name, about string) (*station, error) {
	s, err := w.station(name)
	if err != nil {
		return nil, err
	}
	w.counters[KindReads]++
	s.counters[KindReads]++
	return s, w.contact(name, []string{about, AboutRead}).failed(s.Name, false)
}

// Probe asks how long the station has been up.
func (w *World) Probe(station string) (kms.Uptime, error) {
	defer w.lockAndAdvance()()
	s, err := w.reach(station, aboutProbe)
	if err != nil {
		return kms.Uptime{}, err
	}
	return s.uptime(), nil
}

func (s *station) uptime() kms.Uptime {
	return kms.Uptime{Now: s.clock(s.world.now), Boot: s.clock(s.boot)}
}

// Presence asks who uses the station.
func (w *World) Presence(station string) (kms.Presence, error) {
	defer w.lockAndAdvance()()
	s, err := w.reach(station, aboutPresence)
	if err != nil {
		return kms.Presence{}, err
	}
	return kms.Presence{Uptime: s.uptime(), Name: s.Name, User: s.user, Desktops: s.desktops()}, nil
}

func (s *station) desktops() int {
	if s.user != "" {
		return s.sessions + 1
	}
	return s.sessions
}

// Licensing reads the station's licences.
func (w *World) Licensing(station string) (kms.Licensing, error) {
	defer w.lockAndAdvance()()
	s, err := w.reach(station, aboutLicensing)
	if err != nil {
		return kms.Licensing{}, err
	}
	if s.phase == phaseServices {
		return kms.Licensing{}, fmt.Errorf("%s: the licensing service: %w", s.Name, kms.ErrNotYet)
	}
	l := kms.Licensing{CMID: s.cmid}
	for _, p := range s.products {
		l.Licences = append(l.Licences, p.licence())
		if p.Product == kms.Windows && p.means == catalogue.ByKMS {
			l.KMSHost, l.KMSPort, l.KMSFound = s.asksHost(), w.host.Port, true
		}
	}
	return l, nil
}

func (p *product) licence() kms.Licence {
	l := kms.Licence{
		ID: p.ID, Product: p.Product, Name: p.Name, Channel: kms.ChannelOf(p.channel(), p.description()),
		Status: p.status, Reason: p.reason, Grace: p.remaining(),
	}
	switch p.means {
	case catalogue.ByActiveDirectory:
		l.ActivationType = kms.ActivationTypeActiveDirectory
	case catalogue.ByKMS:
		l.KMSHost = p.station.asksHost()
	default:
	}
	return l
}

// Requests gives the station's events 12288 with their 12289 since a moment on its
// own clock.
func (w *World) Requests(station string, since time.Time) ([]kms.Exchange, error) {
	defer w.lockAndAdvance()()
	s, err := w.reach(station, aboutRequests)
	if err != nil {
		return nil, err
	}
	var requests []kms.Request
	var answers []kms.Answer
	for _, e := range s.log.Since(since) {
		var problem error
		switch e.ID {
		case kms.EventRequest:
			var r kms.Request
			r, problem = kms.ParseRequest(e.Time, []string{e.Insertions})
			requests = append(requests, r)
		case kms.EventAnswer:
			var a kms.Answer
			a, problem = kms.ParseAnswer(e.Time, []string{e.Insertions})
			answers = append(answers, a)
		}
		err = errors.Join(err, problem)
	}
	return kms.Pair(requests, answers), err
}

// Host reads the KMS host.
func (w *World) Host() (kms.Host, error) {
	defer w.lockAndAdvance()()
	if err := w.reachHost(aboutHost); err != nil {
		return kms.Host{}, err
	}
	publishes := true
	host := kms.Host{IsHost: len(w.host.keys) > 0, Port: w.host.Port, DNSPublishing: &publishes}
	for _, k := range w.host.keys {
		host.Products = append(host.Products, k.read())
	}
	return host, nil
}

func (w *World) reachHost(about string) error {
	w.counters[KindReads]++
	if err := w.contact(w.host.Name, []string{about, AboutRead}).failed(w.host.Name, false); err != nil {
		return err
	}
	if w.host.Denied {
		return fmt.Errorf("%s: %w", w.host.Name, kms.ErrDenied)
	}
	return nil
}

func (k *hostKey) read() kms.HostProduct {
	p := kms.HostProduct{
		ID: k.ID, Product: k.Product, Name: k.Name, Channel: kms.ChannelOf("Volume:CSVLK", ""),
		Status: kms.Licensed,
	}
	if k.NotActivated {
		p.Status, p.Reason = kms.Notification, codeGraceOver
	}
	if k.NoData {
		return p
	}
	count, threshold := k.clients.Count(), k.threshold()
	p.Count, p.Threshold = &count, &threshold
	total, failed, by := k.total, k.failed, k.byStatus
	p.Counters = kms.Counters{
		Total: &total, Failed: &failed, Unlicensed: &by[kms.Unlicensed], Licensed: &by[kms.Licensed],
		OOBGrace: &by[kms.OOBGrace], OOTGrace: &by[kms.OOTGrace], NonGenuineGrace: &by[kms.NonGenuineGrace],
		Notification: &by[kms.Notification],
	}
	return p
}

// threshold is RequiredClientCount.
func (k *hostKey) threshold() int {
	if k.clients.Threshold() > 0 {
		return k.clients.Threshold()
	}
	return k.Product.Threshold()
}

// Counted gives the host's events 12290 since a moment on its own clock.
func (w *World) Counted(since time.Time) ([]kms.Counted, error) {
	defer w.lockAndAdvance()()
	if err := w.reachHost(aboutCounted); err != nil {
		return nil, err
	}
	var counted []kms.Counted
	var problems []error
	for _, e := range w.host.log.Since(since) {
		c, err := kms.ParseCounted(e.Time, []string{e.Insertions})
		counted, problems = append(counted, c), append(problems, err)
	}
	return counted, errors.Join(problems...)
}
