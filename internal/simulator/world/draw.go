package world

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// draw gives the randomness of one thing, the nth of its kind. It depends on nothing
// that happened elsewhere, so that the third boot of a station lasts as long whatever
// the others did before.
func (w *World) draw(subject, purpose string, n int) *rand.Rand {
	hash := fnv.New64a()
	fmt.Fprintf(hash, "%s|%s|%d", strings.ToLower(subject), purpose, n) // a hash's Write never fails
	return rand.New(rand.NewPCG(w.seed, hash.Sum64()))                  //nolint:gosec // repeatable, not secret
}

// around gives a duration within mean × (1 ± spread), evenly.
func around(r *rand.Rand, mean time.Duration, spread float64) time.Duration {
	return time.Duration(float64(mean) * (1 + spread*(2*r.Float64()-1)))
}

// cmid makes a client machine id, a version 4 GUID.
func (w *World) cmid(subject, purpose string, n int) kms.CMID {
	r := w.draw(subject, purpose, n)
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], r.Uint64())
	binary.BigEndian.PutUint64(b[8:], r.Uint64())
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return kms.CMID(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]))
}
