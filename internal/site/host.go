package site

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/windows"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// CountSource says where the KMS host's counts are read.
type CountSource = kms.CountSource

// Where counts are read.
const (
	CountAuto     = kms.CountAuto
	CountHost     = kms.CountHost
	CountStations = kms.CountStations
)

// CountSource is where this site's counts are read.
func (s *Site) CountSource() CountSource { return s.source }

// MaxAge is how old an answer to a station may be to stand for the host's count.
func (s *Site) MaxAge() time.Duration { return s.maxAge }

// At gives the site with the KMS host that counts for a pool.
func (s *Site) At(kmsHost string) Hosted { return Hosted{Site: s, name: kmsHost} }

// Hosted is a site as one pool sees it.
type Hosted struct {
	*Site
	name string
}

func (h Hosted) complete(name string) string { return Complete(name, h.hostSuffix) }

// ID is the same for every way to write the host's name that this site can tell: two
// pools then know that they share it.
func (h Hosted) ID() string { return strings.ToLower(kms.HostOf(h.complete(h.name))) }

// HostKey is the same for every way to write where the host is asked.
func (h Hosted) HostKey() string { return withoutPort(h.complete(h.name), h.hostPort) }

// Host reads the KMS host's counts.
func (h Hosted) Host(ctx context.Context) (kms.Host, error) {
	return askHost(h, func(machines *windows.Client, address string) (kms.Host, error) { return machines.Host(ctx, address) })
}

// Counted reads what the KMS host counted since a moment of its own clock; the zero
// moment means as long as a count lasts.
func (h Hosted) Counted(ctx context.Context, since time.Time) ([]kms.Counted, error) {
	return askHost(h, func(machines *windows.Client, address string) ([]kms.Counted, error) {
		return machines.Counted(ctx, address, since)
	})
}

// Clock reads the KMS host's clock, and when it started.
func (h Hosted) Clock(ctx context.Context) (kms.Uptime, error) {
	return askHost(h, func(machines *windows.Client, address string) (kms.Uptime, error) {
		return machines.HostUptime(ctx, address)
	})
}

// notAsked stands for the answer of a host that is not to be asked. To those who read a
// site it is as good as kms.ErrDenied: the stations' events are the source instead.
type notAsked struct{}

func (notAsked) Error() string {
	return fmt.Sprintf("it is not asked, since kms.count_source is %q", CountStations)
}

func (notAsked) Is(target error) bool { return target == kms.ErrDenied }

// askHost asks the KMS host, over its own account where it has one.
func askHost[T any](h Hosted, question func(machines *windows.Client, address string) (T, error)) (T, error) {
	var none T
	machines := h.hostMachines
	switch {
	case h.source == CountStations:
		return none, named("KMS host", h.name, notAsked{})
	case machines == nil:
		return none, named("KMS host", h.name, &NoWinRMError{})
	}
	answer, err := question(machines, h.complete(h.name))
	if before, asked := refusedBefore(err, h.complete(h.name)); !asked {
		return none, named("KMS host", h.name, before)
	}
	// An account that was refused on the host may still be right for the stations.
	if h.source == CountHost && errors.Is(err, kms.ErrDenied) {
		err = &HostDeniedError{Err: err}
	}
	return answer, named("KMS host", h.name, err)
}

// RefusedBeforeError: a machine was not asked, since another one refused the account, and
// nothing had shown that its password is right.
type RefusedBeforeError struct {
	Machine, User string // which one, and whom
	Offered       bool   // it takes such an account at all, so that this was a failed logon
	Err           error
}

func (e *RefusedBeforeError) Error() string {
	cost := ""
	if e.Offered {
		cost = " (one failed logon)"
	}
	return fmt.Sprintf("it was not asked: %s refused the account before%s: %v", e.Machine, cost, e.Err)
}

func (e *RefusedBeforeError) Unwrap() error { return e.Err }

// refusedBefore reports whether the machine at the address was asked, and why not. What a KDC
// refuses is no other machine's word.
func refusedBefore(err error, address string) (before *RefusedBeforeError, asked bool) {
	var rejected *winrm.AuthRejected
	if errors.As(err, &rejected) && rejected.KDC == nil && !strings.EqualFold(rejected.Host, kms.HostOf(address)) {
		return &RefusedBeforeError{Machine: rejected.Host, User: rejected.User, Offered: !rejected.NotOffered, Err: err}, false
	}
	return nil, true
}

// HostDeniedError: the host refused the account, and nothing else may stand for its counts.
type HostDeniedError struct{ Err error }

func (e *HostDeniedError) Error() string { return e.Err.Error() }

// Advice says what to set.
func (e *HostDeniedError) Advice() string {
	return `See that the account is an administrator of the KMS host, give the one that is in kms.winrm, or set kms.count_source to "auto" or "stations": the counts are then those that stations were told.`
}
