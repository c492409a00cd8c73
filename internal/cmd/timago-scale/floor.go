//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/timago/terraform-provider-timago/internal/winrm/wsman"
)

const (
	echoPart  = "echo"
	floorPart = "floor"
	// echoVariable is where the echo is.
	echoVariable = "TIMAGO_SCALE_ECHO"
	// floorParallel and floorRequests are a provider's default, and what a station is asked.
	floorParallel = 32
	floorRequests = 4
)

// serveEcho answers every request with its own body until the context ends.
func serveEcho(ctx context.Context, output io.Writer) error {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if err == nil {
			w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
			_, _ = w.Write(body) // who went away asks no more
		}
	})}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	fmt.Fprintln(output, listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// askEcho is the floor: for each station one connection, and on it as many envelopes as a
// station is asked, with nothing read of the answers but their bytes.
func askEcho(ctx context.Context) error {
	stations, err := strconv.Atoi(os.Getenv(stationsVariable))
	if err != nil {
		return err
	}
	url := "http://" + os.Getenv(echoVariable) + "/wsman"
	envelope := []byte(wsman.Enumerate("SELECT LastBootUpTime, LocalDateTime FROM Win32_OperatingSystem").Render(url, time.Minute))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(floorParallel)
	for range stations {
		group.Go(func() error {
			transport := &http.Transport{}
			defer transport.CloseIdleConnections()
			for range floorRequests {
				if err := send(ctx, transport, url, envelope); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

func send(ctx context.Context, transport *http.Transport, url string, envelope []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(envelope)) //nolint:gosec // the echo that the parent process named
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/soap+xml;charset=UTF-8")
	response, err := transport.RoundTrip(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the echo answered %s", response.Status)
	}
	return nil
}
