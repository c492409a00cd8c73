package pool

import (
	"cmp"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// Spread says who makes the counts.
type Spread string

// Ways to spread the counts over the stations.
const (
	SpreadFastest Spread = "fastest" // in the least time
	SpreadEven    Spread = "even"    // every station its equal share
)

// Limits bound a cycle. A zero value means the default.
type Limits struct {
	MaxParallel           int // stations down at a time
	MaxRestartsPerStation int
	StationTimeout        time.Duration // how long nothing may come of a station, as after its restart
	WhenInUse             kms.WhenInUse
	IgnoreUsers           []string // users who do not keep a station from being restarted
	Spread                Spread
	Wake                  bool // switch stations on that do not answer, where the Site is a Waker
}

// Defaults of Limits.
const (
	DefaultMaxParallel           = 10
	DefaultMaxRestartsPerStation = 10
	DefaultStationTimeout        = 15 * time.Minute
	DefaultWhenInUse             = kms.WaitWhenInUse
	DefaultSpread                = SpreadFastest
)

// WithDefaults fills in what is not set.
func (l Limits) WithDefaults() Limits {
	l.MaxParallel = cmp.Or(max(l.MaxParallel, 0), DefaultMaxParallel)
	l.MaxRestartsPerStation = cmp.Or(max(l.MaxRestartsPerStation, 0), DefaultMaxRestartsPerStation)
	l.StationTimeout = cmp.Or(max(l.StationTimeout, 0), DefaultStationTimeout)
	l.WhenInUse = cmp.Or(l.WhenInUse, DefaultWhenInUse)
	l.Spread = cmp.Or(l.Spread, DefaultSpread)
	return l
}
