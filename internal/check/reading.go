package check

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/foreign"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/windows"
)

// stationReading are the assumptions about what a station says of itself.
func stationReading() []probe {
	return append(classes(windows.StationQuestions()),
		probe{name: "Batches", expected: "several instances come in few messages", ask: batches},
		probe{name: "Log by class", expected: "12288, 12289 of a day in seconds", ask: logBy(windows.ByClass)},
		probe{name: "Log by command", expected: "the same by wevtutil", ask: logBy(windows.ByCommand)},
		probe{name: "Requests", expected: "the KMS host answers each", ask: answered},
		probe{name: "Keys", expected: "a KMS client key, Volume:GVLK", ask: clientKeys},
		probe{name: "KMS host in use", expected: "the one that is checked", ask: hostInUse},
		probe{name: "Machine id", expected: "a client machine id of its own", ask: ownID},
		probe{name: "Clock", expected: "as this computer's", ask: clock},
		probe{name: "Network card", expected: "one is known to wake it by", ask: card},
		probe{name: "Sessions", expected: "nobody is logged on", ask: sessions},
		probe{name: "Fast startup", expected: "every start is a full one", ask: fastStartup},
		probe{name: "Language", expected: "any: only codes and tokens are read", ask: language},
	)
}

// unread is what a line says whose class did not answer.
func unread(err error) finding {
	return finding{Unanswered, "not read: " + foreign.Text(err.Error()), "See the line of the class."}
}

func clock(ctx context.Context, m *machine) finding {
	a := m.first(ctx)
	if a.err != nil {
		return unread(a.err)
	}
	uptime, known := m.times(ctx)
	if !known {
		return finding{Blocks, "LastBootUpTime or LocalDateTime cannot be read", "Please send a recording."}
	}
	m.uptime, m.ahead = uptime, uptime.Now.Sub(a.at)
	f := holds("%s, up for %s", offset(m.ahead), rough(uptime.Duration()))
	switch {
	case m.ahead.Abs() > kmsTolerance:
		return f.but(Blocks, "A KMS host refuses clients whose clock is more than 4 hours from its own (0xC004F06C). Set the clock (w32tm /resync), or this computer's.")
	case m.ahead.Abs() > kerberosTolerance:
		return f.but(Notable, "Kerberos takes 5 minutes at most. Set the clock (w32tm /resync), or this computer's.")
	}
	return f
}

// times are the machine's clock and start as they were read; false where they were not.
func (m *machine) times(ctx context.Context) (kms.Uptime, bool) {
	a := m.first(ctx)
	if a.err != nil || len(a.instances) == 0 {
		return kms.Uptime{}, false
	}
	boot, booted := a.instances[0].Time("LastBootUpTime")
	now, known := a.instances[0].Time("LocalDateTime")
	return kms.Uptime{Now: now, Boot: boot}, booted && known
}

// now is the machine's clock, or this computer's where that was not read.
func (m *machine) now(ctx context.Context) time.Time {
	if uptime, known := m.times(ctx); known {
		return uptime.Now
	}
	return time.Now()
}

// How far clocks may be apart.
const (
	kmsTolerance      = 4 * time.Hour
	kerberosTolerance = 5 * time.Minute
)

func offset(ahead time.Duration) string {
	switch {
	case ahead.Abs() < 2*time.Second:
		return "the same time"
	case ahead > 0:
		return rough(ahead) + " ahead of this computer"
	}
	return rough(-ahead) + " behind this computer"
}

// rough is a long duration in one unit.
func rough(d time.Duration) string {
	units := func(unit time.Duration, one string) string { return count(int(d.Round(unit)/unit), one, one+"s") }
	switch {
	case d < 2*time.Minute:
		return units(time.Second, "second")
	case d < 2*time.Hour:
		return units(time.Minute, "minute")
	case d < 48*time.Hour:
		return units(time.Hour, "hour")
	}
	return units(24*time.Hour, "day")
}

// logAge is how far back logs are read.
const logAge = 24 * time.Hour

// slowLog is more than reading a day of licensing's events may take in a cycle.
const slowLog = 20 * time.Second

