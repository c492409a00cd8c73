package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/timago/terraform-provider-timago/internal/simulator"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOneLineSaysThatTheSiteIsReadyAndASignalEndsIt(t *testing.T) {
	t.Parallel()
	ctx, signal := context.WithCancel(t.Context())
	defer signal()
	stdout, written := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, []string{"-speed", "60"}, written, io.Discard)
		_ = written.Close()
		ended <- err
	}()
	lines := bufio.NewReader(stdout)
	line, err := lines.ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var ready simulator.Ready
	if err := json.Unmarshal(line, &ready); err != nil {
		t.Fatal(err)
	}
	if len(ready.Stations) != 5 || ready.KMSHost == "" || ready.WinRM.Password == "" || ready.Endpoint == "" || ready.Token == "" {
		t.Errorf("%s", line)
	}
	if _, err := os.Stat(ready.CACertificateFile); err != nil {
		t.Error(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, ready.Control+"/state", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	http.DefaultClient.CloseIdleConnections()

	signal()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if rest, _ := io.ReadAll(lines); len(rest) > 0 {
		t.Errorf("standard output has more: %s", rest)
	}
	if _, err := os.Stat(ready.CACertificateFile); !os.IsNotExist(err) {
		t.Errorf("the certificate is left behind: %v", err)
	}
}

func TestMistakesOnTheCommandLine(t *testing.T) {
	t.Parallel()
	for arguments, want := range map[string]string{
		"-scenario no-such":   `no scenario "no-such"`,
		"-scenario ./no-such": "reading the scenario",
		"-speed -1":           "-speed",
		"rest":                `unexpected argument "rest"`,
		"-listen 192.0.2.1:0": "control interface",
	} {
		err := run(t.Context(), strings.Fields(arguments), io.Discard, &bytes.Buffer{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", arguments, err, want)
		}
	}
}
