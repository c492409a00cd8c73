package stationaction

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/site"
)

func activate() definition {
	return definition{
		name: "activate", verb: "activate", doing: "Asking for activation on", done: "activated",
		about: "Has Windows and Office on stations ask their KMS host for activation, many stations side by side, as `slmgr /ato` does, and reads back what came of it. " +
			"Only products that have a KMS client key (`Volume:GVLK`) and are not licensed ask: a multiple activation key (MAK) is never spent. Nobody is disturbed. " +
			"A request that was counted while the host's count is still below the threshold is a warning. The action needs `winrm`.",
		stationTimeout: 10 * time.Minute, // a request may take minutes, and Office is another
		possible: func(s *site.Site, _ order) error {
			if s.HasWinRM() {
				return nil
			}
			return &site.NoWinRMError{}
		},
		carryOut: ask,
	}
}

// ask asks for every product that may be asked for, and judges by what is read afterwards.
func ask(ctx context.Context, s *site.Site, _ order, station string, say say) error {
	before, err := s.Licensing(ctx, station)
	if err != nil {
		return err
	}
	asked := map[string]error{} // by licence
	for _, licence := range before.Licences {
		if licence.CanAsk() {
			say("asking for %s", licence.Name)
			asked[licence.ID] = s.Activate(ctx, station, licence.ID)
		}
	}
	if len(asked) == 0 {
		return nothingToAsk(before, say)
	}
	after, err := s.Licensing(ctx, station)
	if err != nil {
		return fmt.Errorf("it was asked, and what came of it could not be read: %w", err)
	}
	var counted, failed unlicensed
	for _, licence := range after.Licences {
		refusal, was := asked[licence.ID]
		var code *kms.CodeError
		switch {
		case !was:
		case licence.Status == kms.Licensed:
			say("%s is licensed", licence.Name)
		case errors.As(refusal, &code) && code.Code == kms.CodeNotEnoughCount:
			counted.add(licence, "the request was counted, but "+code.Code.Words(), refusal)
		case refusal != nil:
			failed.add(licence, reason(station, refusal), refusal)
		default:
			failed.add(licence, licence.Explanation(), nil)
		}
	}
	switch {
	case len(failed.reasons) > 0:
		return &unlicensed{append(failed.reasons, counted.reasons...), append(failed.causes, counted.causes...)}
	case len(counted.reasons) > 0:
		return &skipped{&counted}
	}
	return nil
}

// unlicensed are products that were asked for and are not licensed.
type unlicensed struct {
	reasons []string
	causes  []error
}

func (e *unlicensed) add(l kms.Licence, reason string, cause error) {
	e.reasons = append(e.reasons, l.Name+": "+reason)
	if cause != nil {
		e.causes = append(e.causes, cause)
	}
}

func (e *unlicensed) Error() string { return strings.Join(e.reasons, "; ") }

func (e *unlicensed) Unwrap() []error { return e.causes }

// nothingToAsk distinguishes a station that has all it needs from one that can never ask.
func nothingToAsk(licensing kms.Licensing, say say) error {
	var never []string
	for _, licence := range licensing.Licences {
		why := licence.NeverCounts()
		if why == "" {
			say("it is licensed already")
			return nil
		}
		never = append(never, licence.Name+": "+why)
	}
	if len(never) == 0 {
		never = []string{"it holds no product with a key"}
	}
	return &skipped{errors.New(strings.Join(never, "; "))}
}
