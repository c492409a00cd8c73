// Terraform-provider-timago keeps rooms of Windows stations under Timago activated
// through their site's KMS host.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"runtime/debug"
	_ "time/tzdata" // maintenance windows name time zones, also where the system knows none

	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/timago/terraform-provider-timago/internal/check"
	"github.com/timago/terraform-provider-timago/internal/provider"
	"github.com/timago/terraform-provider-timago/internal/site"
)

// version is set when a release is built.
var version = "dev"

// garbagePercent is how much garbage there may be, of what is in use.
const garbagePercent = 200

func main() {
	if len(os.Args) > 1 && os.Args[1] == "check" {
		os.Exit(runCheck(os.Args[2:]))
	}
	debugger := flag.Bool("debug", false, "run with support for debuggers such as delve")
	tell := flag.Bool("version", false, "print the version and end")
	flag.Usage = usage
	flag.Parse()
	if *tell {
		fmt.Println("terraform-provider-timago", version)
		return
	}

	if os.Getenv("GOGC") == "" {
		// What is read of a station is garbage a moment later, and what stays is small: a tenth
		// of the time would go into looking for it.
		debug.SetGCPercent(garbagePercent)
	}
	var options []tf6server.ServeOpt
	if *debugger {
		options = append(options, tf6server.WithManagedDebug())
	}
	if err := tf6server.Serve(provider.Address, provider.Server(version), options...); err != nil {
		log.Fatal(err)
	}
}

// usage is for who starts the program by hand.
func usage() {
	fmt.Fprint(flag.CommandLine.Output(), `Terraform and OpenTofu start this program themselves. By hand it can check a site, without them:

    terraform-provider-timago check -station NAME -kms-host HOST

"terraform-provider-timago check -help" says more. Other options:

`)
	flag.PrintDefaults()
}

// runCheck asks a site what the provider's assumptions are about, without Terraform.
func runCheck(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	return check.Command{
		Args: args, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Settings: func(kmsHost string) (site.Config, error) { return provider.FromEnvironment(ctx, kmsHost, version) },
	}.Run(ctx)
}
