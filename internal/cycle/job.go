package cycle

import (
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/schedule"
)

// Job is one cycle to run.
type Job struct {
	Host       string                 // the KMS host: cycles on the same one share a ledger
	Members    []string               // stations, as Site knows them
	Key        func(string) string    // the same for every name of a station; nil: its only name
	Read       map[string]kms.Station // what was just read of members: they take part by it, and are looked at anew before a restart
	Thresholds map[kms.Product]int    // of the managed products; one of 0 is left out
	Limits     pool.Limits
	Window     *schedule.Window // when stations may be started; nil: always
	Memory     pool.Memory
	Progress   func(outcome.Event) // told what happens, in order; may be nil, must not block
}

// key tells cycles in this process that they mean the same station.
func (j Job) key(station string) string {
	if j.Key == nil {
		return station
	}
	return j.Key(station)
}
