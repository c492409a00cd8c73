package tfdiag

import "github.com/hashicorp/terraform-plugin-framework/diag"

// NotConfigured is the error of a data source as long as the provider's configuration is not
// known, in a CLI that cannot put it off: nulls would be taken for what was read. noun and
// name are what it would have read, as in a Failure.
func NotConfigured(verb, noun, name string) diag.Diagnostic {
	return Failure{
		Verb: verb, Noun: noun, Name: name,
		Attempted: "The provider's configuration is not known yet, so nothing can be asked.",
		Next: "Name the resource that the provider's configuration comes from in the data source's depends_on: it is then read by the apply, when all is known. " +
			"Or apply that resource first: terraform apply -target=<its address>.",
	}.Error()
}
