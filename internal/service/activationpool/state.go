package activationpool

import (
	"cmp"
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/service"
	"github.com/timago/terraform-provider-timago/internal/tfset"
)

// managed lists the products that the state shows as managed.
func (m *model) managed() []kms.Product {
	var products []kms.Product
	for _, product := range kms.Products() {
		if object := m.product(product); !object.IsNull() && !object.IsUnknown() {
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
	m.CheckedAt = service.Moment(r.At)
	m.RenewalDue, m.ReadyForRenewal = timetypes.NewRFC3339Null(), types.BoolValue(r.Renewal.Ready)
	if due := r.Renewal.Due; !due.IsZero() {
		m.RenewalDue = service.Moment(due)
	}
	var diags, more diag.Diagnostics
	m.Unlicensed, more = types.MapValueFrom(ctx, types.StringType, orEmpty(a.Unlicensed))
	diags.Append(more...)
	m.Unreachable = tfset.Of(a.Unreachable)
	for _, product := range kms.Products() {
		*m.product(product), more = productValue(ctx, a, product, r.ShownOnly)
		diags.Append(more...)
	}
	m.ClientIDs, more = clientIDsValue(ctx, a.ClientIDs(r.Members))
	diags.Append(more...)
	return diags
}

// clientIDsModel says how many client machine ids there are.
type clientIDsModel struct {
	Members  int64               `tfsdk:"members"`
	Distinct int64               `tfsdk:"distinct"`
	Shared   map[string][]string `tfsdk:"shared"`
}

// clientIDsValue counts the client machine ids; null where no member's was read.
func clientIDsValue(ctx context.Context, ids map[kms.CMID][]string) (types.Object, diag.Diagnostics) {
	if len(ids) == 0 {
		return types.ObjectNull(clientIDsTypes), nil
	}
	m := clientIDsModel{Distinct: int64(len(ids)), Shared: map[string][]string{}}
	for cmid, names := range ids {
		m.Members += int64(len(names))
		if len(names) > 1 {
			m.Shared[string(cmid)] = names
		}
	}
	return types.ObjectValueFrom(ctx, clientIDsTypes, m)
}

// orEmpty: an empty map is known to be empty, a nil one would show as null.
func orEmpty(reasons map[string]string) map[string]string {
	if reasons == nil {
		return map[string]string{}
	}
	return reasons
}

// productModel is one product's part.
type productModel struct {
	Count     types.Int64  `tfsdk:"count"`
	Threshold types.Int64  `tfsdk:"threshold"`
	Licensed  types.Int64  `tfsdk:"licensed"`
	Members   types.Int64  `tfsdk:"members"`
	Reason    types.String `tfsdk:"reason"`
}

// productValue is one product's part; shown by Timago alone it holds no numbers.
func productValue(ctx context.Context, a pool.Assessment, product kms.Product, shown bool) (types.Object, diag.Diagnostics) {
	state, managed := a.Products[product]
	if !managed {
		return types.ObjectNull(productTypes), nil
	}
	m := productModel{Threshold: types.Int64Value(int64(state.Threshold))}
	if state.Count != nil {
		m.Count = types.Int64Value(int64(*state.Count))
	}
	if state.Reason != "" {
		m.Reason = types.StringValue(state.Reason)
	}
	if !shown {
		m.Licensed, m.Members = types.Int64Value(int64(state.Licensed)), types.Int64Value(int64(state.Members))
	}
	return types.ObjectValueFrom(ctx, productTypes, m)
}

// lastCycleModel is what the last cycle did.
type lastCycleModel struct {
	Started   timetypes.RFC3339 `tfsdk:"started"`
	Finished  timetypes.RFC3339 `tfsdk:"finished"`
	Restarts  int64             `tfsdk:"restarts"`
	Asked     int64             `tfsdk:"asked"`
	Woken     int64             `tfsdk:"woken"`
	ByStation map[string]int64  `tfsdk:"by_station"`
	LeftOut   map[string]string `tfsdk:"left_out"`
}

// showCycle puts what a cycle did into the state.
func (m *model) showCycle(ctx context.Context, result outcome.Result) diag.Diagnostics {
	last := lastCycleModel{
		Started: service.Moment(result.Started), Finished: service.Moment(result.Finished), Restarts: int64(result.Restarts),
		Asked: int64(result.Asked), Woken: int64(result.Woken),
		ByStation: make(map[string]int64, len(result.ByStation)), LeftOut: map[string]string{},
	}
	for name, station := range result.ByStation {
		last.ByStation[name] = int64(station.Restarts)
		if station.Outcome == outcome.LeftOut {
			last.LeftOut[name] = cmp.Or(station.Reason, notSeenToItsEnd)
		}
	}
	var diags diag.Diagnostics
	m.LastCycle, diags = types.ObjectValueFrom(ctx, lastCycleTypes, last)
	return diags
}
