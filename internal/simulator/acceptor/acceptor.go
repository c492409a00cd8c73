// Package acceptor runs acceptors of security contexts that nobody here wrote, for tests:
// gss-ntlmssp, Samba and MIT Kerberos, and a front of WinRM over them.
package acceptor

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// Kind is an implementation of a mechanism.
type Kind string

// The implementations, by what they are called.
const (
	GSSNTLMSSP Kind = "gss-ntlmssp"
	Samba      Kind = "samba"
	MIT        Kind = "mit"
)

// packages are Debian's.
var packages = map[Kind]string{
	GSSNTLMSSP: "gss-ntlmssp python3-gssapi",
	Samba:      "python3-samba samba-dsdb-modules",
	MIT:        "python3-gssapi",
}

// ErrMissing means that an implementation is not installed.
var ErrMissing = errors.New("an independent acceptor")

//go:embed acceptor.py
var program string

// Accounts are those that an acceptor knows. MIT Kerberos has its own from its KDC.
type Accounts struct {
	Domain   string
	Users    []string
	Password string // the same for all
}

// Acceptor is a running implementation. It is safe for concurrent use.
type Acceptor struct {
	kind    Kind
	process *exec.Cmd
	input   io.WriteCloser
	output  *bufio.Reader
	errors  bytes.Buffer

	mu       sync.Mutex
	contexts int
}

// Start starts an implementation, which may keep files in an empty folder, until Close.
// env is for the implementation, such as KRB5_KTNAME.
func Start(ctx context.Context, kind Kind, accounts Accounts, dir string, env ...string) (*Acceptor, error) {
	users := filepath.Join(dir, "users")
	var lines strings.Builder
	for _, user := range accounts.Users {
		lines.WriteString(accounts.Domain + ":" + user + ":" + accounts.Password + "\n")
	}
	err := os.WriteFile(users, []byte(lines.String()), 0o600)
	if err != nil {
		return nil, err
	}
	env = append(append(os.Environ(), "NTLM_USER_FILE="+users, "ACCEPTOR_DIR="+dir,
		"ACCEPTOR_DOMAIN="+accounts.Domain, "ACCEPTOR_USERS="+strings.Join(accounts.Users, "\n"), "ACCEPTOR_PASSWORD="+accounts.Password), env...)
	// Debian's interpreter has Debian's packages, whatever else is on PATH.
	for _, python := range []string{"/usr/bin/python3", "python3"} {
		var a *Acceptor
		if a, err = start(ctx, python, kind, env); !errors.Is(err, ErrMissing) {
			return a, err
		}
	}
	return nil, err
}

// notInstalled is the program's exit code where the implementation is missing.
const notInstalled = 3

func start(ctx context.Context, python string, kind Kind, env []string) (*Acceptor, error) {
	a := &Acceptor{kind: kind, process: exec.CommandContext(context.WithoutCancel(ctx), python, "-c", program, string(kind))} //nolint:gosec // the program above
	a.process.Env, a.process.Stderr = env, &a.errors
	var err error
	if a.input, err = a.process.StdinPipe(); err != nil {
		return nil, err
	}
	output, err := a.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	a.output = bufio.NewReader(output)
	if err := a.process.Start(); err != nil {
		return nil, fmt.Errorf("%w, %s: %w", ErrMissing, kind, err)
	}
	if _, err := a.output.ReadBytes('\n'); err != nil {
		a.Close()
		if a.process.ProcessState.ExitCode() == notInstalled {
			return nil, fmt.Errorf("%w, %s: apt-get install %s", ErrMissing, kind, packages[kind])
		}
		return nil, fmt.Errorf("%s did not start: %w: %s", kind, err, a.errors.String())
	}
	return a, nil
}

// Close ends the implementation. It may be called again.
func (a *Acceptor) Close() {
	_ = a.input.Close() // the program ends with its input
	_ = a.process.Wait()
}

type question struct {
	Context  int     `json:"context"`
	Do       string  `json:"do"`
	Token    []byte  `json:"token,omitempty"`
	Bindings *[]byte `json:"bindings,omitempty"`
	Rotated  bool    `json:"rotated,omitempty"`
}

type answer struct {
	Token []byte `json:"token"`
	Done  bool   `json:"done"`
	User  string `json:"user"`
	Error string `json:"error"`
}

func (a *Acceptor) ask(q question) (answer, error) {
	line, err := json.Marshal(q)
	if err != nil {
		return answer{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, err := a.input.Write(append(line, '\n')); err != nil {
		return answer{}, err
	}
	if line, err = a.output.ReadBytes('\n'); err != nil {
		return answer{}, fmt.Errorf("%s ended: %w", a.kind, err)
	}
	var got answer
	if err := json.Unmarshal(line, &got); err != nil {
		return answer{}, err
	}
	if got.Error != "" {
		return answer{}, errors.New(got.Error)
	}
	return got, nil
}

// Context is the acceptor's side of one security context.
type Context struct {
	acceptor *Acceptor
	number   int
	bindings *[]byte
}

// Open begins a context. bindings are the application data of the channel, nil for none.
func (a *Acceptor) Open(bindings []byte) *Context {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.contexts++
	c := &Context{acceptor: a, number: a.contexts}
	if bindings != nil {
		c.bindings = &bindings
	}
	return c
}

// Accept takes a token of the initiator. user is who it is, once that is known.
func (c *Context) Accept(token []byte) (reply []byte, user string, err error) {
	got, err := c.acceptor.ask(question{Context: c.number, Do: "accept", Token: token, Bindings: c.bindings})
	if err == nil && got.Done && got.User == "" {
		got.User = "?"
	}
	return got.Token, got.User, err
}

// Unwrap opens a sealed message.
func (c *Context) Unwrap(token []byte) ([]byte, error) {
	got, err := c.acceptor.ask(question{Context: c.number, Do: "unwrap", Token: token})
	return got.Token, err
}

// Wrap seals a message. rotated has what is not the message's own ciphertext come first,
// as Windows does it with Kerberos; else it stands where Kerberos has it.
func (c *Context) Wrap(message []byte, rotated bool) ([]byte, error) {
	got, err := c.acceptor.ask(question{Context: c.number, Do: "wrap", Token: message, Rotated: rotated})
	return got.Token, err
}

// Close forgets the context.
func (c *Context) Close() { _, _ = c.acceptor.ask(question{Context: c.number, Do: "end"}) }
