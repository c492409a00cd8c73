package activationpool

import (
	"reflect"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// A family of products that kms knows is shown under its own name: one more would be lost
// here, or shown as another one.
func TestEveryFamilyIsShownUnderItsName(t *testing.T) {
	t.Parallel()
	var m model
	shown := map[string]any{}
	fields := reflect.ValueOf(&m).Elem()
	for i := range fields.NumField() {
		shown[fields.Type().Field(i).Tag.Get("tfsdk")] = fields.Field(i).Addr().Interface()
	}
	for _, product := range kms.Products() {
		if field := shown[string(product)]; field == nil || field != any(m.product(product)) {
			t.Errorf("%s is not shown as itself", product)
		}
	}
}
