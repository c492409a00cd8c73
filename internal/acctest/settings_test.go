package acctest_test

import (
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/acctest"
)

// What the provider block and the environment say together.
func TestSettingsThatDoNotGoTogether(t *testing.T) {
	t.Parallel()
	const required = acctest.Required
	const room = "resource \"timago_activation_pool\" \"room\" {\n  name = \"R101\"\n  stations = [\"127.0.0.1:1\"]\n}\n"
	const noTLS = "TLS is not used"
	stations := func(line string) string {
		return "winrm = {\n    username = \"kms-admin\"\n    " + line + "\n  }\n  kms = { host = \"127.0.0.1:1\" }"
	}
	host := func(line string) string {
		return "winrm = {\n    username = \"kms-admin\"\n    domain_suffix = \"schule.invalid\"\n  }\n  kms = {\n    host = \"kms01\"\n    winrm = {\n      username = \"kms-host\"\n      " + line + "\n    }\n  }"
	}
	pin := `certificate_fingerprints = ["` + strings.Repeat("ab", 32) + `"]`
	for name, tt := range map[string]struct {
		block string
		env   []string
		says  []string
		not   string
	}{
		"a pin without TLS":             {stations(pin), nil, []string{noTLS, "winrm.certificate_fingerprints: it says which certificates to trust", "Set use_tls = true"}, ""},
		"an authority without TLS":      {stations(`ca_certificate = "x"`), nil, []string{noTLS, "winrm.ca_certificate: ", "No PEM certificate"}, ""},
		"a name without TLS":            {stations("use_tls = false\n    tls_server_name = \"pc.schule.example\""), nil, []string{noTLS, "winrm.tls_server_name: "}, ""},
		"a pin of the host without TLS": {host(pin), nil, []string{noTLS, "kms.winrm.certificate_fingerprints: "}, ""},
		"no check of what is not there": {stations("insecure_skip_verify = true"), nil, []string{"Warning: " + noTLS, "winrm.insecure_skip_verify: it has no effect", "127.0.0.1:1 refused the connection"}, ""},
		"a pin with TLS":                {stations("use_tls = true\n    " + pin), nil, []string{"127.0.0.1:1 refused the connection"}, noTLS},
		"a pin, TLS by the environment": {stations(pin), []string{"TIMAGO_WINRM_USE_TLS=true"}, []string{"127.0.0.1:1 refused the connection"}, noTLS},
		"the host's domain":             {host(`domain_suffix = "verwaltung.invalid"`), nil, []string{"kms01.verwaltung.invalid:5985"}, "kms01.schule"},
		"too many retries":              {stations(""), []string{"TIMAGO_MAX_RETRIES=21"}, []string{"Unable to read environment variable TIMAGO_MAX_RETRIES", `It holds "21"; a number from 0 to 20 is expected.`}, ""},
		"no port":                       {stations(""), []string{"TIMAGO_WINRM_PORT=0"}, []string{"TIMAGO_WINRM_PORT", "a number from 1 to 65535"}, ""},
		"too many at once":              {stations(""), []string{"TIMAGO_WINRM_MAX_PARALLEL=1001"}, []string{"TIMAGO_WINRM_MAX_PARALLEL", "a number from 1 to 1000"}, ""},
		"a timeout that is none":        {"", []string{"TIMAGO_WINRM_USERNAME=kms-admin", "TIMAGO_WINRM_TIMEOUT=30"}, []string{"Unable to read environment variable TIMAGO_WINRM_TIMEOUT", `"30" has no unit. The units are h, m and s: write "30s", "30m" or "30h".`}, "Not a duration"},
		"a timeout of nothing":          {stations(""), []string{"TIMAGO_REQUEST_TIMEOUT=0s"}, []string{"Unable to read environment variable TIMAGO_REQUEST_TIMEOUT"}, ""},
		"an age that is none":           {stations(""), []string{"TIMAGO_KMS_MAX_AGE=7d"}, []string{"Unable to read environment variable TIMAGO_KMS_MAX_AGE", `write "168h"`}, ""},
		"a proof of no kind":            {stations(""), []string{"TIMAGO_WINRM_AUTH=NTLM"}, []string{"Unable to read environment variable TIMAGO_WINRM_AUTH", `It holds "NTLM"; one of ["ntlm" "basic" "kerberos"] is expected.`}, ""},
		"counts from nowhere":           {stations(""), []string{"TIMAGO_KMS_COUNT_SOURCE=all"}, []string{"Unable to read environment variable TIMAGO_KMS_COUNT_SOURCE"}, ""},
		"Kerberos by the environment alone": {
			"", []string{"TIMAGO_ENDPOINT=https://127.0.0.1:1", "TIMAGO_TOKEN=token", "TIMAGO_WINRM_AUTH=kerberos", "TIMAGO_WINRM_CREDENTIAL_CACHE=/no/such/cache"},
			[]string{"Unable to open site", "/no/such/cache"}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.NewWorkspace(t, append(tt.env, "TIMAGO_WINRM_PASSWORD=secret", "TIMAGO_KMS_WINRM_PASSWORD=secret")...)
			w.Write("main.tf", required+"provider \"timago\" {\n  "+tt.block+"\n}\n"+room)
			plan := w.Plan(1)
			for _, said := range tt.says {
				if !plan.Contains(said) {
					t.Errorf("it does not say %q:\n%s", said, plan.Output)
				}
			}
			if tt.not != "" && plan.Contains(tt.not) {
				t.Errorf("it says %q:\n%s", tt.not, plan.Output)
			}
		})
	}
}
