package activationpool

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/timago/terraform-provider-timago/internal/cycle"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
)

// managed lists the products that the state shows as managed.
func (m model) managed() []kms.Product {
	var products []kms.Product
	for product, object := range map[kms.Product]types.Object{kms.Windows: m.Windows, kms.Office: m.Office} {
		if !object.IsNull() && !object.IsUnknown() {
			products = append(products, product)
		}
	}
	return products
}

// show puts a reading into the state.
func (m *model) show(ctx context.Context, r pool.Reading) diag.Diagnostics {
	a := r.Assessment
	m.KMSHost = types.StringValue(r.KMSHost)
	m.Status = types.StringValue(string(a.Status))
	m.CheckedAt = timetypes.NewRFC3339TimeValue(r.At.UTC().Truncate(time.Second))
	m.RenewalDue, m.ReadyForRenewal = timetypes.NewRFC3339Null(), types.BoolValue(r.Renewal.Ready)
	if due := r.Renewal.Due; !due.IsZero() {
		m.RenewalDue = timetypes.NewRFC3339TimeValue(due.UTC().Truncate(time.Second))
	}
	var diags, more diag.Diagnostics
	m.Unlicensed, more = types.MapValueFrom(ctx, types.StringType, orEmpty(a.Unlicensed))
	diags.Append(more...)
	m.Unreachable, more = types.SetValueFrom(ctx, types.StringType, append([]string{}, a.Unreachable...))
	diags.Append(more...)
	for product, object := range map[kms.Product]*types.Object{kms.Windows: &m.Windows, kms.Office: &m.Office} {
		*object, more = productValue(a, product, r.ShownOnly)
		diags.Append(more...)
	}
	m.ClientIDs, more = clientIDsValue(ctx, a.ClientIDs(r.Members))
	diags.Append(more...)
	return diags
}

// clientIDsValue counts the client machine ids; null where no member told its own.
func clientIDsValue(ctx context.Context, ids map[kms.CMID][]string) (types.Object, diag.Diagnostics) {
	if len(ids) == 0 {
		return types.ObjectNull(clientIDsTypes), nil
	}
	members, sharing := 0, map[string][]string{}
	for cmid, names := range ids {
		members += len(names)
		if len(names) > 1 {
			sharing[string(cmid)] = names
		}
	}
	shared, diags := types.MapValueFrom(ctx, types.SetType{ElemType: types.StringType}, sharing)
	object, more := types.ObjectValue(clientIDsTypes, map[string]attr.Value{
		"members": types.Int64Value(int64(members)), "distinct": types.Int64Value(int64(len(ids))), "shared": shared,
	})
	return object, append(diags, more...)
}

// orEmpty: an empty map is known to be empty, a nil one would show as null.
func orEmpty(reasons map[string]string) map[string]string {
	if reasons == nil {
		return map[string]string{}
	}
	return reasons
}

// productValue is one product's part; shown by Timago alone it holds no numbers.
func productValue(a pool.Assessment, product kms.Product, shown bool) (types.Object, diag.Diagnostics) {
	state, managed := a.Products[product]
	if !managed {
		return types.ObjectNull(productTypes), nil
	}
	count, reason := types.Int64Null(), types.StringNull()
	if state.Count != nil {
		count = types.Int64Value(int64(*state.Count))
	}
	if state.Reason != "" {
		reason = types.StringValue(state.Reason)
	}
	licensed, members := types.Int64Value(int64(state.Licensed)), types.Int64Value(int64(state.Members))
	if shown {
		licensed, members = types.Int64Null(), types.Int64Null()
	}
	return types.ObjectValue(productTypes, map[string]attr.Value{
		"count": count, "threshold": types.Int64Value(int64(state.Threshold)), "licensed": licensed, "members": members, "reason": reason,
	})
}

// showCycle puts what a cycle did into the state.
func (m *model) showCycle(ctx context.Context, result cycle.Result) diag.Diagnostics {
	restarts := make(map[string]int64, len(result.ByStation))
	for name, station := range result.ByStation {
		restarts[name] = int64(station.Restarts)
	}
	byStation, diags := types.MapValueFrom(ctx, types.Int64Type, restarts)
	var more diag.Diagnostics
	m.LastCycle, more = types.ObjectValue(lastCycleTypes, map[string]attr.Value{
		"started":    timetypes.NewRFC3339TimeValue(result.Started.UTC().Truncate(time.Second)),
		"finished":   timetypes.NewRFC3339TimeValue(result.Finished.UTC().Truncate(time.Second)),
		"restarts":   types.Int64Value(int64(result.Restarts)),
		"asked":      types.Int64Value(int64(result.Asked)),
		"woken":      types.Int64Value(int64(result.Woken)),
		"by_station": byStation,
	})
	diags.Append(more...)
	return diags
}
