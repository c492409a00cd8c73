package world

import (
	"cmp"
	"fmt"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator/catalogue"
	"github.com/timago/terraform-provider-timago/internal/simulator/timeline"
)

// Periods and codes of volume activation (learn.microsoft.com, kms-activation-planning
// and activation-error-codes).
const (
	licenceLasts = 180 * 24 * time.Hour
	graceLasts   = 30 * 24 * time.Hour
	retryEvery   = 2 * time.Hour
	renewEvery   = 7 * 24 * time.Hour

	codeFirstGrace   kms.Code = 0x4004F00C // information: in the initial grace period
	codeGraceOver    kms.Code = 0xC004F009
	codeHostNotReady kms.Code = 0xC004F041
	codeClocks       kms.Code = 0xC004F06C
	codeNoHost       kms.Code = 0xC004F074
	codeBrokenStore  kms.Code = 0x8007000D
)

// How long licences last that end without a KMS host.
const (
	evaluationLasts   = 90 * 24 * time.Hour
	subscriptionLasts = 30 * 24 * time.Hour
)

// product is one product of a station with a key installed.
type product struct {
	catalogue.Title
	station *station
	means   catalogue.Means
	shown   string // as ProductKeyChannel, where that is not the way's own
	status  kms.LicenceStatus
	reason  kms.Code
	ends    time.Time // of licence or grace; zero: it does not end
	due     time.Time // of the next renewal
	asks    *time.Duration
	silent  bool
	ask     *timeline.Timer // the next request by itself
	end     *timeline.Timer
	used    int // activations used up at Microsoft, by Activate on a MAK product
}

func newProduct(s *station, described Product) *product {
	p := &product{
		Title: catalogue.Of(described.Title), station: s, means: described.By,
		shown: described.Channel, asks: described.Asks, silent: described.Silent,
	}
	if p.means == "" {
		p.means = catalogue.ByKMS
	}
	if p.Product == kms.Office && p.asks == nil {
		p.silent = true // that Office asks soon after a start is documented nowhere
	}
	switch {
	case p.means == catalogue.ByKMS:
		p.status, p.reason = kms.OOBGrace, codeFirstGrace
		p.until(s.boot.Add(graceLasts))
	case p.means == catalogue.ByActiveDirectory:
		p.status = kms.Licensed
		p.ends = s.boot.Add(licenceLasts)
	case described.Unlicensed:
		p.status, p.reason = kms.Notification, codeGraceOver
	case p.means == catalogue.ByEvaluation:
		p.status, p.ends = kms.Licensed, s.boot.Add(evaluationLasts)
	case p.means == catalogue.BySubscription:
		p.status, p.ends = kms.Licensed, s.boot.Add(subscriptionLasts)
	default:
		p.status = kms.Licensed
	}
	return p
}

func (p *product) cmid() kms.CMID {
	if p.Product == kms.Office && !p.station.Image.OneCMID {
		return p.station.office
	}
	return p.station.cmid
}

// delay is the mean time from ready until it asks by itself.
func (p *product) delay() time.Duration {
	if p.asks != nil {
		return *p.asks
	}
	return p.station.timing.Ask
}

// reset is the state after a start from a fresh image.
func (p *product) reset() {
	if p.means == catalogue.ByKMS {
		p.set(kms.OOBGrace, codeFirstGrace)
		p.until(p.station.world.now.Add(graceLasts))
		p.due = time.Time{}
	}
}

