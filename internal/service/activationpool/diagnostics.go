package activationpool

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/site"
	"github.com/timago/terraform-provider-timago/internal/tfdiag"
)

// readError says in words why the pool could not be read or judged.
func readError(name string, err error) diag.Diagnostic {
	failure := tfdiag.Failure{Verb: "read", Noun: "activation pool", Name: name, Err: err}
	var (
		location   *pool.LocationError
		notFound   *pool.NotFoundError
		lookup     *pool.LookupError
		repeated   *pool.RepeatedError
		unfinished *pool.UnfinishedError
		noHost     *pool.NoHostError
		shown      *pool.ShownError
		host       *pool.HostError
		unjudged   *pool.UnjudgedError
	)
	switch {
	case errors.As(err, &location):
		failure.Attempted, failure.Err = fmt.Sprintf("The stations of location %q were looked up.", location.Location), location.Err
	case errors.As(err, &notFound):
		failure.Attempted = "The members were looked up in Timago."
		failure.Next = "Take stations that no longer exist out of stations, or write them as Timago does (Bezeichnung)."
	case errors.As(err, &lookup):
		failure.Attempted, failure.Err = "The members were looked up in Timago.", lookup.Err
	case errors.As(err, &repeated):
		failure.Attempted, failure.Next = "The members were looked up.", "Leave one of the two out of stations."
	case errors.As(err, &unfinished):
		failure.Attempted = fmt.Sprintf("Reading %d stations was ended before all had answered.", unfinished.Stations)
		if failure.Err = unfinished.Err; errors.Is(err, context.DeadlineExceeded) {
			failure.Next = "Raise timeouts.read; where an apply says this, timeouts.create and timeouts.update."
		}
	case errors.As(err, &noHost):
		failure.Attempted, failure.Err = "The pool's KMS host was looked for.", errors.Join(noHost, few(noHost.Silent))
		failure.Next = "Set kms.host in the provider block or kms_host of the pool, or see that a station answers."
	case errors.As(err, &shown):
		failure.Attempted, failure.Err = "Timago was asked for the activation's status.", shown.Err
		if errors.Is(err, pool.ErrNoProduct) {
			failure.Next = "Set winrm in the provider block, so that Windows itself can be asked."
		}
	case errors.As(err, &host):
		failure = hostFailure(host)
	case errors.As(err, &unjudged):
		failure = unjudgedFailure(failure, unjudged)
	}
	return failure.Error()
}

// hostFailure says why the KMS host could not be read.
func hostFailure(host *pool.HostError) tfdiag.Failure {
	failure := tfdiag.Failure{
		Verb: "read", Noun: "KMS host", Name: host.KMSHost, Err: host.Err,
		Attempted: "The counts of the machine that kms_host (or kms.host of the provider) names were asked for over WinRM.",
	}
	var refused *site.RefusedBeforeError
	if errors.As(host.Err, &refused) {
		failure.Verb, failure.Noun, failure.Name = "use", "account", refused.User
		failure.Attempted = "The account was tried on one machine. That refused it, so it was tried on no other."
	}
	failure.Attempted += " What is not known of the KMS host says nothing about the activation: the pool's status stays as it was."
	return failure
}

// unjudgedFailure says why what was read allows no verdict.
func unjudgedFailure(failure tfdiag.Failure, e *pool.UnjudgedError) tfdiag.Failure {
	read := "read"
	if !e.HostRead {
		read = "not read"
	}
	failure.Attempted = fmt.Sprintf("%d of %d stations answered; the KMS host %s was %s.", e.Answered, e.Members, e.KMSHost, read)
	var nothingLeft *pool.NothingLeftError
	switch {
	case errors.Is(e, kms.ErrDenied): // the refusal knows better what to do than that nothing was read
	case errors.As(e, &nothingLeft):
		failure.Next = "Leave the threshold of what members hold out or set it above 0, or remove the pool."
	case errors.Is(e, pool.ErrNotKMSHost):
		failure.Next = "Name the machine that holds the KMS host key in kms_host or in kms.host of the provider block."
	case errors.Is(e, pool.ErrNoProduct):
		failure.Next = "Switch some of the stations on and try again, or set thresholds."
	}
	failure.Err = errors.Join(few(e.Silent), e.Err)
	return failure
}

// few shows some of many errors; nil of none.
func few(errs []error) error {
	const most = 5
	if len(errs) > most {
		errs = append(errs[:most:most], errors.New("and more of the same"))
	}
	return errors.Join(errs...)
}

