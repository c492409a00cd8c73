package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/timago/terraform-provider-timago/internal/winrm"
)

func TestAFingerprintHoweverItWasCopied(t *testing.T) {
	t.Parallel()
	const digits = "8F434346648F6B96DF89DDA901C5176B10A6D83961DD3C1AC88B59B2DC327AA4"
	pairs := func(text, separator string) string {
		var all []string
		for i := 0; i < len(text); i += 2 {
			all = append(all, text[i:i+2])
		}
		return strings.Join(all, separator)
	}
	for written, says := range map[string]string{
		digits: "", strings.ToLower(digits): "", pairs(digits, ":"): "", pairs(digits, " "): "", pairs(digits, "-"): "",
		"\u200e" + pairs(digits, " ") + "\n": "", "\ufeff" + digits: "",
		digits[:40]:                        "SHA-1 fingerprint, as Windows shows it under thumbprint",
		"\u200e" + pairs(digits[:40], " "): "certutil -hashfile",
		digits[:62]:                        "must be a SHA-256 fingerprint: 64 hexadecimal digits",
		digits[:63] + "g":                  "must be a SHA-256 fingerprint",
		"":                                 "must be a SHA-256 fingerprint",
	} {
		var resp validator.StringResponse
		fingerprint{}.ValidateString(t.Context(), validator.StringRequest{Path: path.Root("at"), ConfigValue: types.StringValue(written)}, &resp)
		if resp.Diagnostics.HasError() != (says != "") || says != "" && !strings.Contains(resp.Diagnostics[0].Detail(), says) {
			t.Errorf("%q: %v", written, resp.Diagnostics)
		}
		client, err := winrm.NewClient(winrm.Config{Username: "user", Password: "secret", UseTLS: true, CertificateFingerprints: []string{written}})
		if (err != nil) != (says != "") {
			t.Errorf("%q: the client takes it: %v", written, err)
		}
		if err == nil {
			client.Close()
		}
	}
}

func TestACredentialThatEndsWithALineBreakIsRefusedAndNotShown(t *testing.T) {
	t.Parallel()
	for written, refused := range map[string]bool{
		"geheim": false, " geheim ": false, "": false, "zwei\nZeilen": false, "geheim\n": true, "geheim\r\n": true,
	} {
		model := winrmModel{Username: types.StringValue(`SCHULE\admin`), Password: types.StringValue(written), CertificateFingerprints: types.ListNull(types.StringType)}
		_, diags := model.config(t.Context(), path.Root("winrm"), "", "")
		warned := func(d diag.Diagnostic) bool {
			return d.Summary() == "Line break at the end" && strings.Contains(d.Detail(), "winrm.password") && !strings.Contains(d.Detail(), "geheim")
		}
		if len(diags) != 0 != refused || refused && !warned(diags[0]) {
			t.Errorf("%q: %v", written, diags)
		}
	}
}
