package activationpool

import (
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/service"
)

// What was read is in the state, and what was not read is null there.
func TestAReadingInTheState(t *testing.T) {
	t.Parallel()
	due, count := time.Date(2026, 12, 24, 8, 0, 0, 0, time.UTC), 26
	for name, tt := range map[string]struct {
		count  *int
		reason string
		due    time.Time
	}{
		"all is known":        {&count, "the KMS host's count is below the threshold", due},
		"no count, no reason": {nil, "", time.Time{}},
	} {
		m := written()
		reading := pool.Reading{KMSHost: "kms01", Assessment: pool.Assessment{Status: pool.Activated, Products: map[kms.Product]pool.ProductState{
			kms.Windows: {Count: tt.count, Threshold: 25, Members: 3, Reason: tt.reason},
		}}}
		reading.Renewal.Due = tt.due
		if diags := m.show(t.Context(), reading); diags.HasError() {
			t.Fatal(name, diags)
		}
		shown := m.product(kms.Windows).Attributes()
		if reason, ok := shown["reason"].(types.String); !ok || reason.ValueString() != tt.reason || reason.IsNull() != (tt.reason == "") {
			t.Errorf("%s: reason %s", name, shown["reason"])
		}
		if read, ok := shown["count"].(types.Int64); !ok || read.IsNull() != (tt.count == nil) || !read.IsNull() && read.ValueInt64() != int64(count) {
			t.Errorf("%s: count %s", name, shown["count"])
		}
		if m.RenewalDue.IsNull() != tt.due.IsZero() || !tt.due.IsZero() && !m.RenewalDue.Equal(service.Moment(due)) {
			t.Errorf("%s: renewal due %s", name, m.RenewalDue)
		}
	}
}
