package provider

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// Who has no configuration reads of variables alone.
func TestErrorsOfTheEnvironmentNameItsVariables(t *testing.T) {
	for _, set := range os.Environ() {
		if name, _, _ := strings.Cut(set, "="); strings.HasPrefix(name, "TIMAGO_") {
			t.Setenv(name, "")
		}
	}
	account := []string{"TIMAGO_WINRM_USERNAME=admin", "TIMAGO_WINRM_PASSWORD=secret"}
	for says, variables := range map[string][]string{
		"": account,
		"no username is configured.\n\nSet the environment variable TIMAGO_WINRM_USERNAME.":          nil,
		"no password is configured.\n\nSet the environment variable TIMAGO_WINRM_PASSWORD.":          {account[0]},
		"TIMAGO_ENDPOINT is set, and no token for it.\n\nSet the environment variable TIMAGO_TOKEN.": append(account, "TIMAGO_ENDPOINT=https://timago.example"),
		"TIMAGO_WINRM_AUTH: the password would cross the network in clear.\n\n" +
			"Set TIMAGO_WINRM_USE_TLS=true, or unset TIMAGO_WINRM_AUTH: NTLM seals what it sends where there is no TLS.": append(account, "TIMAGO_WINRM_AUTH=basic"),
		"TIMAGO_WINRM_CA_CERTIFICATE: it says which certificates to trust, and without TLS there are none.\n\n" +
			"Set TIMAGO_WINRM_USE_TLS=true, or unset the variable.": append(account, "TIMAGO_WINRM_CA_CERTIFICATE=none"),
		"TIMAGO_CA_CERTIFICATE: the value holds no certificate": append(account, "TIMAGO_CA_CERTIFICATE=none"),
		"TIMAGO_REPORT: \"page\" does not end in .html":         append(account, "TIMAGO_REPORT=page"),
		"TIMAGO_WINRM_PASSWORD: the value ends with a line break, which is probably that of the file that it was read from.\n\nStore it without": {account[0], "TIMAGO_WINRM_PASSWORD=secret\n"},
		"TIMAGO_WINRM_KEYTAB and TIMAGO_WINRM_CREDENTIAL_CACHE: a keytab and a credential cache are given": append(account,
			"TIMAGO_WINRM_AUTH=kerberos", "TIMAGO_WINRM_KEYTAB=a", "TIMAGO_WINRM_CREDENTIAL_CACHE=b"),
		"variable TIMAGO_WINRM_PORT. It holds \"no\"": append(account, "TIMAGO_WINRM_PORT=no"),
	} {
		t.Run(says, func(t *testing.T) {
			for _, variable := range variables {
				name, value, _ := strings.Cut(variable, "=")
				t.Setenv(name, value)
			}
			_, err := FromEnvironment(t.Context(), "kms01", "test")
			if (err != nil) != (says != "") {
				t.Fatal(err)
			}
			if err != nil && (!strings.Contains(err.Error(), says) || regexp.MustCompile(`provider block|winrm\.| = true|\(file`).MatchString(err.Error())) {
				t.Error(err)
			}
		})
	}
}
