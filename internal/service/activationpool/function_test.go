package activationpool

import (
	"math"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func call(t *testing.T, members, threshold, count int64) (attr.Value, *function.FuncError) {
	t.Helper()
	var definition function.DefinitionResponse
	RestartsNeeded{}.Definition(t.Context(), function.DefinitionRequest{}, &definition)
	result, err := definition.Definition.Return.NewResultData(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	response := function.RunResponse{Result: result}
	RestartsNeeded{}.Run(t.Context(), function.RunRequest{Arguments: function.NewArgumentsData([]attr.Value{
		types.Int64Value(members), types.Int64Value(threshold), types.Int64Value(count),
	})}, &response)
	return response.Result.Value(), response.Error
}

func TestRestartsThatAreNeeded(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ members, threshold, count, each, total int64 }{
		{5, 25, 0, 5, 25}, // the vendor's: five stations, five times
		{5, 25, 20, 1, 5},
		{4, 25, 0, 7, 25}, // three make six, one makes seven
		{10, 5, 4, 1, 1},
		{30, 25, 0, 1, 25},
		{5, 25, 25, 0, 0},
		{5, 25, 60, 0, 0},
		{0, 25, 30, 0, 0}, // nothing is missing, so nobody is needed
		{0, 0, 0, 0, 0},
		{1, math.MaxInt64, 0, math.MaxInt64, math.MaxInt64},
		{math.MaxInt64, math.MaxInt64, 0, 1, math.MaxInt64},
	} {
		got, err := call(t, tt.members, tt.threshold, tt.count)
		want := types.ObjectValueMust(map[string]attr.Type{"per_station": types.Int64Type, "total": types.Int64Type},
			map[string]attr.Value{"per_station": types.Int64Value(tt.each), "total": types.Int64Value(tt.total)})
		if err != nil || !got.Equal(want) {
			t.Errorf("%d members from %d to %d: %v, %v", tt.members, tt.count, tt.threshold, got, err)
		}
	}
}

func TestArgumentsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		members, threshold, count int64
		argument                  int64
		says                      string
	}{
		{0, 25, 24, 0, "without members nothing can be added to the count: members must be at least 1"},
		{-1, 25, 24, 0, "members must not be negative"},
		{-1, 25, 30, 0, "members must not be negative"},
		{5, -1, 0, 1, "threshold must not be negative"},
		{5, 25, -1, 2, "count must not be negative"},
		{5, 25, math.MinInt64, 2, "count must not be negative"},
	} {
		_, err := call(t, tt.members, tt.threshold, tt.count)
		if err == nil || err.Text != tt.says || err.FunctionArgument == nil || *err.FunctionArgument != tt.argument {
			t.Errorf("%d members from %d to %d: %v", tt.members, tt.count, tt.threshold, err)
		}
	}
}
