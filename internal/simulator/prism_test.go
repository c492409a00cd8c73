package simulator_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/timago"
	"github.com/timago/terraform-provider-timago/internal/timago/contracttest"
)

// prism is the program, as internal/tools/install-prism leaves it.
func prism(t *testing.T) string {
	t.Helper()
	installed, err := filepath.Abs("../../bin/prism/node_modules/.bin/prism")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(installed); err == nil {
		return installed
	}
	path, err := exec.LookPath("prism")
	if err != nil {
		t.Skip("needs Prism: a validating proxy that this project did not write")
	}
	return path
}

// freePort is one that nothing listened at a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	var listen net.ListenConfig
	l, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port) //nolint:forcetypeassert // it is TCP
}

// throughPrism puts Prism between a site's interface and who asks the address it gives.
func throughPrism(t *testing.T, s *simulator.Simulator) string {
	t.Helper()
	program, port := prism(t), freePort(t)
	authority := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(authority, s.CACertificate(), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(context.WithoutCancel(t.Context()))
	command := exec.CommandContext(ctx, program, "proxy", "../timago/openapi.yaml", s.Ready().Endpoint+"/api/v1", "--host", "127.0.0.1", "--port", port, "--errors")
	command.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+authority)
	var said strings.Builder
	command.Stdout, command.Stderr = &said, &said
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		end()
		_ = command.Wait() // it was killed
		if t.Failed() {
			t.Log(said.String())
		}
	})
	to := &url.URL{Scheme: "http", Host: "127.0.0.1:" + port}
	proxy := &httputil.ReverseProxy{
		Rewrite:      func(r *httputil.ProxyRequest) { r.SetURL(to) },
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
		Transport:    &http.Transport{DisableKeepAlives: true},
	}
	front := httptest.NewServer(http.StripPrefix("/api/v1", proxy))
	t.Cleanup(front.Close)
	return front.URL
}

// Whatever the client asks and the interface answers passes a proxy that others wrote and
// that knows the contract alone.
func TestARoomIsPreparedThroughPrism(t *testing.T) {
	t.Parallel()
	scenario, err := simulator.Parse([]byte(room))
	if err != nil {
		t.Fatal(err)
	}
	between := &contracttest.Between{}
	s, err := simulator.Start(scenario, simulator.Options{Speed: 600, API: true, CheckAPI: between.Handler})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	front := throughPrism(t, s)
	client, err := timago.New(timago.Config{Endpoint: front, Token: s.Ready().Token, MaxRetries: 60, RetryWait: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if _, err := client.Info(ctx); err != nil { // retried until Prism listens
		t.Fatal(err)
	}
	stations, err := client.Stations(ctx, timago.Filter{Location: "R101"})
	if err != nil || len(stations) != 30 {
		t.Fatalf("%d stations, %v", len(stations), err)
	}
	set, err := client.SetKMSActivation(ctx, stations[0], "", true)
	if err != nil {
		t.Fatal(err)
	}
	reset := timago.Command{Name: timago.ResetImage, OperatingSystem: "Windows 11", UnlessInUse: true}
	sent, err := client.Send(ctx, reset, timago.Target{ID: set.ID, Key: timago.Key(set, timago.Effect{Command: timago.ResetImage, KMSActivation: true})})
	if err == nil {
		sent, err = client.Await(ctx, sent, 50*time.Millisecond, nil)
	}
	if err != nil || sent.State != timago.Succeeded {
		t.Fatalf("%+v, %v", sent, err)
	}
	now, err := client.FreshStation(ctx, set.ID)
	if err != nil || !now.OperatingSystems[0].Effective() {
		t.Errorf("%+v, %v", now, err)
	}
	if _, err := client.KMS(ctx); err != nil {
		t.Error(err)
	}
	if _, err := client.Locations(ctx); err != nil {
		t.Error(err)
	}
	if _, err := client.FreshStation(ctx, "00000000-0000-4000-8000-000000000000"); !errors.Is(err, timago.ErrGone) {
		t.Errorf("a station that does not exist: %v", err)
	}
	asked := s.State().Wire[world.Timago].Calls
	if asked["POST /commands"] == 0 || asked["GET /stations"] == 0 {
		t.Errorf("Prism handed on %v", asked)
	}

	// It would not let pass what breaks the contract.
	between.Answer(contracttest.EveryStation(func(station map[string]any) { delete(station, "online") }))
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, front+"/api/v1/stations", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+s.Ready().Token)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer answer.Body.Close()
	if answer.StatusCode < http.StatusBadRequest || between.Met() == 0 {
		t.Errorf("a station without the field online passes it: %d", answer.StatusCode)
	}
}
