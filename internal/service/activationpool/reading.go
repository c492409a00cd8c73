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

// reading is one look at a pool's members and its KMS host.
type reading struct {
	kmsHost    string
	at         time.Time
	members    []pool.Member
	host       pool.HostReading
	assessment pool.Assessment
	renewal    pool.Renewal
	told       map[kms.Product]time.Duration // ages, where the counts are those that stations were told; nil: read on the host
	shown      bool                          // by Timago alone: Windows itself could not be asked, and there are no counts
}

// untold tells that the stations are the source of the counts, and none of them told any.
func (r reading) untold() bool { return r.told != nil && len(r.told) == 0 }

var errNoCounts = errors.New("no counts are shown by Timago, and without winrm in the provider block Windows cannot be asked")

var errNoHost = errors.New("no KMS host is configured, and no station that answered names one")

// looker looks at one pool. Its diagnostics are an error where the pool could not be
// judged, else warnings.
type looker struct {
	site  *site.Site
	pool  configured
	fresh bool // leave nothing that Timago told to memory
}

func (l looker) fail(attempted string, err error, next string) (reading, diag.Diagnostics) {
	return reading{}, diag.Diagnostics{tfdiag.Failure{
		Verb: "read", Noun: "activation pool", Name: l.pool.name, Attempted: attempted, Err: err, Next: next,
	}.Error()}
}

// names lists the members.
func (l looker) names(ctx context.Context) ([]string, error) {
	if l.pool.location != "" {
		return l.site.InLocation(ctx, l.pool.location)
	}
	return l.pool.stations, nil
}

// twice finds a station that stations names in two ways: it would be counted as two members,
// and restarted as both at once.
func (l looker) twice(ctx context.Context) error {
	names := map[string]string{}
	for _, name := range l.pool.stations {
		identity := l.site.Identity(ctx, name)
		if other, named := names[identity]; named {
			return fmt.Errorf("%s and %s are one station", other, name)
		}
		names[identity] = name
	}
	return nil
}

// read looks at every member, then at the KMS host. The order matters: an account is
// proved on a station first, since the KMS host may refuse it for reasons of its own.
func (l looker) read(ctx context.Context, known knowledge) (reading, diag.Diagnostics) {
	names, err := l.names(ctx)
	if err != nil {
		return l.fail(fmt.Sprintf("The stations of location %q were looked up.", l.pool.location), err, "")
	}
	parts, err := l.site.Parts(ctx, names, l.fresh)
	if errors.Is(err, site.ErrNotFound) {
		return l.fail("The members were looked up in Timago.", err, "Take stations that no longer exist out of stations, or write them as Timago does (Bezeichnung).")
	}
	if err == nil {
		if twice := l.twice(ctx); twice != nil {
			return l.fail("The members were looked up.", twice, "Leave one of the two out of stations.")
		}
	}
	if !l.site.HasWinRM() {
		if err != nil {
			return l.fail("The members were looked up in Timago.", err, "")
		}
		return l.readTimago(ctx, names, parts)
	}
	members, err := pool.Survey(ctx, l.site, names)
	if err != nil {
		next := ""
		if errors.Is(err, context.DeadlineExceeded) {
			next = "Raise timeouts.read; where an apply says this, timeouts.create and timeouts.update."
		}
		return l.fail(fmt.Sprintf("Reading %d stations was ended before all had answered.", len(names)), err, next)
	}
	for i := range members {
		members[i].Pending = parts[members[i].Name].Words()
	}
	r := reading{members: members, kmsHost: cmp.Or(l.pool.kmsHost, l.site.KMSHost(), hostInUse(members))}
	if r.kmsHost == "" {
		return l.fail("The pool's KMS host was looked for.", errors.Join(append([]error{errNoHost}, silence(members)...)...),
			"Set kms.host in the provider block or kms_host of the pool, or see that a station answers.")
	}
	r.host, err = pool.ReadHost(ctx, l.site.At(r.kmsHost))
	if errors.Is(err, kms.ErrDenied) && l.site.CountSource() != site.CountHost && l.accepted(members, known) {
		told := pool.CountsFromClients(ctx, l.site, members, l.site.MaxAge())
		r.host = pool.HostReading{Host: told.Host, LogErr: err}
		r.told, err = told.Age, nil
	}
	if err != nil {
		failure := tfdiag.Failure{
			Verb: "read", Noun: "KMS host", Name: r.kmsHost, Err: err,
			Attempted: "The counts of the machine that kms_host (or kms.host of the provider) names were asked for over WinRM.",
		}
		var refused *site.RefusedBeforeError
		if errors.As(err, &refused) {
			failure.Verb, failure.Noun, failure.Name = "use", "account", refused.User
			failure.Attempted = "The account was tried on one machine. That refused it, so it was tried on no other."
		}
		failure.Attempted += " What is not known of the KMS host says nothing about the activation: the pool's status stays as it was."
		return reading{}, diag.Diagnostics{failure.Error()}
	}
	r.at = time.Now()
	r.assessment, err = pool.Assess(members, r.host.Host, l.pool.wanted, known.LastKnown)
	if err != nil && (!errors.Is(err, pool.ErrNoProduct) || len(r.assessment.Pending) == 0) {
		next := assessAdvice(err)
		if left := r.leftOut(l.pool.wanted); left != nil && errors.Is(err, pool.ErrNoProduct) {
			err, next = left, "Leave the threshold of what members hold out or set it above 0, or remove the pool."
		}
		err = errors.Join(append(silence(members), err)...)
		if errors.Is(err, kms.ErrDenied) {
			next = "" // the refusal knows better what to do than that nothing was read
		}
		read := "read"
		if r.told != nil {
			read = "not read"
		}
		_, diags := l.fail(fmt.Sprintf("%d of %d stations answered; the KMS host %s was %s.",
			len(members)-len(r.assessment.Unreachable), len(members), r.kmsHost, read), err, next)
		return r, diags
	}
	r.renewal = pool.RenewalOf(r.host, r.assessment, pool.ProductsHeld(members), l.pool.early)
	return r, r.warnings(l.pool)
}

