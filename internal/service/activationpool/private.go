package activationpool

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/timago/terraform-provider-timago/internal/pool"
)

// privateState is what the pool keeps between runs and shows nobody: what was last known of
// its members, what the cycle has learnt, and the estimate that a plan may tell.
type privateState struct {
	LastKnown         map[string]pool.LastKnown `json:"last_known,omitempty"`
	Memory            pool.Memory               `json:"memory"`
	Restarts          int                       `json:"restarts"`
	CountsFromClients bool                      `json:"counts_from_clients,omitempty"` // the host refused the account
	MACs              map[string]string         `json:"macs,omitempty"`                // for Wake-on-LAN, by station
	ReadErrors        []savedError              `json:"read_errors,omitempty"`
}

// savedError is what kept the last refresh from reading the pool.
type savedError struct {
	Summary string `json:"summary"`
	Detail  string `json:"detail"`
}

// savedErrors are the errors of a reading.
func savedErrors(diags diag.Diagnostics) []savedError {
	var found []savedError
	for _, d := range diags.Errors() {
		found = append(found, savedError{Summary: d.Summary(), Detail: d.Detail()})
	}
	return found
}

// unread are the errors of the last reading.
func (s privateState) unread() diag.Diagnostics {
	var diags diag.Diagnostics
	for _, e := range s.ReadErrors {
		diags.AddError(e.Summary, e.Detail)
	}
	return diags
}

const stateKey = "pool"

// privateReader is how the framework hands out private state, in every request and
// response alike.
type privateReader interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

type privateWriter interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// loadPrivate reads it. What cannot be read is no loss: it is learnt again.
func loadPrivate(ctx context.Context, private privateReader) privateState {
	var s privateState
	if content, diags := private.GetKey(ctx, stateKey); !diags.HasError() && len(content) > 0 {
		if json.Unmarshal(content, &s) != nil {
			return privateState{}
		}
	}
	return s
}

func (s privateState) save(ctx context.Context, private privateWriter) diag.Diagnostics {
	content, err := json.Marshal(s)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Unable to keep what was learnt of the pool", err.Error())}
	}
	return private.SetKey(ctx, stateKey, content)
}

// known is what earlier reads left.
func (s privateState) known() pool.Known {
	return pool.Known{Members: s.LastKnown, CountsFromClients: s.CountsFromClients}
}

// remember takes over what a reading showed.
func (s *privateState) remember(r pool.Reading) {
	s.LastKnown, s.ReadErrors = r.Assessment.LastKnown, nil
	s.Restarts, s.CountsFromClients = r.Restarts(), r.CountsFromClients()
}
