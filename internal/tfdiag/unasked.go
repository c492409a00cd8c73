package tfdiag

import "github.com/hashicorp/terraform-plugin-framework/diag"

// Unasked is what a data source warns of as long as the provider's configuration is not
// known. noun and name are what it would have read, as in a Failure.
func Unasked(verb, noun, name string) diag.Diagnostic {
	return Failure{
		Verb: verb, Noun: noun, Name: name,
		Attempted: "The provider's configuration is not known yet, so nothing can be asked. All values are null.",
		Next: "The next plan reads it. To have it read by this apply already, name the resource that the provider's configuration comes from " +
			"in the data source's depends_on.",
	}.Warning()
}
