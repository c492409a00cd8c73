package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/timago/terraform-provider-timago/internal/foreign"
)

// fingerprint holds the SHA-256 fingerprint of a certificate. Windows' own window shows the
// SHA-1 one as the thumbprint, with spaces and, where it is copied, an invisible character
// before it.
type fingerprint struct{}

func (fingerprint) Description(context.Context) string {
	return "must be a SHA-256 fingerprint: 64 hexadecimal digits, colons and spaces allowed"
}

func (f fingerprint) MarkdownDescription(ctx context.Context) string { return f.Description(ctx) }

func (f fingerprint) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	written := foreign.Line(req.ConfigValue.ValueString())
	digits := strings.NewReplacer(":", "", "-", "", " ", "").Replace(written)
	isHex := strings.Trim(strings.ToLower(digits), "0123456789abcdef") == ""
	why := f.Description(ctx) + "."
	switch {
	case isHex && len(digits) == 64:
		return
	case isHex && len(digits) == 40:
		why = "it has 40 hexadecimal digits, so it is a SHA-1 fingerprint, as Windows shows it under thumbprint. " +
			"Give the SHA-256 one: export the certificate as a DER file (.cer) and run certutil -hashfile station.cer SHA256."
	}
	resp.Diagnostics.AddAttributeError(req.Path, "Not a SHA-256 fingerprint", fmt.Sprintf("%s: %q: %s", req.Path, foreign.Short(written, 120), why))
}
