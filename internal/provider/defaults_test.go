package provider

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
)

// What the page states as a default is what an empty configuration gets where the
// environment says nothing.
func TestTheStatedDefaultsAreThoseThatHold(t *testing.T) {
	t.Parallel()
	empty := func(string) string { return "" }
	s, diags := model{}.settings(t.Context(), empty)
	if diags.HasError() {
		t.Fatal(diags)
	}
	account := map[string]attr.Value{
		"auth": s.winrm.Auth, "use_tls": s.winrm.UseTLS, "insecure_skip_verify": s.winrm.InsecureSkipVerify, "allow_unencrypted": s.winrm.AllowUnencrypted,
		"timeout": s.winrm.Timeout, "max_parallel": s.winrm.MaxParallel,
	}
	var described provider.SchemaResponse
	(&Provider{}).Schema(t.Context(), provider.SchemaRequest{}, &described)
	stated := literals("", described.Schema.Attributes)
	want := map[string]attr.Value{
		"insecure_skip_verify": s.api.InsecureSkipVerify, "request_timeout": s.api.RequestTimeout, "max_retries": s.api.MaxRetries,
		"kms.count_source": s.kms.CountSource, "kms.max_age": s.kms.MaxAge,
	}
	for name, value := range account {
		want["winrm."+name], want["kms.winrm."+name] = value, value
	}
	for _, at := range slices.Sorted(maps.Keys(want)) {
		if got := shown(want[at]); stated[at] != got {
			t.Errorf("%s states %q, and %q holds", at, stated[at], got)
		}
		delete(stated, at)
	}
	for at, literal := range stated {
		// What these name is judged where it is used: ports and Kerberos's files in internal/winrm.
		if !regexp.MustCompile(`winrm\.(port|kerberos\.(config_file|credential_cache))$`).MatchString(at) {
			t.Errorf("%s states %q, which nothing holds", at, literal)
		}
	}
}

var saysDefault = regexp.MustCompile("Default: (?:`([^`]*)`|([0-9]+))")

func literals(under string, attributes map[string]schema.Attribute) map[string]string {
	all := map[string]string{}
	for name, attribute := range attributes {
		if said := saysDefault.FindStringSubmatch(attribute.GetMarkdownDescription()); said != nil {
			all[under+name] = said[1] + said[2]
		}
		if object, is := attribute.(schema.SingleNestedAttribute); is {
			maps.Copy(all, literals(under+name+".", object.Attributes))
		}
	}
	return all
}

// shown writes a value as the page does: a truth that is null is false.
func shown(value attr.Value) string {
	switch value := value.(type) {
	case interface{ ValueString() string }:
		return value.ValueString()
	case interface{ ValueBool() bool }:
		return fmt.Sprint(value.ValueBool())
	case interface{ ValueInt64() int64 }:
		return fmt.Sprint(value.ValueInt64())
	}
	return fmt.Sprint(value)
}
