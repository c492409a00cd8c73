package report

import (
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// When a threshold is reached is guessed from what is under way and from what starts took.
func TestWhenAThresholdIsReached(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 9, 14, 14, 0, 0, 0, time.UTC)
	at := func(seconds int) *station {
		return &station{phase: back, due: now.Add(time.Duration(seconds) * time.Second)}
	}
	for _, tt := range []struct {
		name     string
		missing  int
		usual    Usual
		stations []*station
		want     time.Duration // 0: not known
	}{
		{"one is missing and on its way", 1, Usual{}, []*station{at(20)}, 20 * time.Second},
		{"the second of three is enough", 2, Usual{}, []*station{at(30), at(10), at(20)}, 20 * time.Second},
		{"two stations go again and again", 5, Usual{Return: 50 * time.Second, Request: 10 * time.Second}, []*station{at(10), at(20)}, 130 * time.Second},
		{"late stations are due now", 1, Usual{}, []*station{at(-40)}, time.Nanosecond},
		{"nothing is under way", 1, Usual{Return: time.Minute}, []*station{{phase: inUse}, {phase: idle}}, 0},
		{"no time is known", 1, Usual{}, []*station{at(10), {phase: down}}, 0},
		{"no time of another round is known", 2, Usual{}, []*station{at(10)}, 0},
		{"a station that is down still has to ask", 1, Usual{}, []*station{{phase: down, due: now.Add(time.Minute), usual: Usual{Request: 15 * time.Second}}}, 75 * time.Second},
		{"whoever was asked counts with the next look", 1, Usual{}, []*station{{phase: asked}}, time.Nanosecond},
	} {
		s := &Section{state: running, usual: tt.usual, stations: tt.stations}
		p := &product{Product: kms.Windows, target: tt.missing}
		got, known := s.reaches(p, now)
		want := now.Add(tt.want)
		if tt.want == time.Nanosecond {
			want = now
		}
		if known != (tt.want > 0) || known && !got.Equal(want) {
			t.Errorf("%s: %v after %s, want %s", tt.name, known, got.Sub(now), tt.want)
		}
	}
}
