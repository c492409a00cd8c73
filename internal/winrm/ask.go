package winrm

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/timago/terraform-provider-timago/internal/winrm/wsman"
)

const (
	firstBackoff = 250 * time.Millisecond
	lastBackoff  = 4 * time.Second
	// leastTime is what another attempt must have left to be worth it.
	leastTime = time.Second
	// maxOperationTimeout is Windows' own upper limit.
	maxOperationTimeout = 60 * time.Second
)

// ask sends one message and gives the body of its answer, and how many bytes came. It asks again while
// a quota is exhausted, where the service had yet to authorise the account anew
// and, for messages that change nothing, after an operation timeout; all of that
// within the call's time, which does not run while the call waits for its turn or
// connects.
func (c *Client) ask(ctx context.Context, address string, m wsman.Message, o options) (body *wsman.Element, size int, err error) {
	to, err := parseTarget(address, c.scheme, c.config.Port)
	if err != nil {
		return nil, 0, err
	}
	r := &request{client: c, to: to, message: m, options: o, visit: c.visitOf(ctx, to)}
	for backoff := firstBackoff; ; backoff = min(2*backoff, lastBackoff) {
		body, err := r.attempt(ctx)
		var quota *Quota
		switch {
		case err == nil:
			return body, r.received, nil
		case errors.As(err, &quota), IsCode(err, codeOtherToken), m.Repeatable && IsCode(err, CodeOperationTimeout):
			if r.wait(ctx, backoff) { // also after a timeout: it may have come at once
				continue
			}
		}
		return nil, r.received, err
	}
}

// request is a message on its way to one machine.
type request struct {
	client   *Client
	to       target
	message  wsman.Message
	options  options
	visit    *visit    // in whose course it is made; nil: it stands alone
	deadline time.Time // zero until the first connection stands
	received int       // bytes of all its answers
}

// wait pauses before the next attempt, unless there is no time for one. A visit lets others
// have its place meanwhile.
func (r *request) wait(ctx context.Context, backoff time.Duration) bool {
	pause := spread(backoff)
	if time.Until(r.deadline) < pause+leastTime {
		return false
	}
	if r.visit != nil {
		r.visit.give()
	}
	return sleep(ctx, pause) && (r.visit == nil || r.visit.take(ctx) == nil)
}

// spread varies a pause, so that those who were refused together do not return
// together.
func spread(backoff time.Duration) time.Duration {
	return backoff/2 + rand.N(backoff/2+1) //nolint:gosec // no secret
}

// sleep reports whether the call still goes on after the pause.
func sleep(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// attempt asks once. A connection from the pool may turn out to be dead, or
// not to be authenticated any more; then a new one is tried, once.
func (r *request) attempt(ctx context.Context) (*wsman.Element, error) {
	p, leave, err := r.turn(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	body, again, err := r.try(ctx, p, r.options.fresh)
	if again {
		body, _, err = r.try(ctx, p, true)
	}
	if IsUnreachable(err) && IsNotYetBack(err) {
		r.client.proof.noteUnreachable(r.to.String())
	}
	return body, err
}

// turn waits until the request may be made: there are limits for each machine and over all.
// A visit has waited already.
func (r *request) turn(ctx context.Context) (p *place, leave func(), err error) {
	if r.visit != nil {
		return &r.visit.place, func() {}, r.visit.take(ctx) // it may have lent its place
	}
	leaveMachine, err := enter(ctx, r.to, r.client.pool.machine(r.to).requests)
	if err != nil {
		return nil, nil, err
	}
	p = &place{client: r.client, to: r.to}
	if err := p.take(ctx); err != nil {
		leaveMachine()
		return nil, nil, err
	}
	return p, func() { p.give(); leaveMachine() }, nil
}

// try asks over one connection; again means that the failure was the
// connection's and that a new one may be tried without doing anything twice.
func (r *request) try(ctx context.Context, p *place, fresh bool) (body *wsman.Element, again bool, err error) {
	c := r.client
	if err := c.proof.refusal(r.to.String()); err != nil {
		return nil, false, err
	}
	cn, err := r.connect(ctx, p, fresh)
	if err != nil {
		return nil, false, err
	}
	defer func() { r.disconnect(cn) }()
	if cn.session == nil {
		if err := c.authenticate(ctx, cn, r.options); err != nil {
			cn.broken = true
			r.log(ctx, cn, 0, 0, err)
			return nil, false, err
		}
	}
	if r.deadline.IsZero() {
		r.deadline = time.Now().Add(r.options.timeout)
	}
	start := time.Now()
	answer, err := r.send(ctx, cn)
	if err == nil {
		r.received += len(answer.body)
		body, err = r.read(cn, answer)
	}
	if err != nil {
		again = cn.reused && r.worthAnother(err)
	}
	status := 0
	if answer != nil {
		status = answer.status
	}
	r.log(ctx, cn, status, time.Since(start), err)
	return body, again, err
}

func (r *request) send(ctx context.Context, cn *conn) (*reply, error) {
	envelope := r.message.Render(r.to.url(), operationTimeout(time.Until(r.deadline)))
	header, body, err := cn.session.seal([]byte(envelope))
	if err != nil {
		cn.broken = true
		return nil, err
	}
	return cn.post(ctx, header, body, r.deadline)
}

// operationTimeout is what a machine is given for an operation so that its
// "timed out" still arrives before the request's own time is over.
func operationTimeout(left time.Duration) time.Duration {
	margin := min(max(left/10, 200*time.Millisecond), 3*time.Second)
	return min(max(left-margin, 500*time.Millisecond), maxOperationTimeout)
}

// read takes the envelope's body out of an answer, or makes the error that the
// answer means.
func (r *request) read(cn *conn, answer *reply) (*wsman.Element, error) {
	body, err := openAnswer(cn, cn.session, answer)
	if errors.Is(err, errRefused) {
		cn.broken = true
		rejected := r.client.rejected(r.to)
		// It took the account a moment ago; whether that account may do
		// anything there, only an earlier answer tells.
		rejected.AcceptedBefore = r.client.proof.answered(r.to.String())
		return nil, rejected
	}
	if err != nil {
		return nil, err
	}
	r.client.proof.noteAnswer(r.to.String())
	if fault := body.Child("Fault"); fault != nil {
		return nil, faultOf(r.to.String(), fault)
	}
	if answer.status != http.StatusOK {
		return nil, &Protocol{Address: r.to.String(), Status: answer.status, Sent: true, Reason: "without a fault"}
	}
	return body, nil
}

// worthAnother reports whether a request that failed on a connection from the
// pool may be made again: it was not looked at, or it changes nothing.
func (r *request) worthAnother(err error) bool {
	if _, ok := errors.AsType[*AuthRejected](err); ok {
		// Basic was just refused by name: once more is one more failed logon.
		return r.client.config.Auth != AuthBasic
	}
	var unreachable *Unreachable
	if !errors.As(err, &unreachable) || unreachable.Kind != KindReset && unreachable.Kind != KindUnsealed {
		return false
	}
	return !unreachable.Sent || r.message.Repeatable
}

func (r *request) log(ctx context.Context, cn *conn, status int, took time.Duration, err error) {
	if r.client.config.Log == nil {
		return
	}
	fields := map[string]any{
		"address": r.to.String(), "message": r.message.Name, "status": status,
		"milliseconds": took.Milliseconds(), "reused": cn.reused,
	}
	if err != nil {
		fields["error"] = err.Error()
	}
	r.client.config.Log(ctx, "WinRM request", fields)
}
