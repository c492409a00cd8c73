// Command contract-check holds a server against the contract of API mode and prints a table
// of what it found. It ends with status 1 where something does not hold.
//
//	TIMAGO_TOKEN=… go run ./internal/cmd/contract-check -url https://timago.schule.example
//
// As it is, it changes nothing at the server. See the flags for what else it can look at.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/timago/terraform-provider-timago/internal/timago/conformance"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	failed, err := run(ctx, os.Args[1:], os.Getenv("TIMAGO_TOKEN"), os.Stdout)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "contract-check:", err)
		os.Exit(2)
	case failed > 0:
		os.Exit(1)
	}
}

// run checks the server of the arguments and says how many checks failed.
func run(ctx context.Context, arguments []string, token string, to io.Writer) (failed int, err error) {
	flags := flag.NewFlagSet("contract-check", flag.ContinueOnError)
	address := flags.String("url", "", "where the interface is, with or without /api/v1")
	authority := flags.String("ca", "", "PEM file of the authority that issued its certificate")
	insecure := flags.Bool("insecure", false, "take any certificate")
	station := flags.String("station", "", "name of a station whose option may be set to the value that it has")
	change := flags.Bool("change", false, "also set the station's option and set it back, restart it, switch it off and on, and reset its image: nobody may use it")
	check := flags.String("check", "", "name of the only check to make, as the table has it")
	patience := flags.Duration("patience", time.Hour, "how long a command may take")
	pause := flags.Duration("pause", 5*time.Second, "how long to wait between two looks at a command")
	if err := flags.Parse(arguments); err != nil {
		return 0, err
	}
	switch {
	case *address == "":
		return 0, errors.New("-url is missing")
	case token == "":
		return 0, errors.New("the environment variable TIMAGO_TOKEN is missing")
	case *change && *station == "":
		return 0, errors.New("-change needs -station")
	}
	client, err := clientOf(*authority, *insecure)
	if err != nil {
		return 0, err
	}
	defer client.CloseIdleConnections()
	config := conformance.Config{URL: *address, Token: token, HTTP: client, Station: *station, Check: *check, Patience: *patience, Pause: *pause}
	if *station != "" {
		config.Level = conformance.SameValue
	}
	if *change {
		config.Level = conformance.Changes
	}
	results, err := conformance.Run(ctx, config)
	if len(results) > 0 {
		if wrong := conformance.Table(to, results); wrong != nil {
			return 0, wrong
		}
	}
	return conformance.Failed(results), err
}

func clientOf(authority string, insecure bool) (*http.Client, error) {
	var roots *x509.CertPool
	if authority != "" {
		pem, err := os.ReadFile(authority) //nolint:gosec // the file that the person named
		if err != nil {
			return nil, err
		}
		roots = x509.NewCertPool()
		if !roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate in PEM form", authority)
		}
	}
	return &http.Client{Transport: &http.Transport{
		Proxy:             http.ProxyFromEnvironment,
		ForceAttemptHTTP2: true,
		TLSClientConfig: &tls.Config{
			MinVersion: tls.VersionTLS12, RootCAs: roots,
			InsecureSkipVerify: insecure, //nolint:gosec // the user's explicit choice, off by default
		},
	}}, nil
}