func logBy(way windows.Way) func(context.Context, *machine) finding {
	return func(ctx context.Context, m *machine) finding {
		ctx, cancel := context.WithTimeout(ctx, probeLimit)
		defer cancel()
		now := m.now(ctx)
		start := time.Now()
		read, err := m.windows.ReadLog(ctx, m.address, way, m.isHost, now.Add(-logAge))
		m.logs = append(m.logs, logRead{way: way, read: read, err: err})
		if err != nil {
			return m.logFailed(way, err)
		}
		f := holds("%s, %s%s", count(read.Events(), "event", "events"), took(time.Since(start)), oldest(read, now))
		if other := m.logs[0]; other.err == nil && other.read.Events() != read.Events() {
			return f.but(Blocks, fmt.Sprintf("The other way gave %d. Please send a recording.", other.read.Events()))
		}
		switch {
		case time.Since(start) > slowLog:
			return f.but(Notable, "This is slow: each look at the log of a cycle takes so long.")
		case read.Events() == 0 && m.asks(ctx):
			return f.but(Notable, "It should have asked since its start. Where Event Viewer shows 12288 of the last day, please send a recording.")
		}
		return f
	}
}

// logRead is what came of reading a log in one way.
type logRead struct {
	way  windows.Way
	read windows.LogRead
	err  error
}

// asks reports whether a station must have asked a KMS host within the age of the logs: it was
// started then, and has a product of which a KMS client is not licensed.
func (m *machine) asks(ctx context.Context) bool {
	licensing, err := m.windows.Licensing(ctx, m.address)
	uptime, known := m.times(ctx)
	return err == nil && known && !m.isHost && slices.ContainsFunc(licensing.Licences, kms.Licence.CanAsk) &&
		uptime.Duration() > asksWithin && uptime.Duration() < logAge
}

// asksWithin is long enough for a station to ask after its start.
const asksWithin = 15 * time.Minute

// logFailed judges a way that does not serve: the other may.
func (m *machine) logFailed(way windows.Way, err error) finding {
	f := failed(Notable, err, "The log is read by the command instead, if that works.")
	if way == windows.ByCommand {
		f.Means = "The class serves: the command is needed only where it does not."
		if m.logs[0].err != nil {
			f.verdict, f.Means = Blocks, "The log can be read in no way: a cycle sees no request."
		}
	}
	return f
}

func oldest(read windows.LogRead, now time.Time) string {
	var first time.Time
	if len(read.Requests) > 0 {
		first = read.Requests[0].Time
	}
	if len(read.Counted) > 0 {
		first = read.Counted[0].Time
	}
	if first.IsZero() {
		return ""
	}
	return ", the oldest " + rough(max(now.Sub(first), 0)) + " old"
}

// requests are what the station asked, by the first way that gave them.
func (m *machine) requests() ([]kms.Exchange, error) {
	err := errors.New("no log was read")
	for _, log := range m.logs {
		if err = log.err; err == nil {
			return log.read.Requests, nil
		}
	}
	return nil, err
}

// codeNoHost: no KMS host could be reached.
const codeNoHost kms.Code = 0xC004F074

func answered(ctx context.Context, m *machine) finding {
	requests, err := m.requests()
	if err != nil {
		return unread(err)
	}
	uptime, _ := m.times(ctx)
	last := map[string]kms.Exchange{} // of each product
	for _, r := range requests {
		if !r.Time.Before(uptime.Boot) { // earlier ones come from the making of the image
			last[r.ActivationID] = r
		}
	}
	var counted int
	for _, r := range last {
		code := r.Code
		if r.Answer != nil {
			code = r.Answer.Code
		}
		switch {
		case r.Answer != nil && code.Counted():
			counted++
		case r.Answer == nil || code.Passes():
			if code.Informational() {
				code = codeNoHost // no answer, and nothing said why
			}
			return finding{Notable, "the last had no answer: " + code.Words(), remedy(code) + " It may have passed: -activate asks once more."}
		default:
			return finding{Blocks, "the last was refused: " + code.Words(), remedy(code)}
		}
	}
	if counted == 0 {
		return finding{Holds, "none since its start, within a day", ""}
	}
	return holds("%s answered", count(counted, "product was", "products were"))
}

func clientKeys(ctx context.Context, m *machine) finding {
	licensing, err := m.windows.Licensing(ctx, m.address)
	if err != nil {
		return unread(err)
	}
	m.licensing = licensing
	var shown, why []string
	counts := false
	for _, l := range licensing.Licences {
		state := l.Status.String()
		if l.LicensedBy() == kms.ByKMS {
			state += " by KMS"
		}
		shown = append(shown, fmt.Sprintf("%s %s %s", l.Product.Title(), l.Channel.Raw, state))
		if reason := l.NeverCounts(); reason != "" {
			why = append(why, l.Product.Title()+": "+reason+".")
		} else {
			counts = true
		}
	}
	f := holds("%s", strings.Join(shown, "; "))
	switch {
	case len(shown) == 0:
		return finding{Blocks, "no Windows or Office with a key", "Install the KMS client key (GVLK) of the edition by slmgr /ipk."}
	case !counts:
		return f.but(Blocks, strings.Join(why, " "))
	case len(why) > 0:
		return f.but(Notable, strings.Join(why, " "))
	}
	return f
}

