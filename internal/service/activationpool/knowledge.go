package activationpool

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/timago/terraform-provider-timago/internal/pool"
)

// knowledge is what the pool keeps between runs and shows nobody: what was last known of
// its members, what the cycle has learnt, and the estimate that a plan may tell.
type knowledge struct {
	LastKnown map[string]pool.LastKnown `json:"last_known,omitempty"`
	Memory    pool.Memory               `json:"memory"`
	Restarts  int                       `json:"restarts"`
	Told      bool                      `json:"told,omitempty"` // the host refused the account, and stations told the counts
	MACs      map[string]string         `json:"macs,omitempty"` // for Wake-on-LAN, by station
	Unread    []obstacle                `json:"unread,omitempty"`
}

// obstacle is what kept the last refresh from reading the pool.
type obstacle struct {
	Summary string `json:"summary"`
	Detail  string `json:"detail"`
}

// obstacles are the errors of a reading.
func obstacles(diags diag.Diagnostics) []obstacle {
	var found []obstacle
	for _, d := range diags.Errors() {
		found = append(found, obstacle{Summary: d.Summary(), Detail: d.Detail()})
	}
	return found
}

const knowledgeKey = "knowledge"

// privateState is how the framework hands out private state, in every request and
// response alike.
type privateState interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

type writablePrivateState interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// recall reads the knowledge. What cannot be read is no loss: it is learnt again.
func recall(ctx context.Context, private privateState) knowledge {
	var k knowledge
	if content, diags := private.GetKey(ctx, knowledgeKey); !diags.HasError() && len(content) > 0 {
		if json.Unmarshal(content, &k) != nil {
			return knowledge{}
		}
	}
	return k
}

func (k knowledge) keep(ctx context.Context, private writablePrivateState) diag.Diagnostics {
	content, err := json.Marshal(k)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Unable to keep what was learnt of the pool", err.Error())}
	}
	return private.SetKey(ctx, knowledgeKey, content)
}

// learn takes over what a reading showed.
func (k *knowledge) learn(r pool.Reading) {
	k.LastKnown, k.Unread = r.Assessment.LastKnown, nil
	k.Restarts, k.Told = r.Restarts(), r.CountsFromClients()
}
