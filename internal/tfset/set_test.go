package tfset_test

import (
	"fmt"
	"testing"

	"go.uber.org/goleak"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/timago/terraform-provider-timago/internal/tfset"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSetsAreTheSameByTheirStrings(t *testing.T) {
	t.Parallel()
	two := tfset.Of([]string{"PC01", "PC02"})
	for name, tt := range map[string]struct {
		other attr.Value
		want  bool
	}{
		"in another order": {tfset.Of([]string{"PC02", "PC01"}), true},
		"one more":         {tfset.Of([]string{"PC02", "PC01", "PC03"}), false},
		"another one":      {tfset.Of([]string{"PC02", "PC03"}), false},
		"none":             {tfset.Of(nil), false},
		"null":             {tfset.Null(), false},
		"unknown":          {tfset.Unknown(), false},
		"of another type":  {types.SetValueMust(types.StringType, two.Elements()), false},
	} {
		if got := two.Equal(tt.other); got != tt.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	if tfset.Null().Equal(tfset.Of(nil)) || tfset.Null().Equal(tfset.Unknown()) || !tfset.Unknown().Equal(tfset.Unknown()) {
		t.Error("null, unknown and empty are three")
	}
}

// handed is a set as Terraform hands it over, which may hold one string twice.
func handed(texts ...any) tftypes.Value {
	elements := make([]tftypes.Value, len(texts))
	for i, text := range texts {
		elements[i] = tftypes.NewValue(tftypes.String, text)
	}
	return tftypes.NewValue(tftypes.Set{ElementType: tftypes.String}, elements)
}

func TestAStringIsThereOnce(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		in   tftypes.Value
		want int
	}{
		"each once":                {handed("PC01", "PC02"), 0},
		"one twice":                {handed("PC01", "PC02", "PC01"), 1},
		"two that are not known":   {handed(tftypes.UnknownValue, tftypes.UnknownValue), 0},
		"null":                     {tftypes.NewValue(tftypes.Set{ElementType: tftypes.String}, nil), 0},
		"not known":                {tftypes.NewValue(tftypes.Set{ElementType: tftypes.String}, tftypes.UnknownValue), 0},
		"null elements are others": {handed(nil, "PC01"), 0},
	} {
		if got := tfset.Strings().Validate(t.Context(), tt.in, path.Root("stations")); len(got) != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// A thousand more stations take a thousand more looks, and no million.
func BenchmarkValidate(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		texts := make([]any, n)
		for i := range texts {
			texts[i] = fmt.Sprintf("PC%05d", i)
		}
		in := handed(texts...)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				tfset.Strings().Validate(b.Context(), in, path.Root("stations"))
			}
		})
	}
}
