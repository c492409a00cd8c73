package pool

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// Site is what a pool is read from. Errors wrap the sentinels of package kms.
type Site interface {
	StationReader
	RequestReader
	// InLocation lists the names of a room's stations.
	InLocation(ctx context.Context, location string) ([]string, error)
	// Identity is the same for every name of one station.
	Identity(ctx context.Context, station string) string
	// Pending says in words why stations do not take part yet; it leaves out those that do.
	// The error is a *NotFoundError where a name certainly means no station.
	Pending(ctx context.Context, stations []string) (map[string]string, error)
	// KMSHost reads the KMS host of that name, as ReadHost does.
	KMSHost(ctx context.Context, kmsHost string) (HostReading, error)
	// AsksWindows reports whether Windows itself can be asked; else there is only Shown.
	AsksWindows() bool
	// Shown is the activation as the site's own management shows it, without counts.
	Shown(ctx context.Context) (Shown, error)
}

// Definition is what a person wrote of a pool: what it is and what must hold.
type Definition struct {
	Stations     []string // its members; none where Location names them
	Location     string
	KMSHost      string // "": the one that most members use
	Wanted       Wanted
	EarlyRenewal time.Duration // how long ahead counts are renewed; 0: never
	CountSource  kms.CountSource
	MaxAge       time.Duration // of an answer to a client that stands for the host's count
	Presence     bool          // whether who uses the members is read as well
}

// Known is what earlier reads of a pool left.
type Known struct {
	Members           map[string]LastKnown
	CountsFromClients bool // the host refused the account, and its clients gave the counts
}

// Reading is one look at a pool's members and its KMS host.
type Reading struct {
	KMSHost    string
	At         time.Time
	Members    []Member
	Host       HostReading // of a host that was not read: what its clients know
	Assessment Assessment
	Renewal    Renewal
	// AnswerAges are the ages of the answers to clients that stand for the host's counts;
	// nil where the host itself was read.
	AnswerAges  map[kms.Product]time.Duration
	HostRefusal error // why the host itself was not read, where it was asked
	ShownOnly   bool  // Windows could not be asked: there is a status, and no count
}

// CountsFromClients reports whether the host's clients are the source of the counts.
func (r Reading) CountsFromClients() bool { return r.AnswerAges != nil }

// NoClientCounts reports whether they are, and none of them had any.
func (r Reading) NoClientCounts() bool { return r.CountsFromClients() && len(r.AnswerAges) == 0 }

// Restarts is about how many are missing, now or for the renewal that is due.
func (r Reading) Restarts() int { return max(r.Assessment.Restarts, r.Renewal.Missing) }

// Holds reports whether nothing is to be done.
func (r Reading) Holds() bool { return r.Assessment.Status == Activated && !r.Renewal.Ready }

// Targets are the counts that a cycle is to reach.
func (r Reading) Targets() map[kms.Product]int {
	targets := r.Assessment.Thresholds()
	maps.Copy(targets, r.Renewal.Targets)
	return targets
}

// Read looks at every member, then at the KMS host. The order matters: an account is
// proved on a station first, since the KMS host may refuse it for reasons of its own.
//
// The error is one of this package's. Beside an *UnjudgedError the reading holds what was
// seen; beside any other it is empty.
func Read(ctx context.Context, site Site, d Definition, known Known) (Reading, error) {
	names, err := d.names(ctx, site)
	if err != nil {
		return Reading{}, err
	}
	pending, err := site.Pending(ctx, names)
	var notFound *NotFoundError
	switch {
	case errors.As(err, &notFound):
		return Reading{}, notFound
	case err != nil && !site.AsksWindows():
		return Reading{}, &LookupError{Err: err}
	case err == nil: // else Windows itself decides
		if err := d.repeated(ctx, site); err != nil {
			return Reading{}, err
		}
	}
	if !site.AsksWindows() {
		return d.readShown(ctx, site, names, pending)
	}
	members, err := Survey(ctx, site, names, d.Presence)
	if err != nil {
		return Reading{}, &UnfinishedError{Stations: len(names), Err: err}
	}
	oneMachine(members)
	for i := range members {
		members[i].Pending = pending[members[i].Name]
	}
	r := Reading{Members: members, KMSHost: cmp.Or(d.KMSHost, hostInUse(members))}
	if r.KMSHost == "" {
		return Reading{}, &NoHostError{Silent: r.Silent()}
	}
	if err := r.readHost(ctx, site, d, known); err != nil {
		return Reading{}, err
	}
	return r, r.judge(d, known)
}