// warnings says what a reading leaves open.
func warnings(p configured, r pool.Reading) diag.Diagnostics {
	var diags diag.Diagnostics
	if r.CountsFromClients() {
		diags.Append(countsFromClients(p.name, r))
	}
	if p.early > 0 && r.Renewal.Why != nil {
		diags.Append(tfdiag.Failure{
			Verb: "forecast", Noun: "activation pool", Name: p.name,
			Attempted: "early_renewal needs to know how the KMS host's count will fall. As long as that is not known only a threshold that is lost shows.",
			Err:       r.Renewal.Why,
		}.Warning())
	}
	if pending := r.Assessment.Pending; len(pending) > 0 {
		diags.Append(tfdiag.Failure{
			Verb: "judge", Noun: fmt.Sprintf("%d of the %d members of activation pool", len(pending), len(r.Members)), Name: p.name,
			Attempted: "They do not take part yet:\n" + pool.Listing(pending),
			Next:      "Applying waits for their images, all together, before the first restart. A timago_station_kms sets the option and resets the image.",
		}.Warning())
	}
	if silent := r.Silent(); len(silent) > 0 {
		diags.Append(tfdiag.Failure{
			Verb: "reach", Noun: fmt.Sprintf("%d of the %d members of activation pool", len(r.Assessment.Unreachable), len(r.Members)), Name: p.name,
			Attempted: "They keep what was last known of them; the KMS host's count decides the status.",
			Err:       few(silent),
		}.Warning())
	}
	return diags
}

// neverCounted names members that can never be counted, where nothing is to be done: else
// the plan's findings name them.
func neverCounted(name string, r pool.Reading) diag.Diagnostics {
	never := r.Assessment.NeverCounts
	if len(never) == 0 || !r.Holds() {
		return nil
	}
	return diag.Diagnostics{tfdiag.Failure{
		Verb: "count on", Noun: fmt.Sprintf("%d of the %d members of activation pool", len(never), len(r.Members)), Name: name,
		Attempted: "These members can never be counted by a KMS host and are left out:\n" + pool.Listing(never),
		Next:      "Install the volume licence's KMS client key on them, or take them out of stations.",
	}.Warning()}
}

// countsFromClients says where the counts come from, and how old they are.
func countsFromClients(name string, r pool.Reading) diag.Diagnostic {
	detail := fmt.Sprintf("KMS host %s was not read (%v).", r.KMSHost, r.Host.LogErr)
	if r.NoClientCounts() {
		return diag.NewWarningDiagnostic("No station of activation pool "+name+" tells the KMS host's count",
			detail+" None of the stations that answered was told a count within kms.max_age.\n\n"+
				"Switch some of the stations on, or give an account for the KMS host in kms.winrm.")
	}
	for _, product := range kms.Products() {
		if age, given := r.AnswerAges[product]; given {
			detail += fmt.Sprintf(" %s: the newest answer to a station is %s old.", product.Title(), age.Round(time.Second))
		}
	}
	return diag.NewWarningDiagnostic("The counts of activation pool "+name+" are those that its stations were told", detail)
}

// needsWinRM refuses what would need counts where Windows itself cannot be asked.
func needsWinRM(name string) diag.Diagnostic {
	return tfdiag.Failure{
		Verb: "activate", Noun: "pool", Name: name,
		Attempted: "Timago itself does not show it as activated, and making it so needs the KMS host's counts.",
		Err:       &site.NoWinRMError{},
	}.Error()
}

func asWarnings(diags diag.Diagnostics) diag.Diagnostics {
	var warnings diag.Diagnostics
	for _, d := range diags {
		if d.Severity() == diag.SeverityError {
			d = diag.NewWarningDiagnostic(d.Summary(), d.Detail())
		}
		warnings.Append(d)
	}
	return warnings
}

// withDestroyHint adds to errors how the pool is destroyed all the same: Terraform plans so before
// it destroys, too.
func withDestroyHint(diags diag.Diagnostics) diag.Diagnostics {
	var hinted diag.Diagnostics
	for _, d := range diags {
		if d.Severity() == diag.SeverityError {
			placed, at := d.(diag.DiagnosticWithPath)
			d = diag.NewErrorDiagnostic(d.Summary(), d.Detail()+"\n\nTo destroy the pool all the same: terraform destroy -refresh=false. It touches no station.")
			if at {
				d = diag.WithPath(placed.Path(), d)
			}
		}
		hinted.Append(d)
	}
	return hinted
}
