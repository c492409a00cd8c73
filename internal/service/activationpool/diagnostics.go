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

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/site"
	"github.com/timago/terraform-provider-timago/internal/tfdiag"
)

// readError says in words why the pool could not be read or judged.
func readError(name string, err error) diag.Diagnostic {
	failure := tfdiag.Failure{Verb: "read", Noun: "activation pool", Name: name, Err: err}
	var (
		location    *pool.LocationError
		notFound    *pool.NotFoundError
		lookup      *pool.LookupError
		repeated    *pool.RepeatedError
		unfinished  *pool.UnfinishedError
		noHost      *pool.NoHostError
		shown       *pool.ShownError
		host        *pool.HostError
		denied      *pool.DeniedError
		unjudged    *pool.UnjudgedError
		nothingLeft *pool.NothingLeftError
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
		failure.Attempted = "Each member is to be one machine: one that is named twice would be counted twice, and restarted as both at once."
		failure.Next = "Leave all but one of its names out of stations."
	case errors.As(err, &denied):
		failure.Attempted = fmt.Sprintf("The counts are those that stations were told, since kms.count_source is %q, and none of %d stations took the account.", kms.CountStations, denied.Stations)
		failure.Err = few(denied.Silent)
	case errors.As(err, &unfinished):
		failure.Attempted = fmt.Sprintf("Reading %d stations was ended before all had answered.", unfinished.Stations)
		if unfinished.KMSHost != "" {
			failure.Attempted = fmt.Sprintf("Reading was ended before the KMS host %s had answered.", unfinished.KMSHost)
		}
		if failure.Err = unfinished.Err; errors.Is(err, kms.ErrShortage) {
			failure.Attempted = fmt.Sprintf("%d stations were to be asked. This says nothing of them: it is the machine that runs Terraform that could not.", unfinished.Stations)
		} else if errors.Is(err, context.DeadlineExceeded) {
			failure.Next = "Raise timeouts.read; where an apply says this, timeouts.create and timeouts.update."
		}
	case errors.As(err, &noHost):
		failure.Attempted, failure.Err = "The pool's KMS host was looked for.", errors.Join(noHost, few(noHost.Silent))
		failure.Next = "Set kms.host in the provider block or kms_host of the pool, or see that a station answers."
	case errors.As(err, &shown):
		failure.Attempted, failure.Err = "Timago was asked for the activation's status.", shown.Err
		if errors.As(err, &nothingLeft) {
			failure.Next = "Leave a threshold out or set it above 0, or set winrm in the provider block, so that Windows itself can be asked."
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
	if refused, ok := errors.AsType[*site.RefusedBeforeError](host.Err); ok {
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
	var keysUnknown *pool.KeysUnknownError
	switch {
	case errors.As(e, &keysUnknown):
		failure.Next = keysUnknownAdvice(keysUnknown)
	case errors.Is(e, kms.ErrDenied): // the refusal knows better what to do than that nothing was read
	case errors.As(e, &nothingLeft):
		failure.Next = "Leave the threshold of what members hold out or set it above 0, or remove the pool."
	case errors.Is(e, pool.ErrNotKMSHost):
		failure.Next = "Name the machine that holds the KMS host key in kms_host or in kms.host of the provider block."
	case errors.Is(e, pool.ErrNoProduct) && len(e.Silent) > 0:
		failure.Next = "Switch on the stations that do not answer and try again, or set thresholds."
	case errors.Is(e, pool.ErrNoProduct):
		failure.Next = "Install the volume licence's KMS client key (GVLK) on the stations, and on the KMS host the host key for what they hold."
	}
	failure.Err = errors.Join(few(e.Silent), e.Err)
	return failure
}

// keysUnknownAdvice: a threshold that is set needs no key to be seen.
func keysUnknownAdvice(e *pool.KeysUnknownError) string {
	var set []string
	for _, product := range e.Held {
		set = append(set, fmt.Sprintf("%s = %d", product, product.Threshold()))
	}
	next := fmt.Sprintf("Set what is to hold: thresholds = { %s }. An apply then asks running members to activate, and the host's answers show its counts.", strings.Join(set, ", "))
	if e.HostRefusal != nil {
		next += " Or give an account that may read the KMS host in kms.winrm: " + e.HostRefusal.Error() + "."
	}
	return next
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
func (r *Resource) warnings(p configured, found pool.Reading) diag.Diagnostics {
	var diags diag.Diagnostics
	if found.CountsFromClients() {
		diags.Append(countsFromClients(p.name, found))
	}
	if p.EarlyRenewal > 0 && found.Renewal.Why != nil {
		diags.Append(tfdiag.Failure{
			Verb: "forecast", Noun: "activation pool", Name: p.name,
			Attempted: "early_renewal needs to know how the KMS host's count will fall. As long as that is not known only a threshold that is lost shows.",
			Err:       found.Renewal.Why,
		}.Warning())
	}
	if pending := found.Assessment.Pending; len(pending) > 0 {
		diags.Append(tfdiag.Failure{
			Verb: "judge", Noun: fmt.Sprintf("%d of the %d members of activation pool", len(pending), len(found.Members)), Name: p.name,
			Attempted: "They do not take part yet:\n" + pool.Listing(pending),
			Next:      "Applying waits for their images, all together, before the first restart. A timago_station_kms sets the option and resets the image.",
		}.Warning())
	}
	if silent := found.Silent(); len(silent) > 0 {
		diags.Append(tfdiag.Failure{
			Verb: "reach", Noun: fmt.Sprintf("%d of the %d members of activation pool", len(silent), len(found.Members)), Name: p.name,
			Attempted: "They keep what was last known of them; the KMS host's count decides the status.",
			Err:       few(silent),
		}.Warning())
	}
	if repeated := found.Repeated(); len(repeated) > 0 {
		diags.Append(tfdiag.Failure{
			Verb: "tell apart", Noun: fmt.Sprintf("%d of the %d members of activation pool", len(repeated), len(found.Members)), Name: p.name,
			Attempted: "They answer as other members do and are left out; the others are judged without them:\n" + pool.Listing(repeated),
			Next:      "Where a machine has several names, leave all but one out of stations. Else look at the machine itself: no two say the same of themselves.",
		}.Warning())
	}
	if unknown := found.UnknownNames(); len(unknown) > 0 {
		diags.Append(unknownNames(p, len(found.Members), unknown, r.listed()))
	}
	return diags
}

// listed are the names of the inventory; none where there is no inventory.
func (r *Resource) listed() []string {
	var names []string
	for _, station := range r.site.ListedStations() {
		names = append(names, station.Name)
	}
	return names
}

// unknownNames says which names mean no machine, and which may have been meant.
func unknownNames(p configured, members int, unknown, listed []string) diag.Diagnostic {
	nearest := map[string]string{}
	for _, name := range unknown {
		nearest[name] = hint(name, listed)
	}
	attribute := "stations"
	if p.Location != "" {
		attribute = "location"
	}
	where, remedy := "DNS does not know them", "Write them as DNS does, or set winrm.domain_suffix in the provider block where they lack their domain."
	if len(listed) > 0 {
		remedy = "Write them as the inventory does. Where it is right, see that DNS knows them, or give their address in its column Adresse."
	}
	return diag.NewWarningDiagnostic(
		fmt.Sprintf("%d of the %d members of activation pool %s %s a name that is not known", len(unknown), members, p.name, verb(len(unknown), "has", "have")),
		attribute+": "+where+", so that they cannot be asked, and nothing waits for them:\n"+listing(nearest)+"\n\n"+remedy)
}

// verb is that of a sentence about n members.
func verb(n int, one, several string) string {
	if n == 1 {
		return one
	}
	return several
}

// hint says what is listed under a name, or near to it.
func hint(name string, listed []string) string {
	if len(listed) == 0 {
		return ""
	}
	label := kms.HostLabel(kms.HostOf(name))
	switch near := pool.Nearest(label, listed); {
	case strings.EqualFold(near, label):
		return "the inventory lists it"
	case near != "":
		return "the inventory lists no such station; did you mean " + near + "?"
	}
	return "the inventory lists no such station"
}

// listing shows names with what is said of them, where anything is.
func listing(said map[string]string) string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(said)) {
		lines = append(lines, strings.TrimSuffix("  - "+name+": "+said[name], ": "))
	}
	return strings.Join(lines, "\n")
}

// neverCounted names members that can never be counted, where nothing is to be done: else
// the plan's findings name them.
func neverCounted(name string, found pool.Reading) diag.Diagnostics {
	never := found.Assessment.NeverCounts
	if len(never) == 0 || !found.Holds() {
		return nil
	}
	return diag.Diagnostics{tfdiag.Failure{
		Verb: "count on", Noun: fmt.Sprintf("%d of the %d members of activation pool", len(never), len(found.Members)), Name: name,
		Attempted: "These members can never be counted by a KMS host and are left out:\n" + pool.Listing(never),
		Next:      "Install the volume licence's KMS client key on them, or take them out of stations.",
	}.Warning()}
}

// unlicensed names members that answered and are not licensed, where the thresholds hold:
// else what is missing is the reason. next is what asks them to activate.
func unlicensed(name string, found pool.Reading, next string) diag.Diagnostics {
	if !found.Holds() {
		return nil
	}
	reasons := maps.Clone(found.Assessment.Unlicensed)
	maps.DeleteFunc(reasons, func(member, _ string) bool { return slices.Contains(found.Assessment.Unreachable, member) })
	if len(reasons) == 0 {
		return nil
	}
	names := map[string]int{}
	for _, reason := range reasons {
		names[reason]++
	}
	commonest := slices.MaxFunc(slices.Sorted(maps.Keys(names)), func(x, y string) int { return cmp.Compare(names[x], names[y]) })
	detail := fmt.Sprintf("The thresholds hold, and these members answered. The commonest reason, of %s: %s.", kms.Plural(names[commonest], "member"), commonest)
	return diag.Diagnostics{diag.NewWarningDiagnostic(
		fmt.Sprintf("%d of the %d members of activation pool %s %s not licensed", len(reasons), len(found.Members), name, verb(len(reasons), "is", "are")),
		strings.Join(append([]string{detail}, append(remedies(reasons), next)...), "\n\n"),
	)}
}

// What asks unlicensed members to activate.
const (
	applyAsks = "Applying asks them to activate, which restarts nothing."
	othersAsk = "Windows itself asks every two hours, the action timago_station_activate at once. The attribute unlicensed has every member's reason; require_licensed makes this a change."
)

// countsFromClients says where the counts come from, and how old they are.
func countsFromClients(name string, found pool.Reading) diag.Diagnostic {
	detail := fmt.Sprintf("KMS host %s is not read, since kms.count_source is %q.", found.KMSHost, kms.CountStations)
	remedy := ""
	if found.HostRefusal != nil {
		detail = fmt.Sprintf("KMS host %s was not read (%v).", found.KMSHost, found.HostRefusal)
		remedy = "To have the host read, give an account for it in kms.winrm."
	}
	if found.NoClientCounts() {
		detail += " No member that answered has an answer of the host in its log within kms.max_age."
		next := "Applying asks running members to activate; the host's answers show the count."
		if len(found.Silent()) == len(found.Members) {
			next = "Switch some of the stations on."
		}
		return diag.NewWarningDiagnostic("No station of activation pool "+name+" tells the KMS host's count",
			strings.TrimSpace(detail+"\n\n"+next+" "+remedy))
	}
	for _, product := range kms.Products() {
		if age, given := found.AnswerAges[product]; given {
			detail += fmt.Sprintf(" %s: the newest answer to a station is %s old.", product.Title(), age.Round(time.Second))
		}
	}
	return diag.NewWarningDiagnostic("The counts of activation pool "+name+" are those that its stations were told", detail)
}

// needsWinRM refuses what would need counts where Windows itself cannot be asked.
func needsWinRM(name string, found pool.Reading) diag.Diagnostic {
	var shown []string
	for _, product := range found.Assessment.Managed() {
		if reason := found.Assessment.Products[product].Reason; reason != "" {
			shown = append(shown, product.Title()+": "+reason+".")
		}
	}
	return tfdiag.Failure{
		Verb: "activate", Noun: "pool", Name: name,
		Attempted: strings.Join(shown, "\n") + "\nTo make that hold, the KMS host's counts must be read, and stations asked and restarted.",
		Err:       &site.NoWinRMError{},
	}.Error()
}

// keptAsRead says in short that the state stays and why: the plan's error says all, where
// the plan needs to know.
func keptAsRead(name, summary string, err error) diag.Diagnostic {
	reason, _, more := strings.Cut(err.Error(), "\n")
	if more {
		reason += " …"
	}
	return diag.NewWarningDiagnostic("Activation pool "+name+" keeps what was last read of it", summary+": "+reason)
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
