package winrm

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	masterzen "github.com/masterzen/winrm"
	"github.com/masterzen/winrm/soap"

	"github.com/timago/terraform-provider-timago/internal/winrm/wsman"
)

const (
	// commandLimit ends a command for whose end nobody set an earlier time.
	commandLimit = 10 * time.Minute
	// cleanupTime is what ending a command and its shell may take after the call
	// was cancelled: short, but not nothing, since a shell that is left behind
	// counts against the account's quota for up to two hours.
	cleanupTime = 1500 * time.Millisecond
	// cleanupTimeout is for one such request otherwise.
	cleanupTimeout = 5 * time.Second
	// maxOutput bounds what a command may write, and maxKept what is kept of it.
	maxOutput = 96 << 20
	maxKept   = 4 << 20
)

// Output is what a command wrote, and its exit code.
type Output struct {
	Stdout, Stderr string
	Exit           int
}

// Command is a program and its arguments. They pass through cmd.exe, which
// offers no way to quote some characters: those are refused.
type Command struct {
	Program   string
	Arguments []string
	// Stdout, if set, gets the standard output as it comes; Output then lacks it. An
	// error of it ends the command.
	Stdout io.Writer
}

// Execute runs a program in a shell of its own and waits for its end. An exit
// code other than 0 is a *CommandFailed, which holds the output too.
func (c *Client) Execute(ctx context.Context, address string, command Command, opts ...Option) (Output, error) {
	arguments, err := commandLine(command)
	if err != nil {
		return Output{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, commandLimit)
	defer cancel()
	to, err := parseTarget(address, c.scheme, c.config.Port)
	if err != nil {
		return Output{}, err
	}
	leave, err := enter(ctx, to, c.pool.machine(to).shells)
	if err != nil {
		return Output{}, err
	}
	defer leave()
	after, end := lingering(ctx)
	defer end()
	s := &shell{client: c, address: address, to: to, options: c.options(opts)}
	output, err := s.run(ctx, after, command, arguments)
	if err != nil {
		return output, fmt.Errorf("running %s: %w", command.Program, err)
	}
	if output.Exit != 0 {
		return output, &CommandFailed{Address: address, Program: command.Program, Output: output}
	}
	return output, nil
}

// shell is one shell on one machine, open for one command.
type shell struct {
	client  *Client
	address string
	to      target // the same
	options options
	id      string
}

// run needs two contexts: the call's, and after, in which it cleans up.
func (s *shell) run(ctx, after context.Context, c Command, arguments []string) (Output, error) {
	body, err := s.ask(ctx, "Create", masterzen.NewOpenShellRequest)
	if err != nil {
		return Output{}, err
	}
	if s.id, err = s.identifier(body, "ShellId", "the shell's id"); err != nil {
		return Output{}, err
	}
	defer s.cleanUp(after, "Delete", func(to string, p *masterzen.Parameters) *soap.SoapMessage {
		return masterzen.NewDeleteShellRequest(to, s.id, p)
	})

	body, err = s.ask(ctx, "Command", func(to string, p *masterzen.Parameters) *soap.SoapMessage {
		return masterzen.NewExecuteCommandRequest(to, s.id, c.Program, arguments, p)
	})
	if err != nil {
		return Output{}, err
	}
	command, err := s.identifier(body, "CommandId", "the command's id")
	if err != nil {
		return Output{}, err
	}
	// A command that is done is signalled too: that frees what it holds.
	defer s.cleanUp(after, "Signal", func(to string, p *masterzen.Parameters) *soap.SoapMessage {
		return masterzen.NewSignalRequest(to, s.id, command, p)
	})
	return s.receive(ctx, command, &written{passed: c.Stdout})
}

// receive collects the output until the command is done. A command that is
// silent makes every request end with an operation timeout; one that ends at
// once, or brings nothing, is followed by a pause.
func (s *shell) receive(ctx context.Context, command string, w *written) (Output, error) {
	for backoff := firstBackoff; ; {
		asked, had := time.Now(), w.bytes
		exit, done, err := s.more(ctx, command, w)
		if err == nil && !done || IsCode(err, CodeOperationTimeout) {
			pause := spread(backoff)
			backoff = min(2*backoff, lastBackoff)
			if w.bytes > had || time.Since(asked) >= leastTime {
				pause, backoff = 0, firstBackoff
			}
			if sleep(ctx, pause) {
				continue
			}
			err = connectionError(ctx, s.to, ctx.Err(), true)
		}
		return Output{Stdout: w.stdout.String(), Stderr: w.stderr.String(), Exit: exit}, err
	}
}

// written is what a command wrote so far.
type written struct {
	passed         io.Writer // gets the standard output; nil: it is kept
	stdout, stderr strings.Builder
	bytes          int // of both
}

var errTooMuch = errors.New("the output is too large")

func (w *written) take(stream string, text []byte) error {
	w.bytes += len(text)
	if w.bytes > maxOutput {
		return errTooMuch
	}
	if stream != "stderr" && w.passed != nil {
		_, err := w.passed.Write(text)
		return err
	}
	if w.stdout.Len()+w.stderr.Len()+len(text) > maxKept {
		return errTooMuch
	}
	if stream == "stderr" {
		w.stderr.Write(text)
	} else {
		w.stdout.Write(text)
	}
	return nil
}

// more asks for output once.
func (s *shell) more(ctx context.Context, command string, w *written) (exit int, done bool, err error) {
	body, err := s.ask(ctx, "Receive", func(to string, p *masterzen.Parameters) *soap.SoapMessage {
		return masterzen.NewGetOutputRequest(to, s.id, command, "stdout stderr", p)
	})
	if err != nil {
		return 0, false, err
	}
	return s.output(body, w)
}

func (s *shell) output(body *wsman.Element, w *written) (exit int, done bool, err error) {
	response := body.Child("ReceiveResponse")
	if response == nil {
		return 0, false, s.protocol("the answer holds no ReceiveResponse")
	}
	for _, e := range response.Children {
		switch e.Name {
		case "Stream":
			text, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(e.Text)), ""))
			if err != nil {
				return 0, false, s.protocol("the output is not in base64")
			}
			if err := w.take(e.Attribute("Name"), text); errors.Is(err, errTooMuch) {
				return 0, false, s.protocol(err.Error())
			} else if err != nil {
				return 0, false, err
			}
		case "CommandState":
			done = strings.HasSuffix(e.Attribute("State"), "/CommandState/Done")
			if code := e.Child("ExitCode"); code != nil {
				number, ok := wsman.ParseUint32(code.Trimmed())
				if !ok {
					return 0, false, s.protocol("the exit code is no number")
				}
				exit = int(int32(number)) //nolint:gosec // Windows' exit codes are 32 bits; programs mean them signed
			}
		}
	}
	return exit, done, nil
}