// notRead is what lines say after that of the keys, where licensing could not be read.
var notRead = finding{Unanswered, "not read", "See Keys."}

func hostInUse(ctx context.Context, m *machine) finding {
	if _, err := m.windows.Licensing(ctx, m.address); err != nil {
		return notRead
	}
	used, wanted := m.licensing.KMSHost, kms.HostOf(m.Site.KMSHost)
	switch {
	case used == "":
		return finding{Notable, "none is known to it", "It finds one in DNS when it asks for the first time, or by slmgr /skms."}
	case wanted == "" || kms.SameHost(used, wanted):
		return holds("%s:%d", used, m.licensing.KMSPort)
	case kms.IsAddress(used) != kms.IsAddress(wanted):
		return holds("%s:%d", used, m.licensing.KMSPort).but(Notable, "See that this is "+wanted+": one is a name, the other an address.")
	}
	return finding{Blocks, "it asks " + used, "Its requests count there. Name that host, or set the station's by slmgr /skms."}
}

func card(ctx context.Context, m *machine) finding {
	mac, err := m.windows.MAC(ctx, m.address)
	switch {
	case err != nil:
		return unread(err)
	case mac == "":
		return finding{Notable, "none holds the address that is asked", "It cannot be woken by Wake-on-LAN: give its address in an inventory."}
	}
	return holds("one holds the address that is asked")
}

func sessions(ctx context.Context, m *machine) finding {
	presence, err := m.windows.Presence(ctx, m.address)
	switch {
	case err != nil:
		return unread(err)
	case presence.InUse(nil) != "":
		return finding{Notable, "a user is logged on", "A cycle waits until nobody is (cycle.when_in_use)."}
	}
	return holds("nobody")
}

// bootEvent of Kernel-Boot says how Windows started: 0 from nothing, 1 by fast startup, 2 from
// hibernation. Microsoft does not document it, so that the line says where this comes from.
const bootEvent = 27

const byBootEvent = ", by Kernel-Boot's event 27 (inferred)"

func fastStartup(ctx context.Context, m *machine) finding {
	since := m.now(ctx).Add(-logAge)
	a := m.question(ctx, "SELECT InsertionStrings FROM Win32_NTLogEvent WHERE Logfile = 'System' AND SourceName = 'Microsoft-Windows-Kernel-Boot'"+
		fmt.Sprintf(" AND EventCode = %d AND TimeGenerated >= '%s+000'", bootEvent, since.UTC().Format("20060102150405.000000")))
	if a.err != nil {
		return finding{Notable, "the System log was not read: " + foreign.Text(a.err.Error()), "Look at powercfg /a."}
	}
	starts, fast := 0, 0
	for _, event := range a.instances {
		kind, err := strconv.ParseUint(strings.TrimSpace(slices.Concat(event.Strings("InsertionStrings"), []string{""})[0]), 0, 8)
		if err == nil {
			starts++
		}
		if err == nil && kind != 0 {
			fast++
		}
	}
	switch {
	case fast > 0:
		return finding{Notable, fmt.Sprintf("%d of %s of a day was not full"+byBootEvent, fast, count(starts, "start", "starts")),
			"A station that is shut down and woken keeps its start time and its id. Switch fast startup off: powercfg /h off, or HiberbootEnabled = 0."}
	case starts == 0:
		return holds("its log of a day shows no start") // up for less, it left no event
	}
	return holds("%s of a day, all full"+byBootEvent, count(starts, "start", "starts"))
}

func language(ctx context.Context, m *machine) finding {
	a := m.question(ctx, "SELECT Version, OSLanguage, MUILanguages, Locale, CodeSet, ProductType FROM Win32_OperatingSystem")
	if a.err != nil || len(a.instances) == 0 {
		return finding{Notable, "not read", ""}
	}
	text := func(name string) string { value, _ := a.instances[0].String(name); return foreign.Short(value, 40) }
	return holds("%s, language %s, locale %s, code page %s, Windows %s", strings.Join(a.instances[0].Strings("MUILanguages"), " "), text("OSLanguage"), text("Locale"), text("CodeSet"), text("Version"))
}
