package cycle_test

import (
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// member is what is known of one machine.
type member struct {
	name      string
	described world.Station
	ready     bool // Windows and its services run, and WinRM listens
	open      bool
	readyAt   time.Time
	users     bool
	usersAt   time.Time // when that changed

	licences []kms.Licence
	readAt   time.Time // first complete read; zero: none

	prompted   bool      // it has started or was asked since the beginning
	switchedOn time.Time // by somebody, and not restarted since
	progressed time.Time // with the cycle, on its part
	askedFirst map[string]time.Time
	asks       map[string]int       // since then; one more at the end of the cycle is no asking for ever
	refusals   map[string][]refusal // by licence
	counted    map[kms.Product]int  // by the host
	credited   int                  // by the cycle

	ids, atRestart map[string]bool           // client machine ids that it has had, in all and before its last restart
	kept           bool                      // it asked with one of these after its restart
	told           map[kms.Product]time.Time // when the cycle said last that it was counted
	restarts       int                       // commands taken, or maybe taken
	restartedAt    time.Time                 // zero: nothing is awaited of a restart
	restartedBy    int                       // the cycle that did it last
	wokenAt        time.Time
	triedAt        time.Time                 // first command to restart since its last progress
	pending        map[kms.Product]time.Time // asked, and neither evidence nor refusal since
	requested      map[kms.Product]time.Time // last request that the host took
	newID          map[kms.Product]time.Time // last one that it counted anew
	out            map[kms.Product]string    // left out, with the reason; "" is of every product
	outAt          time.Time
	wanted         bool // left out of everything while something was wanted of it
	callFailed     time.Time
	failing        time.Time     // since when its calls fail; zero: the last one did not
	failed         time.Duration // for how long they did before that, since its last progress
	away           bool          // it went down, and has answered nothing since
	wentDown       time.Time     // last
}

type refusal struct {
	at   time.Time
	code kms.Code
}

// family is the product family of one of its licences, as it was read.
func (m *member) family(licence string) (kms.Product, bool) {
	for _, l := range m.licences {
		if l.ID == licence {
			return l.Product, true
		}
	}
	return "", false
}

// of lists the ids of the licences of a family with a KMS client key.
func (m *member) of(product kms.Product) []string {
	var ids []string
	for _, l := range m.licences {
		if l.Product == product && l.Channel.Counts() && l.ActivationType != kms.ActivationTypeActiveDirectory {
			ids = append(ids, l.ID)
		}
	}
	return ids
}

// isOut reports whether the cycle expects nothing of the member for a product any more.
func (m *member) isOut(product kms.Product) bool {
	_, all := m.out[""]
	_, one := m.out[product]
	return all || one
}
