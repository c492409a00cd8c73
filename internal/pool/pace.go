package pool

import "time"

// Pace is how long a station's cycle takes.
type Pace struct {
	Return  Span `json:"return"`  // from the restart's command until it answers
	Request Span `json:"request"` // from then until its request was counted
}

// Cycle is the whole of it; 0 where it is not known.
func (p Pace) Cycle() time.Duration {
	if p.Return.Samples == 0 {
		return 0
	}
	return p.Return.Mean + p.Request.Mean
}

// UsualCycle is the time that a restart and its request are taken to need, of a station of
// which nothing is known.
const UsualCycle = 3 * time.Minute

// Span is a duration as it was observed: a running mean and the mean distance from it.
type Span struct {
	Mean      time.Duration `json:"mean"`
	Deviation time.Duration `json:"deviation"`
	Samples   int           `json:"samples"`
}

// Weight of the past in a running mean: TCP's round-trip estimator (RFC 6298, section
// 2.3) in principle, with one gain for both since restarts are few.
const spanGain = 4

// With gives the span after one more observation.
func (s Span) With(observed time.Duration) Span {
	if s.Samples == 0 {
		return Span{Mean: observed, Deviation: observed / 20, Samples: 1}
	}
	weight := time.Duration(min(s.Samples+1, spanGain))
	off := observed - s.Mean
	return Span{
		Mean:      s.Mean + off/weight,
		Deviation: s.Deviation + (off.Abs()-s.Deviation)/weight,
		Samples:   s.Samples + 1,
	}
}

// spanOf is the span of which nothing but these is known.
func spanOf(observed []time.Duration) Span {
	if len(observed) == 0 {
		return Span{}
	}
	s, number := Span{Samples: len(observed)}, time.Duration(len(observed))
	for _, d := range observed {
		s.Mean += d
	}
	s.Mean /= number
	for _, d := range observed {
		s.Deviation += (d - s.Mean).Abs() / number
	}
	return s
}
