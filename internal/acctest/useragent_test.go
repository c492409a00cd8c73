package acctest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/timago/terraform-provider-timago/internal/provider"
	"github.com/timago/terraform-provider-timago/internal/tflist"
)

// Whoever looks into the logs of a station or of the interface sees which version asked, and
// under which version of the CLI.
func TestRequestsSayWhoAsks(t *testing.T) {
	t.Parallel()
	var (
		mu     sync.Mutex
		agents = map[string]string{} // by where
	)
	hears := func(where string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			agents[where] = r.UserAgent()
			w.WriteHeader(http.StatusUnauthorized)
		}
	}
	station, api := httptest.NewServer(hears("station")), httptest.NewTLSServer(hears("interface"))
	t.Cleanup(station.Close)
	t.Cleanup(api.Close)
	p := provider.NewIn(func(name string) string {
		return map[string]string{
			"TIMAGO_ENDPOINT": api.URL, "TIMAGO_TOKEN": "token", "TIMAGO_WINRM_USERNAME": "kms-admin", "TIMAGO_WINRM_PASSWORD": "secret",
		}[name]
	}, "1.2.3")
	t.Cleanup(p.Close)
	server := tflist.Serve(p)
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	configure := func(values Values) {
		t.Helper()
		of := object(schemas.Provider.ValueType())
		attributes := map[string]tftypes.Value{}
		for name, kind := range of.AttributeTypes {
			attributes[name] = tftypes.NewValue(kind, values[name])
		}
		config, err := tfprotov6.NewDynamicValue(of, tftypes.NewValue(of, attributes))
		if err != nil {
			t.Fatal(err)
		}
		configured, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: &config, TerraformVersion: "1.11.4"})
		if err != nil || len(configured.Diagnostics) > 0 {
			t.Fatalf("%v, %v", err, configured.Diagnostics)
		}
	}
	read := func(source, attribute string, value any) {
		t.Helper()
		config := oneString(t, schemas.DataSourceSchemas[source], attribute, value)
		if _, err := server.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: source, Config: config}); err != nil {
			t.Fatal(err)
		}
	}
	configure(Values{"insecure_skip_verify": true})
	read("timago_stations", "location", "R101")
	// The interface that refuses the token knows no station, so Windows is asked in direct mode.
	const want = "terraform-provider-timago/1.2.3 Terraform/1.11.4"
	mu.Lock()
	if agents["interface"] != want {
		t.Errorf("the interface hears %q, want %q", agents["interface"], want)
	}
	mu.Unlock()
	direct := provider.NewIn(func(name string) string {
		return map[string]string{"TIMAGO_WINRM_USERNAME": "kms-admin", "TIMAGO_WINRM_PASSWORD": "secret"}[name]
	}, "1.2.3")
	t.Cleanup(direct.Close)
	server = tflist.Serve(direct)
	configure(nil)
	read("timago_station", "name", strings.TrimPrefix(station.URL, "http://"))
	mu.Lock()
	defer mu.Unlock()
	if agents["station"] != want {
		t.Errorf("the station hears %q, want %q", agents["station"], want)
	}
}

// Values are attributes by name.
type Values map[string]any
