package provider

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/timago/terraform-provider-timago/internal/tfduration"
)

// environment looks up a variable; os.Getenv outside tests. Each method completes a
// value that the configuration leaves out: by the variable, else by the default.
type environment func(name string) string

// wantsLog reports whether the CLI was asked for a log that may hold the provider's.
func (env environment) wantsLog() bool {
	return slices.ContainsFunc([]string{"TF_LOG", "TF_LOG_PROVIDER", "TF_LOG_PROVIDER_TIMAGO"}, func(name string) bool { return env(name) != "" })
}

func (env environment) string(value *types.String, name string) {
	if text := env(name); value.IsNull() && text != "" {
		*value = types.StringValue(text)
	}
}

func (env environment) duration(value *tfduration.Value, name string, preset time.Duration, attribute path.Path) diag.Diagnostics {
	if !value.IsNull() {
		return nil
	}
	*value = tfduration.Of(preset)
	text := env(name)
	if text == "" {
		return nil
	}
	if err := tfduration.Check(text); err != nil {
		return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(attribute, "Unable to read environment variable "+name, err.Error()+".")}
	}
	value.StringValue = types.StringValue(text)
	return nil
}

// word is a string that must be one of those allowed; the configuration's is its validator's
// to judge.
func (env environment) word(value *types.String, name, preset string, attribute path.Path, allowed ...string) diag.Diagnostics {
	if !value.IsNull() {
		return nil
	}
	*value = types.StringValue(preset)
	text := env(name)
	if text == "" {
		return nil
	}
	if !slices.Contains(allowed, text) {
		return invalidEnv(strconv.ErrSyntax, name, text, fmt.Sprintf("one of %q", allowed), attribute)
	}
	*value = types.StringValue(text)
	return nil
}

func (env environment) boolean(value *types.Bool, name string, attribute path.Path) diag.Diagnostics {
	text := env(name)
	if !value.IsNull() || text == "" {
		return nil
	}
	b, err := strconv.ParseBool(text)
	*value = types.BoolValue(b)
	return invalidEnv(err, name, text, "true or false", attribute)
}

// bounds are the least and the greatest that a number may be.
type bounds struct{ least, greatest int64 }

// String says the range as pages and errors do.
func (b bounds) String() string { return fmt.Sprintf("from %d to %d", b.least, b.greatest) }

func (b bounds) validator() validator.Int64 { return int64validator.Between(b.least, b.greatest) }

func (env environment) number(value *types.Int64, name string, preset int64, allowed bounds, attribute path.Path) diag.Diagnostics {
	if !value.IsNull() {
		return nil
	}
	*value = types.Int64Value(preset)
	text := env(name)
	if text == "" {
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if n < allowed.least || n > allowed.greatest {
		err = strconv.ErrRange
	}
	*value = types.Int64Value(n)
	return invalidEnv(err, name, text, "a number "+allowed.String(), attribute)
}

func invalidEnv(err error, name, text, wanted string, attribute path.Path) diag.Diagnostics {
	if err == nil {
		return nil
	}
	return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(attribute, "Unable to read environment variable "+name,
		fmt.Sprintf("It holds %q; %s is expected.", text, wanted))}
}
