package report

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
)

// Line says in one line of English what happened in a cycle.
func Line(e outcome.Event, targets map[kms.Product]int) string {
	return happened(e, e.Station, targets).en
}

// happened says in one line what happened; station is how the event's one is called.
func happened(e outcome.Event, station string, targets map[kms.Product]int) text {
	product := e.Product.Title()
	of := text{}
	if e.Product != "" {
		of = say(" for %s", " für %s", product)
	}
	var t text
	switch e.Kind {
	case outcome.KindCounts:
		counts := countsOf(e.Counts, targets)
		return text{"counts: " + counts.en, "Anzahl: " + counts.de}
	case outcome.KindReached:
		counts := countsOf(e.Counts, targets)
		return text{"every threshold holds: " + counts.en, "alle Schwellenwerte sind erreicht: " + counts.de}
	case outcome.KindAsked:
		return say("%s was asked to activate %s", "%s wurde um die Aktivierung von %s gebeten", station, product)
	case outcome.KindCounted:
		t = text{station + " was counted" + of.en, station + " wurde gezählt" + of.de}
	case outcome.KindWoken:
		t = say("switching on %s", "%s wird eingeschaltet", station)
	case outcome.KindRestarting:
		t = say("restarting %s", "%s wird neu gestartet", station)
	case outcome.KindBack:
		t = say("%s is back", "%s ist wieder da", station)
	case outcome.KindInUse:
		t = say("%s is left for later", "%s kommt später dran", station)
	case outcome.KindLeftOut:
		t = text{station + " is left out" + of.en, station + " wird ausgelassen" + of.de}
	case outcome.KindSwitchedOff:
		t = say("switching off %s", "%s wird ausgeschaltet", station)
	case outcome.KindLeftOn:
		t = say("%s stays on", "%s bleibt an", station)
	case outcome.KindHostSilent:
		t = say("the KMS host could not be read and is asked again", "der KMS-Host war nicht zu lesen und wird wieder gefragt")
	case outcome.KindWaiting:
		t = say("waiting", "es wird gewartet")
	default:
		t = text{string(e.Kind), string(e.Kind)}
	}
	return because(t, e.Reason)
}

// countsOf shows counts: "Windows 22 of 25, Office 3 of 5".
func countsOf(counts, targets map[kms.Product]int) text {
	var en, de []string
	for _, product := range kms.Products() {
		if count, managed := counts[product]; managed {
			t := say("%s %d of %d", "%s %d von %d", product.Title(), count, targets[product])
			en, de = append(en, t.en), append(de, t.de)
		}
	}
	return text{strings.Join(en, ", "), strings.Join(de, ", ")}
}

// state is how a section stands, for people and machines.
type state string

const (
	running   state = "running"
	reached   state = "reached"
	unmet     state = "not_reached" // nothing more could be done
	cancelled state = "cancelled"   // ended from outside, or out of time
	failed    state = "failed"      // something else ended it
)

func (s state) words() text {
	switch s {
	case running:
		return say("Running", "Läuft")
	case reached:
		return say("Done", "Fertig")
	case unmet:
		return say("Not reached", "Nicht erreicht")
	case cancelled:
		return say("Ended early", "Vorzeitig beendet")
	case failed:
	}
	return say("Failed", "Fehlgeschlagen")
}

// judge says how a cycle ended, and in words why. Errors that list stations are not
// quoted: each row says what it was with its own.
func (h *hider) judge(o Outcome) (state, text) {
	var (
		stalled    *outcome.Stalled
		sameCMID   *outcome.SameCMID
		ended      *outcome.Cancelled
		unreadable *outcome.HostUnreadable
		noKey      *outcome.HostWithoutKey
		outside    *outcome.OutsideWindow
	)
	switch err := o.Err; {
	case err == nil && o.Holds:
		return reached, say("All that was wanted holds.", "Alles Gewünschte ist erreicht.")
	case err == nil:
		return unmet, say("The cycle ended, and not all that was wanted holds.", "Der Lauf ist zu Ende, und nicht alles Gewünschte ist erreicht.")
	case errors.As(err, &ended) && errors.Is(err, context.DeadlineExceeded):
		return cancelled, say("The time for this apply ran out.", "Die Zeit für diesen Lauf ist abgelaufen.")
	case errors.As(err, &ended):
		return cancelled, say("The apply was interrupted.", "Der Lauf wurde unterbrochen.")
	case errors.As(err, &sameCMID):
		return unmet, say("The image keeps its client machine id: each of %d members counts once.",
			"Das Image behält seine Clientcomputer-ID: Jedes von %d Mitgliedern zählt nur einmal.", sameCMID.Members)
	case errors.As(err, &stalled):
		return unmet, say("No station can add to the count any more.", "Keine Station kann die Anzahl noch erhöhen.")
	case errors.As(err, &outside):
		return unmet, say("The maintenance window is closed.", "Das Wartungsfenster ist geschlossen.")
	case errors.As(err, &noKey):
		return failed, say("The KMS host has no key for %s.", "Der KMS-Host hat keinen Schlüssel für %s.", noKey.Product.Title())
	case errors.As(err, &unreadable):
		return failed, because(say("The KMS host's counts could not be read", "Die Anzahl am KMS-Host war nicht zu lesen"), h.sentence(unreadable.Cause.Error()))
	default:
		return failed, because(say("The cycle ended with an error", "Der Lauf endete mit einem Fehler"), h.sentence(err.Error()))
	}
}

// words says where the station's part stands.
func (st *station) words() text {
	switch st.phase {
	case idle:
		return st.reason.or(say("nothing was asked of it", "nichts wurde verlangt"))
	case asked:
		return say("asked to activate", "um Aktivierung gebeten")
	case starting:
		return say("is being switched on", "wird eingeschaltet").due(st.due)
	case down:
		return say("is restarting", "startet neu").due(st.due)
	case back:
		return say("is back, its count is awaited", "ist wieder da, die Zählung steht aus")
	case counted:
		return say("counted", "gezählt").and(st.reason)
	case inUse:
		return say("a user is logged on", "jemand ist angemeldet")
	case off:
		return say("switched off again", "wieder ausgeschaltet")
	case leftOut, underWay:
	}
	return st.reason
}

func (t text) or(other text) text {
	if t == (text{}) {
		return other
	}
	return t
}

// due adds when something is expected.
func (t text) due(at time.Time) text {
	if at.IsZero() {
		return t
	}
	return t.and(say("back about %s", "zurück gegen %s", clock(at)))
}

func clock(at time.Time) string { return at.Format(time.TimeOnly) }

// lasting shows a duration: "7 min 29 s".
func lasting(d time.Duration) string {
	d = d.Round(time.Second)
	hours, minutes, seconds := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60
	switch {
	case hours > 0:
		return fmt.Sprintf("%d h %d min", hours, minutes)
	case minutes > 0 && seconds > 0:
		return fmt.Sprintf("%d min %d s", minutes, seconds)
	case minutes > 0:
		return fmt.Sprintf("%d min", minutes)
	}
	return fmt.Sprintf("%d s", seconds)
}