// restarts is about how many are missing, now or for the renewal that is due.
func (r reading) restarts() int { return max(r.assessment.Restarts, r.renewal.Missing) }

// holds tells whether nothing is to be done.
func (r reading) holds() bool {
	return r.assessment.Status == pool.Activated && !r.renewal.Ready
}

// targets are the counts that a cycle is to reach.
func (r reading) targets() map[kms.Product]int {
	targets := r.assessment.Thresholds()
	maps.Copy(targets, r.renewal.Targets)
	return targets
}

// accepted tells whether the account is good for the stations, so that a host that refuses
// it refuses it for reasons of its own. A wrong password must not pass for that. Where no
// station answers, what was known of this host before decides.
func (l looker) accepted(members []pool.Member, known knowledge) bool {
	denied := false
	for _, m := range members {
		if m.Err == nil {
			return true
		}
		denied = denied || errors.Is(m.Err, kms.ErrDenied)
	}
	return !denied && (known.Told || l.site.CountSource() == site.CountStations)
}

// readTimago takes the status that Timago itself shows: without an account for Windows
// there is nothing better, and there are no counts.
func (l looker) readTimago(ctx context.Context, names []string, parts map[string]site.Part) (reading, diag.Diagnostics) {
	shown, err := l.site.TimagoKMS(ctx)
	if err != nil {
		return l.fail("Timago was asked for the activation's status.", err, "")
	}
	r := reading{kmsHost: cmp.Or(l.pool.kmsHost, l.site.KMSHost(), shown.Host), at: time.Now(), shown: true}
	a := pool.Assessment{Status: pool.Activated, Products: map[kms.Product]pool.ProductState{}, Pending: map[string]string{}}
	for _, name := range names {
		r.members = append(r.members, pool.Member{Name: name, Pending: parts[name].Words()})
		if parts[name] != site.TakesPart {
			a.Pending[name] = parts[name].Words()
		}
	}
	unknown := func(state *pool.ProductState, reason string) {
		if state.Reason = cmp.Or(state.Reason, reason); a.Status == pool.Activated {
			a.Status = pool.Unknown
		}
	}
	for _, product := range shown.Products {
		threshold, set := l.pool.wanted.Thresholds[product.Product]
		if set && threshold == 0 {
			continue
		}
		state := pool.ProductState{Threshold: threshold}
		if !set {
			state.Threshold = product.Product.Threshold()
		}
		switch product.Status {
		case site.KMSActivated:
		case site.KMSNotActivated:
			state.Reason, a.Status = "Timago shows: nicht aktiviert", pool.NotActivated
		default: // also a word that only a newer interface knows
			unknown(&state, "Timago shows: unbekannt")
		}
		if state.Threshold > product.Product.Threshold() || l.pool.wanted.Licensed != (pool.Requirement{}) {
			unknown(&state, "Timago shows neither counts nor who is licensed: whether all holds that is wanted is not known without winrm")
		}
		a.Products[product.Product] = state
	}
	if l.pool.early > 0 {
		r.renewal.Why = errNoCounts
	}
	if len(a.Products) == 0 {
		return l.fail("Timago was asked for the activation's status.", pool.ErrNoProduct, "Set winrm in the provider block, so that Windows itself can be asked.")
	}
	r.assessment = a
	return r, r.warnings(l.pool)
}

