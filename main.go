// Terraform-provider-timago keeps rooms of Windows stations under Timago activated
// through their site's KMS host.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	_ "time/tzdata" // maintenance windows name time zones, also where the system knows none

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/timago/terraform-provider-timago/internal/provider"
)

// version is set when a release is built.
var version = "dev"

func main() {
	debug := flag.Bool("debug", false, "run with support for debuggers such as delve")
	tell := flag.Bool("version", false, "print the version and end")
	flag.Parse()
	if *tell {
		fmt.Println("terraform-provider-timago", version)
		return
	}

	err := providerserver.Serve(context.Background(), provider.New(version), providerserver.ServeOpts{
		Address:         provider.Address,
		Debug:           *debug,
		ProtocolVersion: 6,
	})
	if err != nil {
		log.Fatal(err)
	}
}
