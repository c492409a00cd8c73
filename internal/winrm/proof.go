package winrm

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"
)

// A machine that was silent in this run and then refuses the account is
// probably starting: Netlogon comes after WinRM. Its word is for good only when
// it refused this often, asked no closer than this. A local account that is
// right elsewhere may be another one there, with a password of its own that
// five wrong ones often lock.
const (
	startRefusals      = 5
	localStartRefusals = 2
	startRetry         = 20 * time.Second
)

// proof is what a run knows about its account. A directory locks an account
// after a few wrong passwords, so until one machine accepted it only one
// exchange that carries credentials is under way, and when that is refused
// there is no second one anywhere.
type proof struct {
	mu       sync.Mutex
	now      func() time.Time
	account  account
	accepted bool          // by a machine whose word counts
	right    bool          // the password is: accepted, or elsewhere in the account's domain
	rejected *AuthRejected // by the first machine that was asked, or by a KDC
	turn     chan struct{} // held by the exchange under way until then
	machines map[string]*standing
}

// standing is what one machine said about the account.
type standing struct {
	accepted bool // it took the credentials
	served   bool // and answered a message
	silent   bool // it could not be reached earlier in this run
	refused  *AuthRejected
	refusals int       // so far
	retry    time.Time // until when refused stands, where it may mean a start
	turn     chan struct{}
}

func newProof(a account) *proof {
	return &proof{now: time.Now, account: a, turn: make(chan struct{}, 1), machines: make(map[string]*standing)}
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
	case s.refused != nil && (!s.refused.Starting || p.now().Before(s.retry)):
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

// misses notes that the machine could not be reached.
func (p *proof) misses(machine string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.standing(machine).silent = true
}

// judge keeps the word of a KDC, nil for an account that it accepts: unlike a
// machine's it counts everywhere.
func (p *proof) judge(rejected *AuthRejected) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if rejected == nil {
		p.accepted, p.right = true, true
	} else {
		p.rejected = rejected
	}
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
			return p.keep(to, s, witness, logon())
		}
		leave, err := enter(ctx, to, turn)
		if err != nil {
			return err
		}
		p.mu.Lock()
		if p.against(s) == nil && p.next(s, witness) == turn {
			p.mu.Unlock()
			defer leave()
			return p.keep(to, s, witness, logon())
		}
		leave() // what the turn was for has been settled meanwhile
	}
}

func (p *proof) keep(to target, s *standing, witness bool, err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var rejected *AuthRejected
	switch {
	case err == nil:
		s.accepted, s.refused = true, nil
		p.accepted = p.accepted || witness
		p.right = p.right || witness || p.account.knownBeyond(to)
	case !errors.As(err, &rejected):
		// Nothing was learnt about the account.
	case s.accepted:
		p.excuse(to, s, rejected)
	default:
		s.refusals++
		p.excuse(to, s, rejected)
		s.refused, s.retry = rejected, p.now().Add(startRetry)
		if witness && !p.accepted && !rejected.Starting {
			p.rejected = rejected
		}
	}
	return err
}

// unoffered completes a refusal for which no credentials were sent.
func (p *proof) unoffered(to target, rejected *AuthRejected) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.excuse(to, p.standing(to.String()), rejected)
}

// excuse notes why the machine's refusal may not be its last word; the lock is
// held. As long as the password may be wrong the first refusal ends it all,
// but one that costs no logon may come as often as it likes.
func (p *proof) excuse(to target, s *standing, rejected *AuthRejected) {
	most := localStartRefusals
	if rejected.Auth == AuthKerberos || p.account.knownBeyond(to) {
		most = startRefusals
	}
	rejected.AcceptedBefore = s.accepted
	rejected.Starting = s.silent && (rejected.NotOffered || p.right && rejected.KDC == nil && s.refusals < most)
}

// knownBeyond tells whether the account that a machine accepted is a domain's,
// and so the same on other machines, not the machine's own.
func (a account) knownBeyond(to target) bool {
	computer, _, _ := strings.Cut(to.host, ".")
	return strings.Contains(a.user, "@") || a.domain != "" && a.domain != "." && !strings.EqualFold(a.domain, computer)
}
