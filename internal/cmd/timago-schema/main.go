// Command timago-schema prints the provider's schemas as `terraform providers schema -json`
// does. A CLI leaves out what it does not know, such as actions before Terraform 1.14; this
// asks the provider itself, so that the documentation is the same whatever CLI is at hand.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/timago/terraform-provider-timago/internal/provider"
)

func main() {
	address := flag.String("address", provider.Address, "the provider's address in the output")
	flag.Parse()
	if err := run(context.Background(), *address); err != nil {
		fmt.Fprintln(os.Stderr, "timago-schema:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, address string) error {
	described, err := describe(ctx, providerserver.NewProtocol6(provider.New("schema")())())
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(document{FormatVersion: "1.0", Providers: map[string]providerSchema{address: described}})
}
