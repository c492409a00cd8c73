package pool_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
)

// A member that answers as another does is left out with its reason, and the others are
// judged; where the names themselves show it, nobody is asked.
func TestOneMachineUnderTwoNames(t *testing.T) {
	t.Parallel()
	const cmid kms.CMID = "36f27b39-2fd5-440b-be67-a09996d27a38"
	answering := func(name, computer string, up time.Duration, cmid kms.CMID) pool.Member {
		m := station(name, up, windows(kms.Licensed))
		m.Station.Name, m.Station.CMID = computer, cmid
		return m
	}
	for name, tt := range map[string]struct {
		other pool.Member
		same  bool
	}{
		"its address":                        {answering("192.0.2.7", "pc01", longUp, cmid), true},
		"a clone of its image, named as it":  {answering("192.0.2.8", "PC01", longUp+time.Minute, cmid), false},
		"another machine of the image":       {answering("PC02", "PC02", longUp, cmid), false},
		"another machine of that name":       {answering("192.0.2.9", "PC01", longUp, "00000000-0000-4000-8000-000000000001"), false},
		"one whose name and id are not read": {answering("192.0.2.10", "", longUp, ""), false},
	} {
		s := room(answering("PC01", "PC01", longUp, cmid), tt.other, answering("PC03", "PC03", longUp, "11111111-2fd5-440b-be67-a09996d27a38"))
		r, err := pool.Read(t.Context(), s, s.names(), pool.Known{})
		want := map[string]string{}
		if tt.same {
			want[tt.other.Name] = "it answers as PC01 does: as PC01, with client machine id " + string(cmid) + " and the same start time"
		}
		if err != nil || !maps.Equal(r.Repeated(), want) || len(r.Assessment.Unreachable) != len(want) || len(r.Silent()) > 0 {
			t.Errorf("%s: %v, %v, %v", name, err, r.Repeated(), r.Silent())
		}
	}

	s := room(answering("PC00", "PC01", longUp, cmid), answering("PC01", "PC01", longUp, cmid))
	if r, err := pool.Read(t.Context(), s, s.names(), pool.Known{}); err != nil || len(r.Repeated()) != 1 || r.Repeated()["PC00"] == "" {
		t.Errorf("the one that bears another's name is left out: %v, %v", r.Repeated(), err)
	}

	s = room(station("PC01", longUp, windows(kms.Licensed)))
	d := s.names()
	d.Stations, s.identities = []string{"PC01", "PC01:5985", "PC02", "pc02.schule.example"}, map[string]string{"PC01:5985": "PC01", "pc02.schule.example": "PC02"}
	_, err := pool.Read(t.Context(), s, d, pool.Known{})
	if want := "PC01 and PC01:5985 are one station\nPC02 and pc02.schule.example are one station"; err == nil || err.Error() != want {
		t.Errorf("%v, want %q", err, want)
	}
	if len(s.asked) > 0 {
		t.Errorf("names alone show it, and %v were asked", s.asked)
	}
}

// A name that means nothing is no station that is off.
func TestUnknownNamesAreApartFromSilentStations(t *testing.T) {
	t.Parallel()
	unknown := pool.Member{Name: "PC99", Err: fmt.Errorf("station PC99: %w", kms.ErrUnknownName)}
	s := room(station("PC01", longUp, windows(kms.Licensed)), silent("PC02"), unknown)
	r, err := pool.Read(t.Context(), s, s.names(), pool.Known{})
	if err != nil || !slices.Equal(r.UnknownNames(), []string{"PC99"}) || len(r.Silent()) != 1 || len(r.Assessment.Unreachable) != 2 {
		t.Errorf("unknown %v, silent %v, unreachable %v, %v", r.UnknownNames(), r.Silent(), r.Assessment.Unreachable, err)
	}
}
