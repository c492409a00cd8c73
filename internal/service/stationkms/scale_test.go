package stationkms

import (
	"fmt"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// applyAll makes every station of the room as wanted, so many at a time, as Terraform does,
// and counts what was asked of the interface.
func (r *room) applyAll(parallel int) (lists, patches, posts, others int) {
	r.t.Helper()
	var group errgroup.Group
	group.SetLimit(parallel)
	var late atomic.Int32
	for _, listing := range r.World.Listings() {
		group.Go(func() error {
			done := r.apply(takesPart(listing.Name))
			if done.held != nil {
				late.Add(1)
			}
			return done.err
		})
	}
	if err := group.Wait(); err != nil || late.Load() > 0 {
		r.t.Errorf("%v, %d were held", err, late.Load())
	}
	for call, n := range r.State().Wire[world.Timago].Calls {
		switch call {
		case "GET /stations":
			lists += n
		case optionCall:
			patches += n
		case "POST /commands":
			posts += n
		default:
			others += n
		}
	}
	return lists, patches, posts, others
}

const optionCall = "PATCH /stations/{id}/operating-systems/{name}"

// A thousand stations that are as wanted cost a few lists.
func TestAThousandThatAreAsWantedCostFewRequests(t *testing.T) {
	t.Parallel()
	for _, parallel := range []int{10, 1000} {
		t.Run(fmt.Sprintf("%d at a time", parallel), func(t *testing.T) {
			t.Parallel()
			r := newRoom(t, 1000, world.Station{Off: true}) // off, so that they need no thousand ports
			lists, patches, posts, others := r.applyAll(parallel)
			t.Logf("%d lists", lists)
			if lists > 30 || patches+posts+others > 0 {
				t.Errorf("%d lists, %d options, %d commands, %d others; want at most 30 lists and nothing else", lists, patches, posts, others)
			}
		})
	}
}

// A thousand resets that are commanded together are a few commands; every option is one
// change, as the contract has it.
func TestAThousandResetsAreFewCommands(t *testing.T) {
	t.Parallel()
	for parallel, most := range map[int]int{1000: 10, 100: 20} {
		t.Run(fmt.Sprintf("%d at a time", parallel), func(t *testing.T) {
			t.Parallel()
			r := newRoom(t, 1000, world.Station{Off: true, Image: world.Image{WithoutKMS: true}})
			lists, patches, posts, others := r.applyAll(parallel)
			t.Logf("%d lists, %d options, %d commands", lists, patches, posts)
			if lists > 30 || patches != 1000 || posts > most || others > 0 {
				t.Errorf("%d lists, %d options, %d commands, %d others; want at most 30, 1000, %d and 0", lists, patches, posts, others, most)
			}
		})
	}
}
