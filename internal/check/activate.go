package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/foreign"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/windows"
)

// activation has every unlicensed product of a KMS client asked to activate, as slmgr /ato
// does. It raises the host's count, and disturbs nobody.
var activation = probe{name: "Activate", expected: "counted, or a code that says why not", ask: activate, commands: true}

// seeLater is where the outcome of what was sent can be seen.
const seeLater = "A check without -activate shows in Keys and Requests what came of it."

func activate(ctx context.Context, m *machine) finding {
	if _, err := m.windows.Licensing(ctx, m.address); err != nil {
		return notRead
	}
	of := map[kms.Product]int{}
	asked := slices.DeleteFunc(slices.Clone(m.licensing.Licences), func(l kms.Licence) bool { return !l.CanAsk() })
	for _, licence := range asked {
		of[licence.Product]++
	}
	if len(asked) == 0 {
		return holds("nothing to ask: no unlicensed product with a KMS client key")
	}
	var outcomes, means []string
	all := finding{verdict: Holds}
	for _, licence := range asked {
		name := licence.Product.Title()
		if of[licence.Product] > 1 {
			name = foreign.Line(licence.Name)
		}
		f := m.activateOne(ctx, licence)
		outcomes = append(outcomes, name+": "+f.Found)
		if f.Means != "" && !slices.Contains(means, f.Means) {
			means = append(means, f.Means)
		}
		if f.verdict.worse(all.verdict) {
			all.verdict = f.verdict
		}
	}
	all.Found, all.Means = strings.Join(outcomes, "; "), strings.Join(means, " ")
	if ctx.Err() != nil && all.verdict != Holds {
		all.Found = brokenOff + ": " + all.Found
	}
	return all
}

func (m *machine) activateOne(ctx context.Context, licence kms.Licence) finding {
	if ctx.Err() != nil {
		return finding{Unanswered, "not sent", ""}
	}
	start := time.Now()
	err := m.windows.Activate(ctx, m.address, licence.ID)
	passed := took(time.Since(start))
	var refused *kms.CodeError
	switch {
	case errors.As(err, &refused) && refused.Code.Counted():
		return holds("%s after %s: counted, and the count is below the threshold", refused.Code, passed)
	case errors.As(err, &refused):
		return finding{Blocks, refused.Code.Words(), remedy(refused.Code)}
	case errors.Is(err, kms.ErrUnknownOutcome) && ctx.Err() != nil:
		return finding{Unanswered, "sent, " + kms.ErrUnknownOutcome.Error(), seeLater}
	case errors.Is(err, kms.ErrUnknownOutcome):
		return finding{Notable, "sent, " + foreign.Text(err.Error()), seeLater}
	case err != nil && ctx.Err() != nil:
		return finding{Unanswered, "not sent", ""}
	case err != nil:
		f := failed(Unanswered, err, "")
		f.Found = "not asked: " + f.Found
		return f
	}
	fresh, err := windows.New(m.wire.Client).Licensing(ctx, m.address)
	switch taken := "taken without an error after " + passed; {
	case err != nil && ctx.Err() != nil:
		return finding{Unanswered, taken + ", its licence was not read again", seeLater}
	case err != nil:
		return finding{Unanswered, taken + ", its licence could not be read again: " + foreign.Text(err.Error()), seeLater}
	}
	for _, now := range fresh.Licences {
		if now.ID == licence.ID && now.Status != kms.Licensed {
			return finding{Blocks, fmt.Sprintf("taken without an error after %s, and still %s", passed, now.Status),
				"Windows said yes and did nothing: see the events of licensing there (12288, 8198)."}
		}
	}
	return holds("licensed after %s", passed)
}

// remedy says what to do about a code, also about one of which no remedy is known.
func remedy(code kms.Code) string {
	return cmp.Or(code.Remedy(), "No remedy is known here: look at the events of licensing there (8198, 12288).")
}
