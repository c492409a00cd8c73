package pool_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
)

// failing is a site whose stations all fail alike.
type failing struct{ err error }

func (f failing) Station(context.Context, string) (kms.Station, error) { return kms.Station{}, f.err }

func (f failing) Presence(context.Context, string) (kms.Presence, error) {
	return kms.Presence{}, f.err
}

// What this machine is short of says nothing of the stations, so that nothing is concluded.
func TestAShortageEndsASurvey(t *testing.T) {
	t.Parallel()
	shortage := fmt.Errorf("no free port: %w", kms.ErrShortage)
	if _, err := pool.Survey(t.Context(), failing{shortage}, []string{"PC01"}, false); !errors.Is(err, kms.ErrShortage) {
		t.Errorf("a shortage: %v", err)
	}
	members, err := pool.Survey(t.Context(), failing{kms.ErrUnreachable}, []string{"PC01"}, false)
	if err != nil || !errors.Is(members[0].Err, kms.ErrUnreachable) {
		t.Errorf("a station that does not answer: %+v, %v", members, err)
	}
}
