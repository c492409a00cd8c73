package pool

import "time"

// Memory is what a cycle learnt that the next one can use.
type Memory struct {
	Paces map[string]Pace `json:"paces,omitempty"` // by station
	// Proof is when a restart last brought a new client machine id, on that station's
	// clock; zero: never seen.
	Proof time.Time `json:"proof,omitzero"`
}

// Fleet is the pace of all members together of which one is remembered. Each weighs the
// same, however often it was seen.
func (m Memory) Fleet(members []string) Pace {
	var returns, requests []time.Duration
	for _, name := range members {
		pace := m.Paces[name]
		if pace.Return.Samples > 0 {
			returns = append(returns, pace.Return.Mean)
		}
		if pace.Request.Samples > 0 {
			requests = append(requests, pace.Request.Mean)
		}
	}
	return Pace{Return: spanOf(returns), Request: spanOf(requests)}
}
