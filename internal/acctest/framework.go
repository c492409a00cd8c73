package acctest

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/timago/terraform-provider-timago/internal/provider"
	"github.com/timago/terraform-provider-timago/internal/tflist"
)

// Steps runs steps of terraform-plugin-testing with a provider in this process that sees
// these variables ("NAME=value") and no others. What the steps made is destroyed at their
// end. A test that runs beside others says so before it starts its site: while it waits for
// its turn a site's time would run, and stations ask by themselves every two minutes.
func Steps(t *testing.T, env []string, steps ...resource.TestStep) {
	t.Helper()
	cli(t)
	resource.Test(t, resource.TestCase{
		IsUnitTest:               true, // whether TF_ACC is set says nothing here: the site is simulated
		ProtoV6ProviderFactories: factories(t, env),
		Steps:                    steps,
	})
}

// factories make a provider for every run of the CLI, and close the one before.
func factories(t *testing.T, env []string) map[string]func() (tfprotov6.ProviderServer, error) {
	t.Helper()
	var (
		mu   sync.Mutex
		last *provider.Provider
	)
	replace := func(next *provider.Provider) {
		mu.Lock()
		defer mu.Unlock()
		if last != nil {
			last.Close()
		}
		last = next
	}
	t.Cleanup(func() { replace(nil) })
	return map[string]func() (tfprotov6.ProviderServer, error){
		"timago": func() (tfprotov6.ProviderServer, error) {
			next := provider.NewIn(lookup(env), "test")
			replace(next)
			return tflist.Serve(next), nil
		},
	}
}

// lookup reads variables out of a list, whose last one holds.
func lookup(env []string) func(name string) string {
	return func(name string) string {
		value := ""
		for _, variable := range env {
			if given, found := strings.CutPrefix(variable, name+"="); found {
				value = given
			}
		}
		return value
	}
}

// useCLI has terraform-plugin-testing run the CLI that the other tests run, instead of
// downloading one, and install nothing.
func useCLI() error {
	path := findCLI()
	if path == "" {
		return nil // each test that needs one is skipped
	}
	config, err := filepath.Abs("../tools/terraform.rc")
	if err != nil {
		return err
	}
	variables := map[string]string{
		"TF_ACC_TERRAFORM_PATH": path, "TF_ACC_PROVIDER_NAMESPACE": strings.TrimSuffix(provider.Source, "/timago"), "TF_CLI_CONFIG_FILE": config, "CHECKPOINT_DISABLE": "1",
	}
	at, err := atHand()
	if err != nil {
		return err
	}
	if at.Name == "OpenTofu" {
		variables["TF_ACC_PROVIDER_HOST"] = "registry.opentofu.org"
	}
	for name, value := range variables {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
}
