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
	machines map[string]*authState
}

// authState is what one machine said about the account.
type authState struct {
	accepted bool // it took the credentials
	served   bool // and answered a message
	silent   bool // it could not be reached earlier in this run
	refused  *AuthRejected
	refusals int       // so far
	retry    time.Time // until when refused stands, where it may mean a start
	turn     chan struct{}
}

func newProof(a account) *proof {
	return &proof{now: time.Now, account: a, turn: make(chan struct{}, 1), machines: make(map[string]*authState)}
}

// refusal is the one that stands in the way of asking the machine at all.
func (p *proof) refusal(machine string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.blockedBy(p.authState(machine))
}

func (p *proof) blockedBy(s *authState) error {
	switch {
	case p.rejected != nil:
		return p.rejected
	case s.refused != nil && (!s.refused.Starting || p.now().Before(s.retry)):
		return s.refused
	}
	return nil
}

func (p *proof) authState(machine string) *authState {
	s := p.machines[machine]
	if s == nil {
		s = &authState{turn: make(chan struct{}, 1)}
		p.machines[machine] = s
	}
	return s
}

// noteAnswer notes that the machine answered a message; answered asks for it.
func (p *proof) noteAnswer(machine string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.authState(machine).served = true
}

// noteUnreachable notes that the machine could not be reached.
func (p *proof) noteUnreachable(machine string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.authState(machine).silent = true
}

// noteKDC keeps the word of a KDC, nil for an account that it accepts: unlike a
// machine's it counts everywhere.
func (p *proof) noteKDC(rejected *AuthRejected) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if rejected == nil {
		p.accepted, p.right = true, true
	} else {
		p.rejected = rejected
	}
}

func (p *proof) answered(machine string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.authState(machine).served
}

// proved reports whether a machine whose word counts accepted the account.
func (p *proof) proved() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.accepted
}

// settled reports whether nothing is left to prove to the machine.
func (p *proof) settled(machine string, countsAsProof bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.next(p.authState(machine), countsAsProof) == nil
}

// next is the turn that an exchange must hold: the account's as long as it is
// not proved, the machine's until that one accepted, none afterwards.
func (p *proof) next(s *authState, countsAsProof bool) chan struct{} {
	switch {
	case s.accepted && (p.accepted || !countsAsProof):
		return nil
	case !p.accepted:
		return p.turn
	}
	return s.turn
}

// exchange lets logon send the credentials to a machine when its turn comes,
// and keeps what it learnt. logon fails with *AuthRejected when the machine
// refuses. Without countsAsProof the machine's word counts for that machine only.
func (p *proof) exchange(ctx context.Context, to target, countsAsProof bool, logon func() error) error {
	p.mu.Lock()
	s := p.authState(to.String())
	for {
		if err := p.blockedBy(s); err != nil {
			p.mu.Unlock()
			return err
		}
		turn := p.next(s, countsAsProof)
		p.mu.Unlock()
		if turn == nil {
			return p.keep(to, s, countsAsProof, logon())
		}
		leave, err := enter(ctx, to, turn)
		if err != nil {
			return err
		}
		p.mu.Lock()
		if p.blockedBy(s) == nil && p.next(s, countsAsProof) == turn {
			p.mu.Unlock()
			defer leave()
			return p.keep(to, s, countsAsProof, logon())
		}
		leave() // what the turn was for has been settled meanwhile
	}
}

func (p *proof) keep(to target, s *authState, countsAsProof bool, err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var rejected *AuthRejected
	switch {
	case err == nil:
		s.accepted, s.refused = true, nil
		p.accepted = p.accepted || countsAsProof
		p.right = p.right || countsAsProof || p.account.isDomainAccount(to)
	case !errors.As(err, &rejected):
		// Nothing was learnt about the account.
	case s.accepted:
		p.explain(to, s, rejected)
	default:
		s.refusals++
		p.explain(to, s, rejected)
		s.refused, s.retry = rejected, p.now().Add(startRetry)
		if countsAsProof && !p.accepted && !rejected.Starting {
			p.rejected = rejected
		}
	}
	return err
}

// noteNotOffered completes a refusal for which no credentials were sent.
func (p *proof) noteNotOffered(to target, rejected *AuthRejected) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.explain(to, p.authState(to.String()), rejected)
}

// explain notes why the machine's refusal may not be its last word; the lock is
// held. As long as the password may be wrong the first refusal ends it all,
// but one that costs no logon may come as often as it likes.
func (p *proof) explain(to target, s *authState, rejected *AuthRejected) {
	most := localStartRefusals
	if rejected.Auth == AuthKerberos || p.account.isDomainAccount(to) {
		most = startRefusals
	}
	rejected.AcceptedBefore = s.accepted
	rejected.Starting = s.silent && (rejected.NotOffered || p.right && rejected.KDC == nil && s.refusals < most)
}

// isDomainAccount reports whether the account that a machine accepted is a domain's,
// and so the same on other machines, not the machine's own.
func (a account) isDomainAccount(to target) bool {
	computer, _, _ := strings.Cut(to.host, ".")
	return strings.Contains(a.user, "@") || a.domain != "" && a.domain != "." && !strings.EqualFold(a.domain, computer)
}
