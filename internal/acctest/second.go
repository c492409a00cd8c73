package acctest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/timago/conformance"
)

// SecondServer is a server of Timago's contract that its author wrote from the contract
// alone, see testdata/secondserver. It runs in a process of its own.
type SecondServer struct {
	Endpoint string
	Token    string

	authority []byte // PEM
	control   string
	t         testing.TB
}

// object is a JSON object of the second server's: its site, a station.
type object = map[string]any

// NewSecondServer starts one until the test's end. The site is as store.py tells, the token
// apart.
func NewSecondServer(t testing.TB, site object) *SecondServer {
	t.Helper()
	python := Python(t)
	s := &SecondServer{Token: "second-server-token", t: t}
	site["token"] = s.Token
	described, err := json.Marshal(site)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	certificate, key := loopbackCertificate(t)
	s.authority = certificate
	args := []string{"-B", filepath.Join("testdata", "secondserver", "server.py")}
	for name, content := range map[string][]byte{"site": described, "cert": certificate, "key": key} {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--"+name, path)
	}
	s.start(exec.Command(python, args...)) //nolint:noctx // the server of this folder; it ends when its standard input does
	return s
}

// Python is the interpreter that the second server runs in.
func Python(t testing.TB) string {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("needs Python 3: a server that was written from the contract alone")
	}
	return python
}

// start runs the server, which tells in its first line where it listens and ends with its
// standard input.
func (s *SecondServer) start(command *exec.Cmd) {
	s.t.Helper()
	var said bytes.Buffer
	command.Stderr = &said
	input, err := command.StdinPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = input.Close()
		if err := command.Wait(); err != nil || s.t.Failed() && said.Len() > 0 {
			s.t.Errorf("the second server: %v\n%s", err, said.String())
		}
	})
	line, err := bufio.NewReader(output).ReadBytes('\n')
	var ready struct{ Endpoint, Control string }
	if err == nil {
		err = json.Unmarshal(line, &ready)
	}
	if err != nil {
		s.t.Fatalf("the second server has not told where it listens: %v\n%s", err, said.String())
	}
	s.Endpoint, s.control = ready.Endpoint, ready.Control
}

// loopbackCertificate is one for 127.0.0.1 that is its own authority, and its key.
func loopbackCertificate(t testing.TB) (certificate, key []byte) {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	own := server.TLS.Certificates[0]
	text, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own.Certificate[0]}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: text})
}

// Client asks the second server as its own users do.
func (s *SecondServer) Client() *http.Client { return trusting(s.t, s.authority) }

// Checked is how its conformance is checked.
func (s *SecondServer) Checked() conformance.Config {
	return conformance.Config{URL: s.Endpoint, Token: s.Token, HTTP: s.Client(), Pause: 50 * time.Millisecond, Patience: 2 * time.Minute}
}

// CheckedServer is how the conformance of the simulator's server is checked, which runs
// until the test's end.
func CheckedServer(t testing.TB, scenario simulator.Scenario, speed float64) conformance.Config {
	t.Helper()
	site, err := simulator.Start(scenario, simulator.Options{Speed: speed, API: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(site.Close)
	return conformance.Config{
		URL: site.Ready().Endpoint, Token: site.Ready().Token, HTTP: trusting(t, site.CACertificate()), Pause: 50 * time.Millisecond, Patience: 2 * time.Minute,
	}
}

// Provider is a provider block for this server.
func (s *SecondServer) Provider() string { return apiProvider(s.Endpoint, s.authority) }

// Requests counts what it was asked, by method and the path's first segment.
func (s *SecondServer) Requests() map[string]int {
	s.t.Helper()
	var log []struct{ Method, Path string }
	s.Control(http.MethodGet, "/log", nil, &log)
	asked := map[string]int{}
	for _, entry := range log {
		first, _, _ := strings.Cut(strings.TrimPrefix(entry.Path, "/"), "/")
		asked[entry.Method+" /"+first]++
	}
	return asked
}

// trusting is a client that takes certificates of an authority. Its connections end with
// the test.
func trusting(t testing.TB, authority []byte) *http.Client {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authority) {
		t.Fatal("no certificate in PEM form")
	}
	way := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, MaxIdleConnsPerHost: 16}
	t.Cleanup(way.CloseIdleConnections)
	return &http.Client{Transport: way, Timeout: time.Minute}
}

// Control asks the server's control interface, see control.py, and reads its answer where
// that is wanted.
func (s *SecondServer) Control(method, path string, sent, answer any) {
	s.t.Helper()
	if err := s.try(method, path, sent, answer); err != nil {
		s.t.Fatal(err)
	}
}

func (s *SecondServer) try(method, path string, sent, answer any) error {
	body, err := json.Marshal(sent)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.t.Context()), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, s.control+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %d %s %w", method, path, response.StatusCode, strings.TrimSpace(string(text)), err)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(text, answer)
}
