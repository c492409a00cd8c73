package winrm

import (
	"context"
	"errors"
	"sync"
)

// proof is what a run knows about its account. A directory locks an account
// after a few wrong passwords, so until one machine accepted it only one
// exchange that carries credentials is under way, and when that is refused
// there is no second one anywhere.
type proof struct {
	mu       sync.Mutex
	accepted bool          // by a machine whose word counts
	rejected *AuthRejected // by the first machine that was asked, or by a KDC
	turn     chan struct{} // held by the exchange under way until then
	machines map[string]*standing
}

// standing is what one machine said about the account.
type standing struct {
	accepted bool // it took the credentials
	served   bool // and answered a message
	refused  *AuthRejected
	turn     chan struct{}
}

func newProof() *proof {
	return &proof{turn: make(chan struct{}, 1), machines: make(map[string]*standing)}
}

// verdict is the refusal that stands against asking the machine at all.
func (p *proof) verdict(machine string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.against(p.standing(machine))
}

func (p *proof) against(s *standing) error {
	switch {
	case p.rejected != nil:
		return p.rejected
	case s.refused != nil:
		return s.refused
	}
	return nil
}

func (p *proof) standing(machine string) *standing {
	s := p.machines[machine]
	if s == nil {
		s = &standing{turn: make(chan struct{}, 1)}
		p.machines[machine] = s
	}
	return s
}

// serves notes that the machine answered a message; served asks for it.
func (p *proof) serves(machine string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.standing(machine).served = true
}

// judge keeps the word of a KDC, nil for an account that it accepts: unlike a
// machine's it counts everywhere.
func (p *proof) judge(rejected *AuthRejected) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if rejected == nil {
		p.accepted = true
	} else {
		p.rejected = rejected
	}
}

// knows reports whether the machine accepted the account before.
func (p *proof) knows(machine string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.standing(machine).accepted
}

func (p *proof) served(machine string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.standing(machine).served
}

// settled reports whether nothing is left to prove to the machine.
func (p *proof) settled(machine string, witness bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.next(p.standing(machine), witness) == nil
}

// next is the turn that an exchange must hold: the account's as long as it is
// not proved, the machine's until that one accepted, none afterwards.
func (p *proof) next(s *standing, witness bool) chan struct{} {
	switch {
	case s.accepted && (p.accepted || !witness):
		return nil
	case !p.accepted:
		return p.turn
	}
	return s.turn
}

// exchange lets logon send the credentials to a machine when its turn comes,
// and keeps what it learnt. logon fails with *AuthRejected when the machine
// refuses. Without witness the machine's word counts for that machine only.
func (p *proof) exchange(ctx context.Context, to target, witness bool, logon func() error) error {
	p.mu.Lock()
	s := p.standing(to.String())
	for {
		if err := p.against(s); err != nil {
			p.mu.Unlock()
			return err
		}
		turn := p.next(s, witness)
		p.mu.Unlock()
		if turn == nil {
			return p.keep(s, witness, logon())
		}
		leave, err := enter(ctx, to, turn)
		if err != nil {
			return err
		}
		p.mu.Lock()
		if p.against(s) == nil && p.next(s, witness) == turn {
			p.mu.Unlock()
			defer leave()
			return p.keep(s, witness, logon())
		}
		leave() // what the turn was for has been settled meanwhile
	}
}

func (p *proof) keep(s *standing, witness bool, err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var rejected *AuthRejected
	switch {
	case err == nil:
		s.accepted = true
		p.accepted = p.accepted || witness
	case !errors.As(err, &rejected):
		// Nothing was learnt about the account.
	case s.accepted:
		rejected.AcceptedBefore = true
	default:
		s.refused = rejected
		if witness && !p.accepted {
			p.rejected = rejected
		}
	}
	return err
}
