package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The command prints the table and tells by its status whether all holds.
func TestContractCheck(t *testing.T) {
	t.Parallel()
	s, err := simulator.Start(simulator.Scenario{Site: world.Site{Seed: 3, Stations: world.Rows(30, world.Station{Name: "R101-PC%02d", Room: "R101"})}},
		simulator.Options{API: true, Speed: 600})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	ready := s.Ready()
	authority := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(authority, s.CACertificate(), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		arguments []string
		token     string
		failed    bool
		says      string
	}{
		"reads":        {nil, ready.Token, false, "0 failed"},
		"changes":      {[]string{"-station=R101-PC07", "-change", "-pause=10ms"}, ready.Token, false, "0 failed"},
		"no such name": {[]string{"-station=R101-PC99"}, ready.Token, true, "0 stations are named R101-PC99"},
		"one check":    {[]string{"-check=pages"}, ready.Token, false, "1 ok, 0 failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var table strings.Builder
			failed, err := run(t.Context(), append([]string{"-url=" + ready.Endpoint, "-ca=" + authority}, tt.arguments...), tt.token, &table)
			if err != nil || failed > 0 != tt.failed || !strings.Contains(table.String(), tt.says) {
				t.Errorf("%d failed, %v\n%s", failed, err, table.String())
			}
		})
	}
	for says, arguments := range map[string][]string{
		"-url is missing":           nil,
		"-change needs -station":    {"-url=" + ready.Endpoint, "-change"},
		"holds no certificate":      {"-url=" + ready.Endpoint, "-ca=main.go"},
		"failed to verify":          {"-url=" + ready.Endpoint},
		"is no URL of a server":     {"-url=timago"},
		`there is no check "page"`:  {"-url=" + ready.Endpoint, "-ca=" + authority, "-check=page"},
		"does not accept the token": {"-url=" + ready.Endpoint, "-ca=" + authority, "-patience=" + time.Second.String()},
	} {
		token := ready.Token
		if strings.Contains(says, "token") {
			token = "wrong"
		}
		if _, err := run(t.Context(), arguments, token, &strings.Builder{}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v: %v, want %q", arguments, err, says)
		}
	}
}
