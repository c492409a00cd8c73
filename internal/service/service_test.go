package service_test

import (
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/timago/terraform-provider-timago/internal/cycle"
	"github.com/timago/terraform-provider-timago/internal/service"
	"github.com/timago/terraform-provider-timago/internal/site"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestWhatTheProviderHandsOver(t *testing.T) {
	t.Parallel()
	want := service.Data{Site: &site.Site{}, Engine: cycle.New()}
	if got, diags := service.From(want); got != want || diags.HasError() {
		t.Errorf("%v, %v", got, diags)
	}
	if got, diags := service.From(nil); got != (service.Data{}) || diags.HasError() {
		t.Errorf("before the provider is configured: %v, %v", got, diags)
	}
}

func TestAnythingElseIsAnError(t *testing.T) {
	t.Parallel()
	for _, handed := range []any{&site.Site{}, &service.Data{}, "a word"} {
		got, diags := service.From(handed)
		if got != (service.Data{}) || len(diags) != 1 || !strings.Contains(diags[0].Detail(), "please report it") {
			t.Errorf("%T: %v, %v", handed, got, diags)
		}
	}
}
