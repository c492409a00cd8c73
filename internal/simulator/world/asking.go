package world

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator/catalogue"
)

// words are those by which a fault's Of chooses among requests for activation.
func (p *product) words() []string { return []string{string(p.Product), p.Kind, p.ID} }

// send carries a request to the KMS host that the station asks, unless a fault of
// requests is in the way.
func (p *product) send(asked request) reply {
	s := p.station
	w := s.world
	if f, hit := w.hit(RequestFails, s.Name, p.words()...); hit {
		return reply{code: cmp.Or(kms.Code(f.Code), codeNoHost)}
	}
	if s.OtherHost != "" {
		return reply{reached: true, count: 2 * asked.threshold}
	}
	if f, hit := w.hit(RequestRefused, s.Name, p.words()...); hit {
		return w.host.refuse(asked, cmp.Or(kms.Code(f.Code), kms.CodeIDMismatch))
	}
	return w.host.answer(asked)
}

// asksHost is the KMS host as the station names it.
func (s *station) asksHost() string { return cmp.Or(s.OtherHost, s.world.host.Address) }

// refuse is an answer without a count, whatever the request.
func (h *host) refuse(r request, code kms.Code) reply {
	if !h.serving {
		return reply{code: codeNoHost}
	}
	h.write(r, code)
	return reply{reached: true, code: code}
}

// Attempt is a call of the method Activate that a station works on.
type Attempt struct {
	Takes time.Duration // simulated; it goes on, whether or not somebody waits

	world *World
	done  chan struct{}
	ended bool
	code  kms.Code
	err   error
	lost  error // the answer's fate on its way back
}

// Ask is the method Activate, for a caller that has got through to the station.
func (w *World) Ask(station, licenceID string) (*Attempt, error) {
	defer w.lockAndAdvance()()
	s, err := w.station(station)
	if err != nil {
		return nil, err
	}
	return s.ask(licenceID)
}

// StartActivate calls Activate on a product of the station, over the network.
func (w *World) StartActivate(station, licenceID string) (*Attempt, error) {
	defer w.lockAndAdvance()()
	s, err := w.station(station)
	if err != nil {
		return nil, err
	}
	contact := w.contact(station, []string{AboutActivate})
	if contact != ContactOK && !contact.Lost() {
		return nil, contact.failed(s.Name, true)
	}
	if s.phase == phaseServices {
		return nil, fmt.Errorf("%s: the licensing service: %w", s.Name, kms.ErrNotYet)
	}
	a, err := s.ask(licenceID)
	if err != nil {
		return nil, err
	}
	a.lost = contact.failed(s.Name, true)
	return a, nil
}

// Activate is StartActivate for a caller that does not wait: what takes time has an
// unknown outcome. A refusal is a kms.CodeError. On a MAK product it uses up an
// activation.
func (w *World) Activate(station, licenceID string) error {
	a, err := w.StartActivate(station, licenceID)
	if err != nil {
		return err
	}
	return a.Err()
}

// Done is closed at its end.
func (a *Attempt) Done() <-chan struct{} { return a.done }

// Outcome is what the method gave back. Before its time it is kms.ErrUnknownOutcome, as
// it is where the station went down meanwhile.
func (a *Attempt) Outcome() (kms.Code, error) {
	defer a.world.lockAndAdvance()()
	if !a.ended {
		return 0, fmt.Errorf("activate: %w", kms.ErrUnknownOutcome)
	}
	return a.code, a.err
}

// Err is Outcome with a refusal as a *kms.CodeError, as far as the answer came back.
func (a *Attempt) Err() error {
	code, err := a.Outcome()
	switch {
	case err != nil:
		return err
	case a.lost != nil:
		return a.lost
	case code != kms.CodeOK:
		return &kms.CodeError{Code: code}
	}
	return nil
}

func (s *station) ask(licenceID string) (*Attempt, error) {
	i := slices.IndexFunc(s.products, func(p *product) bool { return p.ID == licenceID })
	if i < 0 {
		return nil, fmt.Errorf("%s: no product %s", s.Name, licenceID)
	}
	p, w := s.products[i], s.world
	s.note(KindActivate, "%s", p.Name)
	a := &Attempt{world: w, done: make(chan struct{})}
	if f, hit := w.hit(SlowActivate, s.Name, p.words()...); hit {
		a.Takes = f.By
	}
	began := s.starts
	finish := func() {
		defer close(a.done)
		a.ended = true
		if s.phase < phaseReady || s.starts != began {
			a.err = fmt.Errorf("%s: it went down: %w", s.Name, kms.ErrUnknownOutcome)
			return
		}
		a.code = p.activate()
	}
	if a.Takes == 0 {
		finish()
	} else {
		w.timers.Set(w.now.Add(a.Takes), finish)
	}
	return a, nil
}

// activate is the method Activate on a product.
func (p *product) activate() kms.Code {
	s := p.station
	if f, hit := s.world.hit(ActivateFails, s.Name, p.words()...); hit {
		return cmp.Or(kms.Code(f.Code), codeBrokenStore)
	}
	if _, hit := s.world.hit(ActivateIgnored, s.Name, p.words()...); hit {
		return kms.CodeOK
	}
	if p.means == catalogue.ByKMS {
		return p.request()
	}
	p.used++
	return kms.CodeOK
}
