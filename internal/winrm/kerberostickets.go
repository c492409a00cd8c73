package winrm

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/keytab"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"
)

// tickets are an account's, shared by all connections: one TGT, and one ticket
// for each machine.
type tickets struct {
	config   *config.Config
	client   types.PrincipalName
	realm    string
	password secret
	keytab   *keytab.Keytab // instead of the password, nil: none
	cached   bool           // there is what a credential cache held, and nothing to get a new TGT with
	now      func() time.Time
	log      func(ctx context.Context, message string, fields map[string]any) // may be nil

	dialLimit, legLimit time.Duration // of one exchange with a KDC

	mu       sync.Mutex
	last     time.Time // stamp
	tgt      *fetched
	services map[string]*fetched
}

// ticket is one that a KDC issued, with the session key that it carries.
type ticket struct {
	messages.Ticket
	key  types.EncryptionKey
	ends time.Time
}

// leastLife is what a ticket must have left to be used.
const leastLife = time.Minute

// fetched is the place of one ticket. Who wants it while it is being fetched
// waits, and shares what comes of it.
type fetched struct {
	turn   chan struct{} // held by whoever fetches; it guards the rest
	ticket *ticket
	err    error
	tried  time.Time
}

func newFetched(held *ticket) *fetched {
	return &fetched{turn: make(chan struct{}, 1), ticket: held}
}

// get gives the ticket, or fetches it. A refusal by the KDC is for good: the
// same password is not tried again.
func (f *fetched) get(ctx context.Context, to target, now func() time.Time, fetch func() (*ticket, error)) (*ticket, error) {
	came := time.Now()
	leave, err := enter(ctx, to, f.turn)
	if err != nil {
		return nil, err
	}
	defer leave()
	var refusal *kdcRefusal
	switch {
	case f.ticket != nil && now().Add(leastLife).Before(f.ticket.ends):
		return f.ticket, nil
	case errors.As(f.err, &refusal), f.err != nil && f.tried.After(came):
		return nil, f.err
	}
	held, err := fetch()
	if ctx.Err() != nil {
		return nil, connectionError(ctx, to, ctx.Err(), false) // says nothing to the others
	}
	f.ticket, f.err, f.tried = held, err, time.Now()
	return held, err
}

// logon gets the TGT. to is the machine that it is wanted for.
func (t *tickets) logon(ctx context.Context, to target) error {
	_, err := t.grantor(ctx, to)
	return err
}

func (t *tickets) grantor(ctx context.Context, to target) (*ticket, error) {
	return t.tgt.get(ctx, to, t.now, func() (*ticket, error) {
		if t.cached {
			err := errors.New("the credential cache holds no ticket-granting ticket")
			if held := t.tgt.ticket; held != nil {
				err = fmt.Errorf("the ticket in the credential cache expired at %s", held.ends.UTC().Format(time.DateTime+" MST"))
			}
			return nil, t.failed(KerberosCredentials, "", err)
		}
		return t.authenticate(ctx)
	})
}

// service gets the ticket for a machine's service.
func (t *tickets) service(ctx context.Context, to target, name string) (*ticket, error) {
	t.mu.Lock()
	place := t.services[name]
	if place == nil {
		place = newFetched(nil)
		t.services[name] = place
	}
	t.mu.Unlock()
	return place.get(ctx, to, t.now, func() (*ticket, error) {
		tgt, err := t.grantor(ctx, to)
		if err != nil {
			return nil, err
		}
		return t.exchange(ctx, tgt, name)
	})
}

// forget has the next connection to a service get a new ticket.
func (t *tickets) forget(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.services, name)
}

// stamp is the time, in microseconds and never twice: two proofs of one moment
// look like a replay.
func (t *tickets) stamp() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now().UTC().Truncate(time.Microsecond)
	if !now.After(t.last) {
		now = t.last.Add(time.Microsecond)
	}
	t.last = now
	return now
}

func (t *tickets) principal() string { return t.client.PrincipalNameString() + "@" + t.realm }
