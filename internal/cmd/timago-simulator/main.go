// Command timago-simulator runs a simulated site for the demonstration and for tests:
// Windows stations and a KMS host as WinRM endpoints on loopback addresses, and an HTTP
// interface in front of a Timago server. When they are ready it prints one line of JSON; everything else goes to standard error. SIGTERM
// or an interrupt ends it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/timago/terraform-provider-timago/internal/simulator"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return
		}
		fmt.Fprintln(os.Stderr, "timago-simulator:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

// run runs a site until the context ends.
func run(ctx context.Context, arguments []string, stdout, stderr io.Writer) (err error) {
	flags := flag.NewFlagSet("timago-simulator", flag.ContinueOnError)
	flags.SetOutput(stderr)
	file := flags.String("scenario", "vendor-example", "scenario `file`, or the name of one that is built in: "+strings.Join(simulator.Scenarios(), ", "))
	speed := flags.Float64("speed", 1, "simulated per real time. Only the site's time is scaled: timeouts of its clients are real, so divide them by the speed")
	listen := flags.String("listen", "127.0.0.1:0", "loopback `address` of the page and the control interface; empty: none")
	api := flags.Bool("api", true, "serve the HTTP interface in front of the Timago server, too")
	verbose := flags.Bool("v", false, "log every request")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	switch {
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case *speed < 0 || *speed > 1e6:
		return errors.New("-speed is 0 to 1000000")
	}
	level := slog.LevelInfo
	if *verbose {
		level = slog.LevelDebug
	}
	scenario, err := simulator.Load(*file)
	if err != nil {
		return err
	}
	site, err := simulator.Start(scenario, simulator.Options{ //nolint:contextcheck // it runs until Close, which ctx decides
		Speed: *speed, API: *api, Control: *listen, Logger: slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level})),
	})
	if err != nil {
		return err
	}
	defer site.Close()

	ready := site.Ready()
	directory, err := os.MkdirTemp("", "timago-simulator-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(directory)) }()
	ready.CACertificateFile = filepath.Join(directory, "ca.pem")
	if err := os.WriteFile(ready.CACertificateFile, site.CACertificate(), 0o600); err != nil {
		return err
	}
	if err := json.NewEncoder(stdout).Encode(ready); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}
