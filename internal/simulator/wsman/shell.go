package wsman

import (
	"context"
	"encoding/base64"
	"strconv"
	"strings"
	"sync"
	"time"
)

const commandState = nsShell + "/CommandState/"

// shell is an open shell of a user with its commands.
type shell struct {
	id, user string
	commands map[string]*running
}

// running is a command from its request to its signal.
type running struct {
	id     string
	reads  bool // its standard input
	cancel context.CancelFunc
	stdin  chan input // takes what Send brings

	started, ended chan struct{} // closed when input is complete, when output is there

	mu     sync.Mutex
	output Output // what no Receive has taken yet
}

type input struct {
	data []byte
	end  bool
}

// classifyShell finds out what is asked of a shell.
func (o *operation) classifyShell() *Fault {
	r, body := &o.entry.Request, o.content()
	r.ShellID = o.selector("ShellId")
	switch o.Header.Action {
	case nsTransfer + "/Create":
		r.Kind = Create
	case nsTransfer + "/Delete":
		r.Kind = Delete
	case nsShell + "/Command":
		r.Kind = Execute
		r.Command = strings.Join(append([]string{body.child("Command").text()}, commandArguments(body)...), " ")
	case nsShell + "/Send":
		r.Kind = Send
	case nsShell + "/Receive":
		r.Kind = Receive
	case nsShell + "/Signal":
		r.Kind = Signal
	default:
		r.Kind = Unknown
		return &Fault{Code: CodeNotSupported}
	}
	return nil
}

func commandArguments(body element) []string {
	var arguments []string
	for _, child := range body.Children {
		if child.XMLName.Local == "Arguments" {
			arguments = append(arguments, child.text())
		}
	}
	return arguments
}

func (o *operation) performShell() (body, action string, err error) {
	action = o.Header.Action + "Response"
	switch o.entry.Kind {
	case Create:
		body, err = o.create()
	case Delete:
		err = o.delete()
	case Execute:
		body, err = o.command()
	case Send:
		body, err = o.sendInput()
	case Receive:
		body, err = o.receive()
	case Signal:
		body, err = o.signal()
	default:
		err = &Fault{Code: CodeNotSupported}
	}
	return body, action, err
}

// create opens a shell. Clients look for its id in the reference or in the
// shell itself, so both are there.
func (o *operation) create() (string, error) {
	s, user := o.server, o.entry.User
	id := newUUID()
	s.mu.Lock()
	open := 0
	for _, shell := range s.shells {
		if shell.user == user {
			open++
		}
	}
	full := open >= s.config.MaxShells
	if !full {
		s.shells[id] = &shell{id: id, user: user, commands: map[string]*running{}}
	}
	s.mu.Unlock()
	if full {
		return "", &Fault{Code: CodeQuota}
	}
	o.entry.ShellID = id
	var m markup
	m.open("x:ResourceCreated")
	m.leaf("a:Address", "http://"+o.r.Host+pathService)
	m.open("a:ReferenceParameters")
	m.leaf("w:ResourceURI", shellCmd)
	m.open("w:SelectorSet")
	m.leaf("w:Selector", id, "Name", "ShellId")
	m.end("w:SelectorSet")
	m.end("a:ReferenceParameters")
	m.end("x:ResourceCreated")
	m.open("rsp:Shell", "xmlns:rsp", nsShell)
	m.leaf("rsp:ShellId", id)
	m.leaf("rsp:ResourceUri", shellCmd)
	m.leaf("rsp:Owner", user)
	m.leaf("rsp:ClientIP", hostOf(o.r.RemoteAddr))
	m.leaf("rsp:IdleTimeOut", "PT7200.000S")
	m.leaf("rsp:InputStreams", "stdin")
	m.leaf("rsp:OutputStreams", "stdout stderr")
	m.leaf("rsp:ShellRunTime", "P0DT0H0M0S")
	m.leaf("rsp:ShellInactivity", "P0DT0H0M0S")
	m.end("rsp:Shell")
	return m.String(), nil
}

func hostOf(address string) string {
	host := address[:max(0, strings.LastIndexByte(address, ':'))]
	return strings.Trim(host, "[]")
}

// shell finds the caller's shell; the server is locked.
func (o *operation) shell() (*shell, error) {
	shell, ok := o.server.shells[o.entry.ShellID]
	if !ok || shell.user != o.entry.User {
		return nil, &Fault{Code: CodeInvalidSelectors}
	}
	return shell, nil
}

func (o *operation) delete() error {
	o.server.mu.Lock()
	shell, err := o.shell()
	if err == nil {
		delete(o.server.shells, shell.id)
	}
	o.server.mu.Unlock()
	if err != nil {
		return err
	}
	for _, command := range shell.commands { // nobody else finds the shell any more
		command.cancel()
	}
	return nil
}

