package tfduration_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr/xattr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"go.uber.org/goleak"

	"github.com/timago/terraform-provider-timago/internal/tfduration"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestWhatIsNoDurationIsToldWithTheAttributeTheUnitsAndWhatFits(t *testing.T) {
	t.Parallel()
	at := path.Root("cycle").AtName("station_timeout")
	for text, want := range map[string]string{
		"15m": "", "1ns": "", "1h30m": "", "168h": "",
		"7d":                   `cycle.station_timeout: "7d" is no duration. The units are h, m and s: write "168h".`,
		"2 weeks":              `cycle.station_timeout: "2 weeks" is no duration. The units are h, m and s: write "336h".`,
		"1d 12h":               `cycle.station_timeout: "1d 12h" is no duration. The units are h, m and s: write "36h".`,
		"90min":                `cycle.station_timeout: "90min" is no duration. The units are h, m and s: write "1h30m".`,
		"2 Stunden":            `cycle.station_timeout: "2 Stunden" is no duration. The units are h, m and s: write "2h".`,
		"3 Tage":               `cycle.station_timeout: "3 Tage" is no duration. The units are h, m and s: write "72h".`,
		"30":                   `cycle.station_timeout: "30" has no unit. The units are h, m and s: write "30s", "30m" or "30h".`,
		"soon":                 `cycle.station_timeout: "soon" is no duration. The units are h, m and s: write it as "90s", "15m" or "72h".`,
		"":                     `cycle.station_timeout: "" is no duration. The units are h, m and s: write it as "90s", "15m" or "72h".`,
		"9999999999999999999d": `cycle.station_timeout: "9999999999999999999d" is no duration. The units are h, m and s: write it as "90s", "15m" or "72h".`,
		"-5m":                  `cycle.station_timeout: "-5m" is not above 0. Write "5m", if that is meant.`,
		"0s":                   `cycle.station_timeout: "0s" is not above 0. Write a duration such as "90s", "15m" or "72h".`,
	} {
		var resp xattr.ValidateAttributeResponse
		tfduration.Value{StringValue: basetypes.NewStringValue(text)}.ValidateAttribute(t.Context(), xattr.ValidateAttributeRequest{Path: at}, &resp)
		got := ""
		for _, d := range resp.Diagnostics {
			got += d.Detail()
		}
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
		if want != "" && resp.Diagnostics[0].Summary() != "Not a duration" {
			t.Errorf("%s: %s", text, resp.Diagnostics[0].Summary())
		}
	}
	for _, none := range []tfduration.Value{{}, {StringValue: basetypes.NewStringUnknown()}} {
		var resp xattr.ValidateAttributeResponse
		none.ValidateAttribute(t.Context(), xattr.ValidateAttributeRequest{Path: at}, &resp)
		if resp.Diagnostics.HasError() || none.Duration() != 0 {
			t.Errorf("%s: %v", none, resp.Diagnostics)
		}
	}
}

// Every example that a message gives is a duration itself.
func FuzzCheck(f *testing.F) {
	for _, text := range []string{"7d", "1d 12h", "", "-5m", "0.5 w", "½h", "1e9d", "٣h"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		err := tfduration.Check(text)
		d, parsed := time.ParseDuration(text)
		if (err == nil) != (parsed == nil && d > 0) {
			t.Fatalf("%q: %v", text, err)
		}
		if err == nil {
			return
		}
		_, example, found := strings.Cut(strings.ReplaceAll(err.Error(), "rite it as ", "rite "), "rite ")
		if !found {
			return
		}
		example, _, _ = strings.Cut(strings.TrimPrefix(strings.TrimPrefix(example, "a duration such as "), `"`), `"`)
		if tfduration.Check(example) != nil && parsed == nil {
			t.Errorf("%q: the example %q is none", text, example)
		}
	})
}

func TestTheShortestFormMeansTheSame(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"15m0s": "15m", "168h0m0s": "168h", "1h20m0s": "1h20m", "1h0m5s": "1h0m5s", "90s": "1m30s", "0s": "0s", "10m": "10m", "100h": "100h"} {
		d, _ := time.ParseDuration(text)
		got := tfduration.Of(d)
		if got.ValueString() != want || got.Duration() != d {
			t.Errorf("%s: %s", text, got)
		}
	}
}

func TestWhatLastsTheSameIsNoChange(t *testing.T) {
	t.Parallel()
	of := func(text string) tfduration.Value {
		return tfduration.Value{StringValue: basetypes.NewStringValue(text)}
	}
	for _, tt := range []struct {
		one, other string
		same       bool
	}{{"90m", "1h30m0s", true}, {"90m", "91m", false}, {"7d", "7d", false}} {
		if same, diags := of(tt.one).StringSemanticEquals(t.Context(), of(tt.other)); same != tt.same || diags.HasError() {
			t.Errorf("%s and %s: %t", tt.one, tt.other, same)
		}
	}
	if of("90m").Equal(of("1h30m")) || !of("90m").Equal(of("90m")) {
		t.Error("what is written otherwise is equal")
	}
}

func TestAValueOfTerraformsIsKept(t *testing.T) {
	t.Parallel()
	for _, in := range []tftypes.Value{tftypes.NewValue(tftypes.String, "15m"), tftypes.NewValue(tftypes.String, nil), tftypes.NewValue(tftypes.String, tftypes.UnknownValue)} {
		value, err := tfduration.Type{}.ValueFromTerraform(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		if out, err := value.ToTerraformValue(t.Context()); err != nil || !out.Equal(in) || !value.Type(t.Context()).Equal(tfduration.Type{}) {
			t.Errorf("%v: %v, %v", in, out, err)
		}
	}
}