// lingering outlives ctx by cleanupTime.
func lingering(ctx context.Context) (context.Context, context.CancelFunc) {
	after, cancel := context.WithCancel(context.WithoutCancel(ctx))
	forget := context.AfterFunc(ctx, func() { time.AfterFunc(cleanupTime, cancel) })
	return after, func() { forget(); cancel() }
}

// cleanUp does its best: a shell that cannot be asked to end is gone, or ends
// by itself.
func (s *shell) cleanUp(after context.Context, name string, build builder) {
	quick := *s
	quick.options.timeout = min(cleanupTimeout, s.options.timeout)
	_, _ = quick.ask(after, name, build)
}

type builder func(to string, p *masterzen.Parameters) *soap.SoapMessage

func (s *shell) ask(ctx context.Context, name string, build builder) (*wsman.Element, error) {
	body, _, err := s.client.ask(ctx, s.address, wsman.Message{
		Name: name,
		Render: func(to string, limit time.Duration) string {
			return build(to, masterzen.NewParameters(wsman.Duration(limit), "en-US", wsman.MaxEnvelopeSize)).String()
		},
	}, s.options)
	return body, err
}

// shellID is what an id may look like that goes into later requests, which
// masterzen's builder does not escape.
var shellID = regexp.MustCompile(`^[0-9A-Za-z{}_.:-]{1,128}$`)

func (s *shell) identifier(body *wsman.Element, name, what string) (string, error) {
	e := body.Find(name)
	if e == nil || !shellID.MatchString(e.Trimmed()) {
		return "", s.protocol("the answer does not hold " + what)
	}
	return e.Trimmed(), nil
}

func (s *shell) protocol(reason string) error {
	return &Protocol{Address: s.address, Reason: reason}
}

var (
	programName   = regexp.MustCompile(`^[0-9A-Za-z_.:\\-]+$`)
	plainArgument = regexp.MustCompile(`^[0-9A-Za-z_./:\\+@-]+$`)
)

// commandLine quotes the arguments for cmd.exe and for the C runtime's way of
// taking a command line apart. Inside quotation marks cmd.exe leaves & | < > ^
// alone; it still expands %names%, with delayed expansion !names!, and takes a
// quotation mark as their end: these cannot be passed.
func commandLine(command Command) ([]string, error) {
	if !programName.MatchString(command.Program) {
		return nil, fmt.Errorf("%q cannot be run as a program: only letters, digits, _ . : \\ and - are passed", command.Program)
	}
	quoted := make([]string, 0, len(command.Arguments))
	for _, argument := range command.Arguments {
		if strings.ContainsFunc(argument, func(r rune) bool {
			return r < ' ' || r == 0x7F || r == 0xFFFD || strings.ContainsRune(`"%!`, r)
		}) || strings.Contains(argument, "]]>") {
			return nil, errors.New("an argument of " + strconv.Quote(command.Program) + " holds a character that cannot be passed through cmd.exe safely")
		}
		if !plainArgument.MatchString(argument) {
			// Backslashes before the closing mark would take it for a literal.
			backslashes := len(argument) - len(strings.TrimRight(argument, `\`))
			argument = `"` + argument + strings.Repeat(`\`, backslashes) + `"`
		}
		quoted = append(quoted, argument)
	}
	return quoted, nil
}