// command starts a command. One that reads its standard input starts when
// that is complete; the others at once.
func (o *operation) command() (string, error) {
	body := o.content()
	command := Command{
		Line:         body.child("Command").text(),
		Arguments:    commandArguments(body),
		SkipCmdShell: strings.EqualFold(o.option("WINRS_SKIP_CMD_SHELL"), "true"),
		User:         o.entry.User,
	}
	id := newUUID()
	if given := body.attribute("CommandId"); given != "" {
		id = given
	}
	ctx, cancel := o.server.detach(o.r.Context())
	r := &running{id: id, reads: command.ReadsStdin(), cancel: cancel, stdin: make(chan input), started: make(chan struct{}), ended: make(chan struct{})}
	o.server.mu.Lock()
	shell, err := o.shell()
	if err == nil {
		shell.commands[id] = r
	}
	o.server.mu.Unlock()
	if err != nil {
		cancel()
		return "", err
	}
	o.server.group.Go(func() {
		defer cancel()
		r.run(ctx, o.server.config.Machine, command)
	})
	var m markup
	m.open("rsp:CommandResponse", "xmlns:rsp", nsShell)
	m.leaf("rsp:CommandId", id)
	m.end("rsp:CommandResponse")
	return m.String(), nil
}

// run is the life of a command. Input that comes for one that does not read it
// is dropped.
func (r *running) run(ctx context.Context, machine Machine, command Command) {
	defer close(r.ended)
	for reading := r.reads; reading; {
		select {
		case in := <-r.stdin:
			command.Stdin = append(command.Stdin, in.data...)
			reading = !in.end
		case <-ctx.Done():
			return
		}
	}
	close(r.started)
	output := machine.Run(ctx, command)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.output = output
}

// running finds a command of the caller's shell.
func (o *operation) running(id string) (*running, error) {
	o.server.mu.Lock()
	defer o.server.mu.Unlock()
	shell, err := o.shell()
	if err != nil {
		return nil, err
	}
	r, ok := shell.commands[id]
	if !ok {
		return nil, &Fault{Code: CodeInvalidSelectors}
	}
	return r, nil
}

func (o *operation) sendInput() (string, error) {
	for _, stream := range o.content().Children {
		r, err := o.running(stream.attribute("CommandId"))
		if err != nil {
			return "", err
		}
		data, err := base64.StdEncoding.DecodeString(stream.text())
		if err != nil {
			return "", &Fault{Code: CodeNotSupported}
		}
		if err := o.feed(r, data, strings.EqualFold(stream.attribute("End"), "true")); err != nil {
			return "", err
		}
	}
	var m markup
	m.empty("rsp:SendResponse", "xmlns:rsp", nsShell)
	return m.String(), nil
}

func (o *operation) feed(r *running, data []byte, end bool) error {
	select {
	case r.stdin <- input{data, end}:
	case <-r.started:
	case <-r.ended:
	case <-o.r.Context().Done():
		return errGone
	case <-o.server.done:
		return errGone
	}
	return nil
}

// receive waits for the end of the command, no longer than the operation
// timeout, and gives its output: with the state Done at once where it fits.
func (o *operation) receive() (string, error) {
	r, err := o.running(o.content().child("DesiredStream").attribute("CommandId"))
	if err != nil {
		return "", err
	}
	timer := time.NewTimer(o.timeout())
	defer timer.Stop()
	select {
	case <-r.ended:
	case <-timer.C:
		return "", &Fault{Code: CodeTimedOut}
	case <-o.r.Context().Done():
		return "", errGone
	case <-o.server.done:
		return "", errGone
	}
	const frame = 4096
	room := max(1, (o.envelopeSize()-frame)/2/4*3) // base64 in UTF-16
	r.mu.Lock()
	defer r.mu.Unlock()
	var m markup
	m.open("rsp:ReceiveResponse", "xmlns:rsp", nsShell)
	for _, stream := range []struct {
		name string
		left *[]byte
	}{{"stdout", &r.output.Stdout}, {"stderr", &r.output.Stderr}} {
		part := (*stream.left)[:min(room, len(*stream.left))]
		room -= len(part)
		*stream.left = (*stream.left)[len(part):]
		if len(part) > 0 {
			m.leaf("rsp:Stream", base64.StdEncoding.EncodeToString(part), "Name", stream.name, "CommandId", r.id)
		}
	}
	if len(r.output.Stdout)+len(r.output.Stderr) > 0 {
		m.empty("rsp:CommandState", "CommandId", r.id, "State", commandState+"Running")
	} else {
		for _, name := range []string{"stdout", "stderr"} {
			m.empty("rsp:Stream", "Name", name, "CommandId", r.id, "End", "true")
		}
		m.open("rsp:CommandState", "CommandId", r.id, "State", commandState+"Done")
		m.leaf("rsp:ExitCode", strconv.Itoa(r.output.Exit))
		m.end("rsp:CommandState")
	}
	m.end("rsp:ReceiveResponse")
	return m.String(), nil
}

// signal ends a command, whatever the signal is called.
func (o *operation) signal() (string, error) {
	id := o.content().attribute("CommandId")
	r, err := o.running(id)
	if err != nil {
		return "", err
	}
	r.cancel()
	o.server.mu.Lock()
	if shell, err := o.shell(); err == nil {
		delete(shell.commands, id)
	}
	o.server.mu.Unlock()
	var m markup
	m.empty("rsp:SignalResponse", "xmlns:rsp", nsShell)
	return m.String(), nil
}