// names lists the members.
func (d Definition) names(ctx context.Context, site Site) ([]string, error) {
	if d.Location == "" {
		return d.Stations, nil
	}
	names, err := site.InLocation(ctx, d.Location)
	if err != nil {
		return nil, &LocationError{Location: d.Location, Err: err}
	}
	return names, nil
}

// repeated finds stations that are named in several ways, by the names alone.
func (d Definition) repeated(ctx context.Context, site Site) error {
	names := map[string][]string{}
	for _, name := range d.Stations {
		identity := site.Identity(ctx, name)
		names[identity] = append(names[identity], name)
	}
	var repeated []RepeatedStation
	for _, same := range names {
		if len(same) > 1 {
			repeated = append(repeated, same)
		}
	}
	if len(repeated) == 0 {
		return nil
	}
	slices.SortFunc(repeated, func(x, y RepeatedStation) int { return cmp.Compare(x[0], y[0]) })
	return &RepeatedError{Stations: repeated}
}

// oneMachine leaves out members that answer as another one does: a machine under a second
// name would be counted twice, and one that poses as another must not keep the others from
// being read. The member whose name is the machine's own is kept, else
// the first. Two machines of one name and one id, as clones may be, do not start at the same
// moment.
func oneMachine(members []Member) {
	type machine struct {
		computer string
		cmid     kms.CMID
		boot     time.Time
	}
	kept := map[machine]int{}
	leaveOut := func(left, kept int, as machine) {
		members[left] = Member{Name: members[left].Name, Err: &SameMachineError{Member: members[kept].Name, Computer: strings.ToUpper(as.computer), CMID: as.cmid}}
	}
	for i, m := range members {
		s := m.Station
		if m.Err != nil || s.Name == "" || s.CMID == "" {
			continue
		}
		as := machine{kms.HostLabel(s.Name), s.CMID, s.Boot.Round(time.Second)}
		switch other, known := kept[as]; {
		case !known:
			kept[as] = i
		case kms.HostLabel(kms.HostOf(m.Name)) == as.computer && kms.HostLabel(kms.HostOf(members[other].Name)) != as.computer:
			kept[as] = i
			leaveOut(other, i, as)
		default:
			leaveOut(i, other, as)
		}
	}
}

// readHost reads the host's counts, or those that its clients know where it may not be read.
func (r *Reading) readHost(ctx context.Context, site Site, d Definition, known Known) error {
	defer func() { r.At = time.Now() }()
	if d.CountSource == kms.CountStations {
		if accepted, denied := r.accepted(); denied && !accepted {
			return &DeniedError{Stations: len(r.Members), Silent: r.Silent()}
		}
		r.countFromClients(ctx, site, d)
		return nil
	}
	var err error
	if r.Host, err = site.KMSHost(ctx, r.KMSHost); err == nil {
		return nil
	}
	if ctx.Err() != nil { // it was given too little time, whatever became of the last request
		return &UnfinishedError{Stations: len(r.Members), KMSHost: r.KMSHost, Err: ctx.Err()}
	}
	accepted, denied := r.accepted()
	if !errors.Is(err, kms.ErrDenied) || d.CountSource == kms.CountHost || !accepted && (denied || !known.CountsFromClients) {
		return &HostError{KMSHost: r.KMSHost, Err: err}
	}
	r.HostRefusal = err
	r.countFromClients(ctx, site, d)
	return nil
}

func (r *Reading) countFromClients(ctx context.Context, site Site, d Definition) {
	counts := CountsFromClients(ctx, site, r.Members, d.MaxAge)
	r.Host, r.AnswerAges = HostReading{Host: counts.Host}, counts.Age
}

// accepted reports whether a station took the account, so that a host that refuses it does so
// for reasons of its own, and whether one refused it: a wrong password must not pass for
// the host's reasons.
func (r *Reading) accepted() (accepted, denied bool) {
	for _, m := range r.Members {
		accepted = accepted || m.Err == nil
		denied = denied || errors.Is(m.Err, kms.ErrDenied)
	}
	return accepted, denied
}

// judge holds what was read against what is wanted. That no product is known yet is no
// error while members are pending: they show theirs later.
func (r *Reading) judge(d Definition, known Known) error {
	var err error
	r.Assessment, err = Assess(r.Members, r.Host.Host, d.Wanted, known.Members)
	if errors.Is(err, ErrNoProduct) {
		held := r.held(d.Wanted)
		if len(r.Assessment.Pending) > 0 {
			err = nil
		} else if left := r.nothingLeft(d.Wanted); left != nil {
			err = left
		} else if r.CountsFromClients() && len(held) > 0 {
			err = &KeysUnknownError{Held: held, HostRefusal: r.HostRefusal, MaxAge: d.MaxAge}
		}
	}
	if err != nil {
		return &UnjudgedError{
			Answered: len(r.Members) - len(r.Assessment.Unreachable), Members: len(r.Members),
			KMSHost: r.KMSHost, HostRead: !r.CountsFromClients(), Silent: r.Silent(), Err: err,
		}
	}
	r.Renewal = RenewalOf(r.Host, r.Assessment, ProductsHeld(r.Members), d.EarlyRenewal)
	return nil
}

