package cycle

import (
	"errors"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/evidence"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/scheduler"
)

// A station's part is reported by how far it has come, whatever the moment at which the cycle ends.
func TestWhereAStationsPartEnds(t *testing.T) {
	t.Parallel()
	commanded := func() *start { return &start{begun: true, byUs: true} }
	for name, tt := range map[string]struct {
		station station
		outcome outcome.Outcome
		says    string // "": nothing
	}{
		"nothing was needed of it":          {station{phase: ready}, outcome.Unneeded, ""},
		"it was restarted":                  {station{phase: ready, restarts: 1}, outcome.TookPart, ""},
		"it was asked":                      {station{phase: ready, asked: 1}, outcome.TookPart, ""},
		"it was switched on":                {station{phase: ready, woken: true}, outcome.TookPart, ""},
		"it is in use and skipped":          {station{phase: ready, skipped: true, asked: 1, reason: "a user"}, outcome.LeftOut, "a user"},
		"its user is looked at":             {station{phase: checking}, outcome.Unneeded, ""},
		"it is read":                        {station{phase: unread}, outcome.NotJudged, ""},
		"it is silent":                      {station{phase: silent, lastError: errors.New("no route")}, outcome.LeftOut, "it does not answer: no route"},
		"it is silent, for a reason":        {station{phase: silent, lastError: errors.New("no route"), reason: "why"}, outcome.LeftOut, "why"},
		"it is out":                         {station{phase: out, reason: "why"}, outcome.LeftOut, "why"},
		"it is being switched on":           {station{phase: waking}, outcome.UnderWay, "it was being switched on"},
		"its restart is being commanded":    {station{phase: stopping, restarts: 1, start: commanded()}, outcome.UnderWay, "its restart was commanded, the outcome is not known"},
		"it is down":                        {station{phase: down, restarts: 1, start: commanded()}, outcome.UnderWay, "it was restarted and had not come back yet"},
		"it is back":                        {station{phase: returned, restarts: 1, start: commanded()}, outcome.UnderWay, "its licences were not read any more"},
		"its request is awaited":            {station{phase: awaiting, restarts: 1, start: commanded()}, outcome.UnderWay, "it was restarted and came back; its request had not been seen yet"},
		"it was asked, and that is awaited": {station{phase: awaiting, asked: 1, start: &start{begun: true, stayedUp: true}}, outcome.UnderWay, "it was asked to activate; its request had not been seen yet"},
		"it has started by itself":          {station{phase: awaiting, start: &start{begun: true}}, outcome.UnderWay, "it has started; its request had not been seen yet"},
		"it was refused before":             {station{phase: down, restarts: 1, start: commanded(), lastRefusal: "no count"}, outcome.UnderWay, "it was asked to activate and refused: no count; then it was restarted"},
	} {
		got := tt.station.result()
		if got.Outcome != tt.outcome || !strings.Contains(got.Reason, tt.says) || tt.says == "" && got.Reason != "" {
			t.Errorf("%s: %q, %q", name, got.Outcome, got.Reason)
		}
	}
}

// No more members are asked than counts are missing, and none that the host turns out to have
// counted.
func TestWhoIsAskedToMakeWhatIsMissing(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		count   int
		log     func(d *manualDriver) []kms.Counted
		members int
		asked   int
	}{
		"one is missing":          {count: 24, members: 2, asked: 1},
		"two are":                 {count: 23, members: 2, asked: 2},
		"none is":                 {count: 25, members: 2},
		"one was counted already": {count: 23, members: 2, asked: 1, log: func(d *manualDriver) []kms.Counted { return []kms.Counted{d.record("pc01.schule.example", "PC01")} }},
	} {
		d := newManualDriver(t)
		members := []string{"PC01", "PC02"}[:tt.members]
		c := d.begins(members...)
		for _, member := range members {
			d.station(c, 10*requestGrace, holds{kms.CMID(member), client, kms.OOBGrace})
		}
		var log []kms.Counted
		if tt.log != nil {
			log = tt.log(d)
		}
		d.host(c, tt.count, log, nil)
		asked := 0
		for _, s := range c.stations {
			if s.asking != nil && s.asking.toAsk == scheduler.Only(0) {
				asked++
			}
		}
		if asked != tt.asked {
			t.Errorf("%s: %d are asked, want %d", name, asked, tt.asked)
		}
	}
}

// Of a member that waits for its turn to be asked the host may turn out to have counted its
// id, or it may be found to add nothing: it is passed over.
func TestWhoIsPassedOverWhenItsTurnToBeAskedComes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		meanwhile func(c *cycle, s *station)
		asked     bool
	}{
		"nothing has happened": {func(*cycle, *station) {}, true},
		"its id was counted": {func(c *cycle, s *station) {
			c.host.log.RememberEarlier(evidence.Request{CMID: s.licensing.CMID, ActivationID: windowsID})
		}, false},
		"it adds nothing": {func(_ *cycle, s *station) { s.adds = 0 }, false},
	} {
		d := newManualDriver(t)
		c := d.begins("PC01", "PC02")
		for _, member := range []string{"PC01", "PC02"} {
			d.station(c, 10*requestGrace, holds{kms.CMID(member), client, kms.OOBGrace})
		}
		d.host(c, 24, nil, nil)
		if next := c.stations[1]; c.stations[0].asking == nil || next.asking != nil {
			t.Fatalf("%s: PC01 is asked first, and only one is missing", name)
		}
		tt.meanwhile(c, c.stations[1])
		d.answer(c, activate, report{err: &kms.CodeError{Code: kms.CodeIDMismatch}})
		if asked := c.stations[1].asking != nil; asked != tt.asked {
			t.Errorf("%s: PC02 is asked: %t", name, asked)
		}
	}
}
