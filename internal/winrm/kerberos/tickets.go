package kerberos

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

// Tickets are an account's, shared by all connections: one TGT, and one ticket
// for each machine. They are safe for concurrent use.
type Tickets struct {
	settings *settings
	requests *config.Config // how the library makes requests
	client   types.PrincipalName
	realm    string
	password func() string
	keytab   *keytab.Keytab // instead of the password, nil: none
	cached   bool           // there is what a credential cache held, and nothing to get a new TGT with
	network  Network
	now      func() time.Time
	log      func(ctx context.Context, message string, fields map[string]any) // may be nil

	ignoredLogged sync.Once // what is ignored

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
func (f *fetched) get(ctx context.Context, now func() time.Time, fetch func() (*ticket, error)) (*ticket, error) {
	came := time.Now()
	select {
	case f.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-f.turn }()
	var refusal *Refusal
	switch {
	case f.ticket != nil && now().Add(leastLife).Before(f.ticket.ends):
		return f.ticket, nil
	case errors.As(f.err, &refusal), f.err != nil && f.tried.After(came):
		return nil, f.err
	}
	held, err := fetch()
	if ctx.Err() != nil {
		return nil, ctx.Err() // says nothing to the others
	}
	f.ticket, f.err, f.tried = held, err, time.Now()
	return held, err
}

// Logon has the KDC judge the account, once for all who wait for it. It fails with
// *Refusal where the KDC does not let the account in.
func (t *Tickets) Logon(ctx context.Context) error {
	_, err := t.grantor(ctx)
	return err
}

// Begin makes the context of a connection to a machine's service, HTTP/<host>, and the
// token that begins it. bindings is the hash of the TLS channel's bindings, zero without
// TLS.
func (t *Tickets) Begin(ctx context.Context, service string, bindings [16]byte) (*Context, []byte, error) {
	ticket, err := t.service(ctx, service)
	if err != nil {
		return nil, nil, err
	}
	return t.initiate(ticket, service, bindings)
}

func (t *Tickets) grantor(ctx context.Context) (*ticket, error) {
	return t.tgt.get(ctx, t.now, func() (*ticket, error) {
		if t.cached {
			err := errors.New("the credential cache holds no ticket-granting ticket")
			if held := t.tgt.ticket; held != nil {
				err = fmt.Errorf("the ticket in the credential cache expired at %s", held.ends.UTC().Format(time.DateTime+" MST"))
			}
			return nil, t.failed(Credentials, "", err)
		}
		return t.authenticate(ctx)
	})
}

// service gets the ticket for a machine's service.
func (t *Tickets) service(ctx context.Context, name string) (*ticket, error) {
	t.mu.Lock()
	place := t.services[name]
	if place == nil {
		place = newFetched(nil)
		t.services[name] = place
	}
	t.mu.Unlock()
	return place.get(ctx, t.now, func() (*ticket, error) {
		tgt, err := t.grantor(ctx)
		if err != nil {
			return nil, err
		}
		return t.exchange(ctx, tgt, name)
	})
}

// Forget has the next connection to a service get a new ticket: the one at hand may have
// been made for a key that the machine no longer has.
func (t *Tickets) Forget(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.services, name)
}

// stamp is the time, in microseconds and never twice: two proofs of one moment
// look like a replay.
func (t *Tickets) stamp() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now().UTC().Truncate(time.Microsecond)
	if !now.After(t.last) {
		now = t.last.Add(time.Microsecond)
	}
	t.last = now
	return now
}

// Principal is the account, as user@REALM.
func (t *Tickets) Principal() string { return t.client.PrincipalNameString() + "@" + t.realm }