// hostInUse is the KMS host that most members say they use.
func hostInUse(members []pool.Member) string {
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

// silence lists what came instead of answers, a few of many; a refused account first.
func silence(members []pool.Member) []error {
	const most = 5
	var denied, errs []error
	for _, m := range members {
		switch {
		case m.Err == nil || m.Pending != "":
		case errors.Is(m.Err, kms.ErrDenied):
			denied = append(denied, m.Err)
		default:
			errs = append(errs, m.Err)
		}
	}
	errs = append(denied, errs...)
	if len(errs) > most {
		errs = append(errs[:most], errors.New("and more of the same"))
	}
	return errs
}

// leftOut says why no product is left to keep where the pool leaves out what members hold;
// nil where it does not.
func (r reading) leftOut(wanted pool.Wanted) error {
	var why []string
	leavesOut := false
	for _, product := range kms.Products() {
		held := false
		for _, known := range r.assessment.LastKnown {
			_, holds := known.Licences[product]
			held = held || holds
		}
		threshold, set := wanted.Thresholds[product]
		switch {
		case set && threshold == 0:
			leavesOut = leavesOut || held
			why = append(why, product.Title()+" is left out by thresholds")
		case held:
			why = append(why, "the KMS host has no key for "+product.Title())
		default:
			why = append(why, "no member that was read holds "+product.Title()+" with a KMS client key")
		}
	}
	if !leavesOut {
		return nil
	}
	return fmt.Errorf("%s: nothing is left to keep", strings.Join(why, ", and "))
}

func (r reading) warnings(p configured) diag.Diagnostics {
	var diags diag.Diagnostics
	if r.told != nil {
		diags.Append(r.source(p.name))
	}
	if p.early > 0 && r.renewal.Why != nil {
		diags.Append(tfdiag.Failure{
			Verb: "forecast", Noun: "activation pool", Name: p.name,
			Attempted: "early_renewal needs to know how the KMS host's count will fall. As long as that is not known only a threshold that is lost shows.",
			Err:       r.renewal.Why,
		}.Warning())
	}
	if pending := r.assessment.Pending; len(pending) > 0 {
		diags.Append(tfdiag.Failure{
			Verb: "judge", Noun: fmt.Sprintf("%d of the %d members of activation pool", len(pending), len(r.members)), Name: p.name,
			Attempted: "They do not take part yet:\n" + pool.Listing(pending),
			Next:      "Applying waits for their images, all together, before the first restart. A timago_station_kms sets the option and resets the image.",
		}.Warning())
	}
	if silent := silence(r.members); len(silent) > 0 {
		diags.Append(tfdiag.Failure{
			Verb: "reach", Noun: fmt.Sprintf("%d of the %d members of activation pool", len(r.assessment.Unreachable), len(r.members)), Name: p.name,
			Attempted: "They keep what was last known of them; the KMS host's count decides the status.",
			Err:       errors.Join(silent...),
		}.Warning())
	}
	return diags
}

// uncounted names members that can never be counted, where nothing is to be done: else the
// plan's findings name them.
func (r reading) uncounted(name string) diag.Diagnostics {
	never := r.assessment.NeverCounts
	if len(never) == 0 || !r.holds() {
		return nil
	}
	return diag.Diagnostics{tfdiag.Failure{
		Verb: "count on", Noun: fmt.Sprintf("%d of the %d members of activation pool", len(never), len(r.members)), Name: name,
		Attempted: "These members can never be counted by a KMS host and are left out:\n" + pool.Listing(never),
		Next:      "Install the volume licence's KMS client key on them, or take them out of stations.",
	}.Warning()}
}

// source tells where the counts come from, and how old they are.
func (r reading) source(name string) diag.Diagnostic {
	detail := fmt.Sprintf("KMS host %s was not read (%v).", r.kmsHost, r.host.LogErr)
	if r.untold() {
		return diag.NewWarningDiagnostic("No station of activation pool "+name+" tells the KMS host's count",
			detail+" None of the stations that answered was told a count within kms.max_age.\n\n"+
				"Switch some of the stations on, or give an account for the KMS host in kms.winrm.")
	}
	for _, product := range kms.Products() {
		if age, told := r.told[product]; told {
			detail += fmt.Sprintf(" %s: the newest answer to a station is %s old.", product.Title(), age.Round(time.Second))
		}
	}
	return diag.NewWarningDiagnostic("The counts of activation pool "+name+" are those that its stations were told", detail)
}

func assessAdvice(err error) string {
	switch {
	case errors.Is(err, pool.ErrNotKMSHost):
		return "Name the machine that holds the KMS host key in kms_host or in kms.host of the provider block."
	case errors.Is(err, pool.ErrNoProduct):
		return "Switch some of the stations on and try again, or set thresholds."
	}
	return ""
}
