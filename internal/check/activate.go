package check

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/windows"
)

// activation has every unlicensed product of a KMS client asked to activate, as slmgr /ato
// does. It raises the host's count, and disturbs nobody.
var activation = probe{name: "Activate", expected: "counted, or a code that says why not", ask: activate}

func activate(ctx context.Context, m *machine) finding {
	var outcomes []string
	worst := finding{verdict: Holds}
	for _, licence := range m.licensing.Licences {
		if !licence.CanAsk() {
			continue
		}
		f := m.activateOne(ctx, licence)
		outcomes = append(outcomes, licence.Product.Title()+": "+f.Found)
		if f.verdict != Holds {
			worst = f
		}
	}
	if len(outcomes) == 0 {
		return holds("nothing to ask: no unlicensed product with a KMS client key")
	}
	worst.Found = strings.Join(outcomes, "; ")
	return worst
}

func (m *machine) activateOne(ctx context.Context, licence kms.Licence) finding {
	start := time.Now()
	err := m.windows.Activate(ctx, m.address, licence.ID)
	var refused *kms.CodeError
	switch {
	case errors.As(err, &refused) && refused.Code.Counted():
		return holds("%s after %s: counted, and the count is below the threshold", refused.Code, took(time.Since(start)))
	case errors.As(err, &refused):
		return finding{Blocks, refused.Code.Words(), refused.Code.Remedy()}
	case errors.Is(err, kms.ErrUnknownOutcome):
		return failed(Notable, err, "It may have been carried out: a cycle looks at the events to know.")
	case err != nil:
		return failed(Unanswered, err, "")
	}
	fresh, err := windows.New(m.wire.Client).Licensing(ctx, m.address)
	if err != nil {
		return failed(Unanswered, err, "It could not be read afterwards.")
	}
	for _, now := range fresh.Licences {
		if now.ID == licence.ID && now.Status != kms.Licensed {
			return finding{Blocks, fmt.Sprintf("taken without an error after %s, and still %s", took(time.Since(start)), now.Status),
				"Windows said yes and did nothing: see the events of licensing there (12288, 8198)."}
		}
	}
	return holds("licensed after %s", took(time.Since(start)))
}
