package timeline

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// Chance draws what is not determined.
type Chance struct{ Seed uint64 }

// Draw gives the randomness of one thing, the nth of its kind. It depends on nothing that
// happened elsewhere, so that the third boot of a station lasts as long whatever the others
// did before.
func (c Chance) Draw(subject, purpose string, n int) *rand.Rand {
	hash := fnv.New64a()
	fmt.Fprintf(hash, "%s|%s|%d", strings.ToLower(subject), purpose, n) // a hash's Write never fails
	return rand.New(rand.NewPCG(c.Seed, hash.Sum64()))                  //nolint:gosec // repeatable, not secret
}

// Around gives a duration within mean × (1 ± spread), evenly.
func Around(r *rand.Rand, mean time.Duration, spread float64) time.Duration {
	return time.Duration(float64(mean) * (1 + spread*(2*r.Float64()-1)))
}

// CMID makes a client machine id, a version 4 GUID.
func (c Chance) CMID(subject, purpose string, n int) kms.CMID {
	r := c.Draw(subject, purpose, n)
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], r.Uint64())
	binary.BigEndian.PutUint64(b[8:], r.Uint64())
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return kms.CMID(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]))
}
