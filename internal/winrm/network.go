package winrm

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"syscall"
	"time"
)

// Go's syscall names exist on every system, but on Windows the errors that
// arrive are Winsock's, which are other numbers.
var (
	refusedErrors = []error{syscall.ECONNREFUSED, syscall.Errno(10061)}
	routeErrors   = []error{syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.Errno(10065), syscall.Errno(10051)}
	// shortageErrors are this machine's own: no file, no port, no buffer is left.
	shortageErrors = []error{syscall.EMFILE, syscall.ENFILE, syscall.EADDRNOTAVAIL, syscall.ENOBUFS, syscall.Errno(10024), syscall.Errno(10048), syscall.Errno(10055)}
	resetErrors    = []error{syscall.ECONNRESET, syscall.EPIPE, syscall.Errno(10054), syscall.Errno(10053), io.EOF, io.ErrUnexpectedEOF, net.ErrClosed}
)

func isShortage(err error) bool {
	return slices.ContainsFunc(shortageErrors, func(target error) bool { return errors.Is(err, target) })
}

// contextsDelay is how much later than its deadline a context may end.
const contextsDelay = 100 * time.Millisecond

// connectionError types what went wrong on a connection; sent as in Unreachable.
func connectionError(ctx context.Context, to target, err error, sent bool) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return &Interrupted{Address: to.String(), Sent: sent, Err: ctx.Err()}
	}
	// A connection may see the deadline a moment before the context does. Who asked is to find
	// the context ended as well: that tells a slow machine from too little time for all.
	if deadline, set := ctx.Deadline(); ctx.Err() != nil || set && !time.Now().Before(deadline) {
		err = context.DeadlineExceeded
		select {
		case <-ctx.Done():
		case <-time.After(contextsDelay):
		}
	}
	return &Unreachable{Kind: kindOf(err), Address: to.String(), Sent: sent, Err: err}
}

func kindOf(err error) Kind {
	var dns *net.DNSError
	var network net.Error
	is := func(target error) bool { return errors.Is(err, target) }
	switch {
	case errors.As(err, &dns):
		return KindDNS
	case slices.ContainsFunc(refusedErrors, is):
		return KindRefused
	case slices.ContainsFunc(routeErrors, is):
		return KindRoute
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.As(err, &network) && network.Timeout():
		return KindTimeout
	}
	return KindReset
}

// handshakeError types a failed TLS handshake: whatever is not the network's
// fault is a request of trust.
func handshakeError(ctx context.Context, to target, err error) error {
	failed := connectionError(ctx, to, err, false)
	var unreachable *Unreachable
	if errors.As(failed, &unreachable) && unreachable.Kind == KindReset &&
		!slices.ContainsFunc(resetErrors, func(target error) bool { return errors.Is(err, target) }) {
		unreachable.Kind = KindTLS
	}
	return failed
}