// hostInUse is the KMS host that most members say they use; "" where none says.
func hostInUse(members []Member) string {
	named := make([]string, len(members))
	for i, m := range members {
		named[i] = m.Station.KMSHost
	}
	return kms.HostOfMost(named)
}

// Silent lists what came instead of answers, a refused account first. Names that mean
// nothing and machines that are other members are not among them: see UnknownNames, Repeated.
func (r Reading) Silent() []error {
	var denied, silent []error
	for _, m := range r.Members {
		switch {
		case m.Err == nil || m.Pending != "" || m.isUnknown() || errors.As(m.Err, new(*SameMachineError)):
		case errors.Is(m.Err, kms.ErrDenied):
			denied = append(denied, m.Err)
		default:
			silent = append(silent, m.Err)
		}
	}
	return append(denied, silent...)
}

// UnknownNames lists the members whose name means no machine.
func (r Reading) UnknownNames() []string {
	var unknown []string
	for _, m := range r.Members {
		if m.isUnknown() {
			unknown = append(unknown, m.Name)
		}
	}
	return unknown
}

// Repeated lists the members that answered as another one does, each with the reason.
func (r Reading) Repeated() map[string]string {
	repeated := map[string]string{}
	for _, m := range r.Members {
		if errors.As(m.Err, new(*SameMachineError)) {
			repeated[m.Name] = m.Err.Error()
		}
	}
	return repeated
}

func (m Member) isUnknown() bool { return errors.Is(m.Err, kms.ErrUnknownName) }

// Askable lists the members that answer and hold an unlicensed product that can be asked
// to activate, of those whose threshold holds.
func (r Reading) Askable() []string {
	var names []string
	for _, m := range r.Members {
		if m.Err == nil && m.Pending == "" && slices.ContainsFunc(m.Station.Licences, func(l kms.Licence) bool {
			state, managed := r.Assessment.Products[l.Product]
			return managed && state.Missing() == 0 && l.CanAsk()
		}) {
			names = append(names, m.Name)
		}
	}
	return names
}

// held lists the products that members hold with a KMS client key and that the pool does
// not leave out.
func (r *Reading) held(wanted Wanted) []kms.Product {
	return slices.DeleteFunc(kms.Products(), func(product kms.Product) bool {
		if threshold, set := wanted.Thresholds[product]; set && threshold == 0 {
			return true
		}
		for _, known := range r.Assessment.LastKnown {
			if _, holds := known.Licences[product]; holds {
				return false
			}
		}
		return true
	})
}

// Recount judges the reading anew by counts that were read after it.
func (r Reading) Recount(d Definition, known Known, counts map[kms.Product]int) Reading {
	r.AnswerAges = maps.Clone(r.AnswerAges)
	for product, count := range counts {
		r.Host.Host = r.Host.Host.WithCount(product, count)
		if r.CountsFromClients() {
			r.AnswerAges[product] = 0
		}
	}
	renewal := r.Renewal
	if r.judge(d, known) == nil {
		r.Renewal = Renewal{Ready: renewal.Ready, Targets: renewal.Targets, Missing: renewal.Missing, Why: errNotReadSince}
	}
	return r
}

var errNotReadSince = errors.New("the KMS host's log was not read after the cycle")

// nothingLeft says why no product is left to keep where the pool leaves out what members
// hold; nil where it does not.
func (r *Reading) nothingLeft(wanted Wanted) error {
	var why []string
	leavesOut := false
	held := r.held(Wanted{})
	for _, product := range kms.Products() {
		threshold, set := wanted.Thresholds[product]
		switch holds := slices.Contains(held, product); {
		case set && threshold == 0:
			leavesOut = leavesOut || holds
			why = append(why, product.Title()+" is left out by thresholds")
		case holds && r.CountsFromClients():
			why = append(why, "no member has an answer of the KMS host for "+product.Title())
		case holds:
			why = append(why, "the KMS host has no key for "+product.Title())
		default:
			why = append(why, "no member that was read holds "+product.Title()+" with a KMS client key")
		}
	}
	if !leavesOut {
		return nil
	}
	return &NothingLeftError{Why: why}
}