// started plans the first request after a start.
func (p *product) started() {
	s := p.station
	first := s.world.now.Add(s.length("ask "+p.ID, p.delay(), s.starts))
	switch {
	case p.means != catalogue.ByKMS:
	case !p.silent:
		p.askAt(first)
	case p.status == kms.Licensed: // its renewal may have fallen due meanwhile
		p.askAt(maxTime(first, p.due))
	}
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (p *product) askAt(t time.Time) {
	timers := &p.station.world.timers
	timers.Stop(p.ask)
	p.ask = timers.Set(t, func() { p.request() })
}

// until lets a licence or a grace period end.
func (p *product) until(t time.Time) {
	timers := &p.station.world.timers
	timers.Stop(p.end)
	p.ends = t
	p.end = timers.Set(t, func() { p.set(kms.Notification, codeGraceOver); p.ends = time.Time{} })
}

func (p *product) set(status kms.LicenceStatus, reason kms.Code) {
	if p.status != status {
		p.station.note(KindLicence, "%s: %s", p.Name, status)
	}
	p.status, p.reason = status, reason
}

// remaining is GracePeriodRemaining.
func (p *product) remaining() time.Duration {
	if p.ends.IsZero() {
		return 0
	}
	return max(0, p.ends.Sub(p.station.world.now)).Truncate(time.Minute)
}

// request asks the KMS host, as Windows does by itself or on Activate, writes the
// events of it, and plans the next.
func (p *product) request() kms.Code {
	s := p.station
	w := s.world
	asked := request{
		key: p.HostKey, threshold: p.Wants(), client: s.Name, cmid: p.cmid(), clock: s.clock(w.now),
		status: p.status, remaining: p.remaining(), id: p.ID,
	}
	reply := p.send(asked)
	p.write(asked, reply)
	s.note(KindRequest, "%s: %s, client machine id %s, count %d", p.Product.Title(), reply.code, asked.cmid, reply.count)
	if reply.code == kms.CodeOK && reply.count < asked.threshold {
		reply.code = kms.CodeNotEnoughCount
	}
	switch {
	case reply.code == kms.CodeOK:
		p.set(kms.Licensed, kms.CodeOK)
		p.until(w.now.Add(licenceLasts))
	case p.status != kms.Licensed:
		p.reason = reply.code
	}
	p.plan(reply.code)
	return reply.code
}

// plan sets the next request: a licence is renewed after 7 days, a refusal tried
// again after 2 hours.
func (p *product) plan(outcome kms.Code) {
	now := p.station.world.now
	switch {
	case outcome == kms.CodeOK:
		p.due = now.Add(renewEvery)
		p.askAt(p.due)
	case !p.silent || p.status == kms.Licensed:
		p.askAt(now.Add(retryEvery))
	}
}

// write puts down events 12288 and 12289 as Windows does: no answer when the host was
// not reached, or refused to talk because of the clocks.
func (p *product) write(asked request, reply reply) {
	s := p.station
	code := kms.CodeOK
	if !reply.reached {
		code = reply.code
	}
	s.log.Add(asked.clock, kms.EventRequest, fmt.Sprintf("%s, 0x00000000, %s:%d, %s, %s, 0, %d, %d, %s, %d",
		code, s.asksHost(), s.world.host.Port, asked.cmid, asked.clock.UTC().Format(eventTime), asked.status,
		int(asked.remaining.Minutes()), p.ID, asked.threshold))
	if !reply.reached {
		return
	}
	answer, activated := reply.code, 0
	switch {
	case answer == kms.CodeOK && reply.count < asked.threshold:
		answer = kms.CodeNotEnoughCount
	case answer == kms.CodeOK:
		activated = 1
	}
	s.log.Add(asked.clock, kms.EventAnswer, fmt.Sprintf("%s, 0x00000000, %d, 0, %d, %d, %d, %s",
		answer, activated, reply.count, int(retryEvery.Minutes()), int(renewEvery.Minutes()),
		asked.clock.UTC().Format(eventTime)))
}

// before is the request made before the world's start. Where it is not to have been
// counted, no host was reached then; it is tried again at its next turn.
func (p *product) before(counted bool) {
	w := p.station.world
	start := w.clock.Start
	if counted {
		p.request()
	} else {
		asked := request{cmid: p.cmid(), clock: p.station.clock(w.now), status: p.status, remaining: p.remaining(), id: p.ID, threshold: p.Wants()}
		p.write(asked, reply{code: codeNoHost})
		p.reason = codeNoHost
		p.plan(codeNoHost)
	}
	interval := retryEvery
	if p.station.Licensed {
		p.set(kms.Licensed, kms.CodeOK)
		p.until(w.now.Add(licenceLasts))
		p.due = w.now.Add(renewEvery)
		p.askAt(p.due)
	}
	if p.status == kms.Licensed {
		interval = renewEvery
	}
	if !p.ask.IsPending() {
		return
	}
	next := p.ask.At
	for !next.After(start) {
		next = next.Add(interval)
	}
	p.askAt(next)
}

// channel is ProductKeyChannel.
func (p *product) channel() string { return cmp.Or(p.shown, catalogue.Channels[p.means].Key) }

// description is Description.
func (p *product) description() string {
	family := "Windows(R) Operating System"
	if p.Product == kms.Office {
		family = p.Name
	}
	return family + ", " + catalogue.Channels[p.means].Token + " channel"
}
