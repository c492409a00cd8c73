package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/windows"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// restarting are the assumptions that only a restart shows. It is never made under a user.
func restarting() []probe {
	return []probe{
		{name: "Restart", expected: "taken at once, without a user", ask: restart, needed: true, commands: true},
		{name: "Way down and up", expected: "the network shows when it is back", ask: watch, needed: true, commands: true},
		{name: "After the start", expected: "licensing answers, with a new client machine id", ask: restarted},
	}
}

func restart(ctx context.Context, m *machine) finding {
	const notRestarted = "It was not restarted."
	for _, other := range m.machines {
		if other.restarted && strings.EqualFold(m.computer(ctx), other.computer(ctx)) {
			if is, _ := m.is(ctx, other); is == oneMachine {
				return finding{Blocks, "not restarted again: it is " + other.name, namedTwice}
			}
		}
	}
	fresh := windows.New(m.wire.Client)
	presence, err := fresh.Presence(ctx, m.address)
	switch {
	case ctx.Err() != nil:
		return finding{Unanswered, brokenOff, notRestarted}
	case err != nil:
		return failed(Unanswered, err, notRestarted)
	case presence.InUse(nil) != "":
		return finding{Blocks, "a user is logged on", "It was not restarted. Try again when nobody is."}
	}
	m.uptime = presence.Uptime
	start := time.Now()
	err = fresh.Restart(ctx, m.address, false)
	m.unsure = errors.Is(err, kms.ErrUnknownOutcome)
	m.restarted = err == nil || m.unsure
	switch {
	case m.unsure && ctx.Err() != nil:
		return finding{Unanswered, brokenOff, mayHaveRestarted}
	case m.unsure:
		return failed(Notable, err, "The connection ended before the answer. Its uptime shows whether it was taken: see the next line.")
	case errors.Is(err, kms.ErrInUse):
		return failed(Blocks, err, "Somebody uses it, or it is locked. Try again when nobody does.")
	case err != nil && ctx.Err() != nil:
		return finding{Unanswered, brokenOff, notRestarted}
	case err != nil:
		return failed(Blocks, err, "")
	}
	return holds("taken, %s", took(time.Since(start)))
}

const mayHaveRestarted = "It may have been restarted: see that it comes back."

// How a restart is watched: the port for nothing, the service rarely. Each look at the
// service is a request, and while the machine starts it may refuse the account.
const (
	defaultRestartLimit = 15 * time.Minute
	portEvery           = 250 * time.Millisecond
	firstPoll           = 500 * time.Millisecond
	longestPoll         = 30 * time.Second
	mostPolls           = 12
)

// phases are what was seen of a machine, one after the other.
type phases struct {
	names  []string
	starts []time.Time
}

func (p *phases) see(name string) {
	if n := len(p.names); n == 0 || p.names[n-1] != name {
		p.names, p.starts = append(p.names, name), append(p.starts, time.Now())
	}
}

func (p *phases) String() string {
	var parts []string
	for i, name := range p.names {
		end := time.Now()
		if i+1 < len(p.starts) {
			end = p.starts[i+1]
		}
		parts = append(parts, name+" "+p.bound(name)+took(end.Sub(p.starts[i])))
	}
	return strings.Join(parts, ", ")
}

// refusing is a phase that is looked at rarely, so that it may have ended long before.
const refusing = "refuses the account (Netlogon starts)"

// asBefore is what is seen until a machine goes down.
const asBefore = "answers as before"

// stayed reports whether nothing was seen of a way down.
func (p *phases) stayed() bool { return len(p.names) == 1 && p.names[0] == asBefore }

// bound is what stands before the length of a phase, or of all where no phase is named.
func (p *phases) bound(name string) string {
	if name == refusing || name == "" && slices.Contains(p.names, refusing) {
		return "at most "
	}
	return ""
}

func (c *checker) restartLimit() time.Duration { return cmp.Or(c.RestartLimit, defaultRestartLimit) }

