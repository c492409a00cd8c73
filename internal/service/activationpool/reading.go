package activationpool

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/timago/terraform-provider-timago/internal/activation"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/site"
	"github.com/timago/terraform-provider-timago/internal/tfdiag"
)

// reading is one look at a pool's members and its KMS host.
type reading struct {
	kmsHost    string
	at         time.Time
	members    []activation.Member
	assessment activation.Assessment
}

var errNoHost = errors.New("no KMS host is configured, and no station that answered names one")

// read looks at every member, then at the KMS host. The order matters: an account is
// proved on a station first, since the KMS host may refuse it for reasons of its own.
// Its diagnostics are an error where the pool could not be judged, else warnings.
func read(ctx context.Context, s *site.Site, p pool, known knowledge) (reading, diag.Diagnostics) {
	failure := tfdiag.Failure{Verb: "read", Noun: "activation pool", Name: p.name}
	fail := func(attempted string, err error, next string) (reading, diag.Diagnostics) {
		failure.Attempted, failure.Err, failure.Next = attempted, err, next
		return reading{}, diag.Diagnostics{failure.Error()}
	}

	members, err := activation.Survey(ctx, s, p.stations)
	if err != nil {
		return fail(fmt.Sprintf("Reading %d stations was ended before all had answered.", len(p.stations)), err, "")
	}
	r := reading{members: members, kmsHost: cmp.Or(p.kmsHost, s.KMSHost(), hostInUse(members))}
	if r.kmsHost == "" {
		return fail("The pool's KMS host was looked for.", errors.Join(append([]error{errNoHost}, silence(members)...)...),
			"Set kms.host in the provider block or kms_host of the pool, or see that a station answers.")
	}
	host, err := s.At(r.kmsHost).Host(ctx)
	if err != nil {
		failure.Verb, failure.Noun, failure.Name = "read", "KMS host", r.kmsHost
		return fail("Its counts were asked for over WinRM. What is not known of the KMS host says nothing about the activation: "+
			"the pool's status stays as it was.", err, advice(err))
	}
	r.at = time.Now()
	r.assessment, err = activation.Assess(members, host, p.wanted, known.LastKnown)
	if err != nil {
		return fail(fmt.Sprintf("%d stations and the KMS host %s were read.", len(members), r.kmsHost),
			errors.Join(append([]error{err}, silence(members)...)...), assessAdvice(err))
	}
	return r, r.warnings(p)
}

// hostInUse is the KMS host that most members say they use.
func hostInUse(members []activation.Member) string {
	uses := map[string]int{}
	for _, m := range members {
		if m.Station.KMSHost != "" {
			uses[strings.ToLower(m.Station.KMSHost)]++
		}
	}
	hosts := slices.SortedFunc(maps.Keys(uses), func(x, y string) int {
		return cmp.Or(cmp.Compare(uses[y], uses[x]), cmp.Compare(x, y))
	})
	if len(hosts) == 0 {
		return ""
	}
	return hosts[0]
}

// silence lists what came instead of answers, a few of many.
func silence(members []activation.Member) []error {
	const most = 5
	var errs []error
	for _, m := range members {
		switch {
		case m.Err == nil:
		case len(errs) == most:
			return append(errs, errors.New("and more of the same"))
		default:
			errs = append(errs, m.Err)
		}
	}
	return errs
}

func (r reading) warnings(p pool) diag.Diagnostics {
	var diags diag.Diagnostics
	if never := r.assessment.NeverCounts; len(never) > 0 {
		diags.Append(tfdiag.Failure{
			Verb: "count on", Noun: fmt.Sprintf("%d of the %d members of activation pool", len(never), len(p.stations)), Name: p.name,
			Attempted: "These members can never be counted by a KMS host and are left out:\n" + activation.Listing(never),
			Next:      "Install the volume licence's KMS client key on them, or take them out of stations.",
		}.Warning())
	}
	if silent := silence(r.members); len(silent) > 0 {
		diags.Append(tfdiag.Failure{
			Verb: "reach", Noun: fmt.Sprintf("%d of the %d members of activation pool", len(r.assessment.Unreachable), len(p.stations)), Name: p.name,
			Attempted: "They keep what was last known of them; the KMS host's count decides the status.",
			Err:       errors.Join(silent...),
		}.Warning())
	}
	return diags
}

func assessAdvice(err error) string {
	switch {
	case errors.Is(err, activation.ErrNotKMSHost):
		return "Name the machine that holds the KMS host key in kms_host or in kms.host of the provider block."
	case errors.Is(err, activation.ErrNoProduct):
		return "Switch some of the stations on and try again, or set thresholds."
	}
	return ""
}

// advice says what to do about a machine that could not be asked.
func advice(err error) string {
	switch {
	case errors.Is(err, kms.ErrDenied):
		return "See that the account may log on there over WinRM and has administrator rights, which reading licences needs."
	case errors.Is(err, kms.ErrUnreachable), errors.Is(err, kms.ErrNotYet):
		return "See that the machine is on, that its name resolves, and that WinRM answers on the port (Test-WSMan <name>)."
	}
	return ""
}
