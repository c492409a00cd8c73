// Package replay answers as a recorded site did, for tests: one WinRM service for each of its
// machines, which says what was said then and nothing else.
package replay

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/timago/terraform-provider-timago/internal/check/recording"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// Site is a recorded site that answers.
type Site struct {
	recorded  *recording.Recording
	addresses map[string]string // by recorded machine
	servers   []*http.Server
	serving   sync.WaitGroup
}

// Start lets a recording answer until Close.
func Start(ctx context.Context, r *recording.Recording) (*Site, error) {
	s := &Site{recorded: r, addresses: map[string]string{}}
	for _, name := range r.Machines() {
		listener, err := listen(ctx, name)
		if err != nil {
			s.Close()
			return nil, err
		}
		s.addresses[name] = listener.Addr().String()
		server := &http.Server{Handler: newMachine(r, name), ReadHeaderTimeout: time.Minute}
		s.servers = append(s.servers, server)
		s.serving.Go(func() {
			if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				panic(err)
			}
		})
	}
	return s, nil
}

// listen takes the address that stands for the machine's in the recording, where the system
// lets it be bound without set-up.
func listen(ctx context.Context, machine string) (net.Listener, error) {
	var config net.ListenConfig
	if host, _, err := net.SplitHostPort(machine); err == nil && strings.HasPrefix(host, "127.77.") {
		if listener, err := config.Listen(ctx, "tcp", net.JoinHostPort(host, "0")); err == nil {
			return listener, nil
		}
	}
	return config.Listen(ctx, "tcp", "127.0.0.1:0")
}

// Address is where a machine answers.
func (s *Site) Address(machine string) string { return s.addresses[machine] }

// Account is one that every machine takes.
func Account() winrm.Config {
	return winrm.Config{Username: "replay", Password: "replay", Auth: winrm.AuthBasic, AllowUnencrypted: true, Timeout: 10 * time.Second}
}

// Close ends everything.
func (s *Site) Close() {
	for _, server := range s.servers {
		_ = server.Close() // nothing to be saved
	}
	s.serving.Wait()
}

// machine is one that was recorded.
type machine struct {
	mu      sync.Mutex
	answers map[[2]string][]recording.Exchange // by message and question, those still to come first
	running recording.Exchange                 // the command whose output comes next
}

func newMachine(r *recording.Recording, name string) *machine {
	m := &machine{answers: map[[2]string][]recording.Exchange{}}
	for _, e := range r.Exchanges {
		if e.Machine == name {
			key := [2]string{e.Message, e.Question}
			m.answers[key] = append(m.answers[key], e)
		}
	}
	return m
}

// next is the answer to a question: each as often as it was asked, and the last from then on.
func (m *machine) next(message, question string) (recording.Exchange, bool) {
	key := [2]string{message, question}
	if len(m.answers[key]) == 0 {
		key[1] = m.nearest(message, question)
	}
	left := m.answers[key]
	if len(left) == 0 {
		return recording.Exchange{}, false
	}
	if len(left) > 1 {
		m.answers[key] = left[1:]
	}
	return left[0], true
}

// nearest is the recorded question that is most like one that was not asked then: of the same
// class and condition, with other properties or of another time. A recording outlives the
// questions by which it was made.
func (m *machine) nearest(message, question string) string {
	properties, rest := parts(question)
	best, most := "", -1
	for key := range m.answers {
		recorded, same := parts(key[1])
		if key[0] != message || same != rest || rest == "" {
			continue
		}
		shared := len(slices.DeleteFunc(recorded, func(property string) bool { return !slices.Contains(properties, property) }))
		if shared > most || shared == most && key[1] < best {
			best, most = key[1], shared
		}
	}
	return best
}

// moments are times as WQL and XPath write them.
var moments = regexp.MustCompile(`\b\d{14}\.\d{6}|\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d`)

// parts are the properties that a question names, and what else it says but for its times.
func parts(question string) (properties []string, rest string) {
	rest = moments.ReplaceAllString(question, "")
	if list, from, found := strings.Cut(rest, " FROM "); found {
		properties, rest = strings.Split(strings.TrimPrefix(list, "SELECT "), ", "), from
	}
	return properties, rest
}

func (m *machine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, _, known := r.BasicAuth(); !known {
		w.Header().Set("WWW-Authenticate", "Basic realm=\"WSMAN\"")
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	request, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	message, question := recording.Ask(request)
	status, answer := m.answer(message, question)
	if status == 0 {
		panic(http.ErrAbortHandler) // nothing came then, or it was not asked
	}
	w.Header().Set("Content-Type", "application/soap+xml;charset=UTF-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, answer) // the client may have gone
}

func (m *machine) answer(message, question string) (status int, answer string) {
	if e, known := m.next(message, question); known && message != "Command" {
		return e.Status, e.Answer
	} else if known && strings.Contains(e.Answer, "<exit>") {
		m.running = e
		return http.StatusOK, envelope("<rsp:CommandResponse><rsp:CommandId>C</rsp:CommandId></rsp:CommandResponse>")
	} else if known {
		return e.Status, e.Answer
	}
	switch message {
	case "":
		return http.StatusOK, envelope("") // Identify, which proves the account
	case "Create":
		return http.StatusOK, envelope("<rsp:Shell><rsp:ShellId>S</rsp:ShellId></rsp:Shell>")
	case "Receive":
		stream := func(name, text string) string {
			return fmt.Sprintf(`<rsp:Stream Name="%s" CommandId="C">%s</rsp:Stream>`, name, base64.StdEncoding.EncodeToString([]byte(text)))
		}
		return http.StatusOK, envelope("<rsp:ReceiveResponse>" + stream("stdout", m.running.Stdout.Text) + stream("stderr", m.running.Stderr) +
			`<rsp:CommandState CommandId="C" State="http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/Done"><rsp:ExitCode>` +
			m.running.Exit + "</rsp:ExitCode></rsp:CommandState></rsp:ReceiveResponse>")
	case "Signal", "Delete", "Release":
		return http.StatusOK, envelope("")
	}
	return 0, ""
}

func envelope(body string) string {
	return `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell"><s:Header/><s:Body>` + body + `</s:Body></s:Envelope>`
}