func watch(ctx context.Context, m *machine) finding {
	limit, whole := m.restartLimit(), ctx
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	fresh := windows.New(m.wire.Client)
	var seen phases
	start, pause, next, polls := time.Now(), firstPoll, time.Now(), 0
	host, port := m.target()
	for wait(ctx, portEvery) {
		err := m.network.Connect(ctx, host, port)
		if ctx.Err() != nil { // what it found is of the limit
			break
		}
		if err != nil {
			seen.see("port closed")
			pause, next = firstPoll, time.Now() // asked as soon as it opens
			continue
		}
		if time.Now().Before(next) {
			continue
		}
		if polls++; polls > mostPolls {
			return finding{Unanswered, seen.String(), away(&seen, time.Since(start))}
		}
		uptime, err := fresh.Probe(ctx, m.address)
		if err == nil && uptime.RestartedSince(m.uptime) {
			return holds("back after %s%s: %s", seen.bound(""), took(time.Since(start)), seen.String())
		}
		if ctx.Err() != nil && seen.stayed() {
			break
		}
		seen.see(phaseOf(err))
		next = time.Now().Add(pause)
		pause = min(2*pause, longestPoll)
		if winrm.IsAuthRejected(err) {
			next = time.Now().Add(longestPoll) // a refusal may be a failed logon
		}
	}
	switch {
	case whole.Err() != nil && m.unsure:
		return finding{Unanswered, brokenOff, mayHaveRestarted}
	case whole.Err() != nil:
		return finding{Unanswered, brokenOff, "It was restarted: see that it comes back."}
	}
	return finding{Unanswered, seen.String(), away(&seen, limit)}
}

// away says what it means that a machine is not back.
func away(seen *phases, after time.Duration) string {
	if seen.stayed() {
		return "It did not go down within " + rough(after) + ": the restart was not carried out, or something there holds it up."
	}
	return "It did not come back within " + rough(after) + ": look at it. A pool leaves such a station out (cycle.station_timeout)."
}

// phaseOf names what a machine shows on its way.
func phaseOf(err error) string {
	var unreachable *winrm.Unreachable
	switch {
	case err == nil:
		return asBefore
	case winrm.IsAuthRejected(err):
		return refusing
	case errors.As(err, &unreachable):
		return "service " + string(unreachable.Kind)
	case errors.Is(err, kms.ErrNotYet):
		if code, known := winrm.Code(err); known {
			return fmt.Sprintf("answers with code %d", code)
		}
		return "not ready"
	}
	return "answers with an error"
}

// wait reports whether there is still time after a pause.
func wait(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// servicesLimit is how long licensing may take to answer after a start.
const servicesLimit = 2 * time.Minute

func restarted(ctx context.Context, m *machine) finding {
	ctx, cancel := context.WithTimeout(ctx, min(servicesLimit, m.restartLimit()))
	defer cancel()
	fresh := windows.New(m.wire.Client)
	start, pause := time.Now(), 2*time.Second
	licensing, err := fresh.Licensing(ctx, m.address)
	for err != nil && wait(ctx, pause) {
		pause *= 4
		licensing, err = fresh.Licensing(ctx, m.address)
	}
	if err != nil {
		return failed(Blocks, err, "The machine is back and its licensing is not: see the service sppsvc there.")
	}
	f := holds("licensing after %s, a new id", took(time.Since(start)))
	presence, err := fresh.Presence(ctx, m.address)
	switch {
	case m.licensing.CMID == "":
		f.Found = fmt.Sprintf("licensing after %s, no id was read before", took(time.Since(start)))
		return f.but(Unanswered, "See Machine id, and check it again.")
	case licensing.CMID == m.licensing.CMID:
		f.Found = fmt.Sprintf("licensing after %s, the same id", took(time.Since(start)))
		return f.but(Blocks, "A restart of this image counts once. See that the option KMS-Aktivierung is on in Timago and that its image was reset since; else each station counts once alone.")
	case err == nil && presence.InUse(nil) != "":
		return f.but(Notable, "A user logged on after the start: with automatic logon a cycle waits for ever, unless cycle.ignore_users names it.")
	}
	return f
}
