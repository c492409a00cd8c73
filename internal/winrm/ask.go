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

// ask sends one message and gives the body of its answer. It asks again while
// a quota is exhausted, where the service had yet to authorise the account anew
// and, for messages that change nothing, after an operation timeout; all of that
// within the call's time, which does not run while the call waits for its turn or
// connects.
func (c *Client) ask(ctx context.Context, address string, m wsman.Message, o options) (*wsman.Element, error) {
	to, err := parseTarget(address, c.scheme, c.config.Port)
	if err != nil {
		return nil, err
	}
	q := &question{client: c, to: to, message: m, options: o}
	for backoff := firstBackoff; ; backoff = min(2*backoff, lastBackoff) {
		body, err := q.attempt(ctx)
		var quota *Quota
		switch {
		case err == nil:
			return body, nil
		case errors.As(err, &quota), IsCode(err, codeOtherToken), m.Repeatable && IsCode(err, CodeOperationTimeout):
			if q.wait(ctx, backoff) { // also after a timeout: it may have come at once
				continue
			}
		}
		return nil, err
	}
}

// question is a message on its way to one machine.
type question struct {
	client   *Client
	to       target
	message  wsman.Message
	options  options
	deadline time.Time // zero until the first connection stands
}

// wait pauses before the next attempt, unless there is no time for one.
func (q *question) wait(ctx context.Context, backoff time.Duration) bool {
	pause := spread(backoff)
	return time.Until(q.deadline) >= pause+leastTime && sleep(ctx, pause)
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
func (q *question) attempt(ctx context.Context) (*wsman.Element, error) {
	leave, err := enter(ctx, q.to, q.client.pool.machine(q.to).requests)
	if err != nil {
		return nil, err
	}
	defer leave()
	body, again, err := q.try(ctx, q.options.fresh)
	if again {
		body, _, err = q.try(ctx, true)
	}
	if IsUnreachable(err) && IsNotYetBack(err) {
		q.client.proof.misses(q.to.String())
	}
	return body, err
}

// try asks over one connection; again means that the failure was the
// connection's and that a new one may be tried without doing anything twice.
func (q *question) try(ctx context.Context, fresh bool) (body *wsman.Element, again bool, err error) {
	c := q.client
	if err := c.proof.verdict(q.to.String()); err != nil {
		return nil, false, err
	}
	cn, err := c.pool.connect(ctx, q.to, fresh, q.options.timeout)
	if err != nil {
		return nil, false, err
	}
	defer func() { c.pool.put(cn, !q.options.fresh) }()
	leave, err := enter(ctx, q.to, c.parallel)
	if err != nil {
		return nil, false, err
	}
	defer leave()
	if cn.session == nil {
		if err := c.authenticate(ctx, cn, q.options); err != nil {
			cn.broken = true
			q.log(ctx, cn, 0, 0, err)
			return nil, false, err
		}
	}
	if q.deadline.IsZero() {
		q.deadline = time.Now().Add(q.options.timeout)
	}
	start := time.Now()
	answer, err := q.send(ctx, cn)
	if err == nil {
		body, err = q.read(cn, answer)
	}
	if err != nil {
		again = cn.reused && q.worthAnother(err)
	}
	status := 0
	if answer != nil {
		status = answer.status
	}
	q.log(ctx, cn, status, time.Since(start), err)
	return body, again, err
}

func (q *question) send(ctx context.Context, cn *conn) (*reply, error) {
	envelope := q.message.Render(q.to.url(), operationTimeout(time.Until(q.deadline)))
	header, body, err := cn.session.seal([]byte(envelope))
	if err != nil {
		cn.broken = true
		return nil, err
	}
	return cn.post(ctx, header, body, q.deadline)
}

// operationTimeout is what a machine is given for an operation so that its
// "timed out" still arrives before the request's own time is over.
func operationTimeout(left time.Duration) time.Duration {
	margin := min(max(left/10, 200*time.Millisecond), 3*time.Second)
	return min(max(left-margin, 500*time.Millisecond), maxOperationTimeout)
}

// read takes the envelope's body out of an answer, or makes the error that the
// answer means.
func (q *question) read(cn *conn, answer *reply) (*wsman.Element, error) {
	switch answer.status {
	case http.StatusUnauthorized:
		cn.broken = true
		rejected := q.client.rejected(q.to)
		// It took the account a moment ago; whether that account may do
		// anything there, only an earlier answer tells.
		rejected.AcceptedBefore = q.client.proof.served(q.to.String())
		return nil, rejected
	case http.StatusForbidden:
		return nil, forbidden(q.to)
	case http.StatusServiceUnavailable:
		return nil, &Unreachable{Kind: KindUnavailable, Address: q.to.String()}
	}
	envelope, err := cn.session.open(answer)
	if err != nil {
		cn.broken = true // sealing has a state, which is lost now
		return nil, &Protocol{Address: q.to.String(), Status: answer.status, Sent: true, Reason: err.Error()}
	}
	body, err := wsman.ParseEnvelope(envelope)
	if err != nil {
		return nil, &Protocol{Address: q.to.String(), Status: answer.status, Sent: true, Reason: err.Error()}
	}
	q.client.proof.serves(q.to.String())
	if fault := body.Child("Fault"); fault != nil {
		return nil, faultOf(q.to.String(), fault)
	}
	if answer.status != http.StatusOK {
		return nil, &Protocol{Address: q.to.String(), Status: answer.status, Sent: true, Reason: "without a fault"}
	}
	return body, nil
}

// worthAnother reports whether a request that failed on a connection from the
// pool may be made again: it was not looked at, or it changes nothing.
func (q *question) worthAnother(err error) bool {
	var rejected *AuthRejected
	if errors.As(err, &rejected) {
		// Basic was just refused by name: once more is one more failed logon.
		return q.client.config.Auth != AuthBasic
	}
	var unreachable *Unreachable
	return errors.As(err, &unreachable) && unreachable.Kind == KindReset && (!unreachable.Sent || q.message.Repeatable)
}

func (q *question) log(ctx context.Context, cn *conn, status int, took time.Duration, err error) {
	if q.client.config.Log == nil {
		return
	}
	fields := map[string]any{
		"address": q.to.String(), "message": q.message.Name, "status": status,
		"milliseconds": took.Milliseconds(), "reused": cn.reused,
	}
	if err != nil {
		fields["error"] = err.Error()
	}
	q.client.config.Log(ctx, "WinRM request", fields)
}
