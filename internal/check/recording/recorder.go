// Package recording keeps what machines answered, without what is private: a site that was
// recorded once can be replayed for ever. Only what package schema lists keeps its value.
// Everything else becomes a numbered placeholder, the same for the same value.
package recording

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/timago/terraform-provider-timago/internal/winrm"
	"github.com/timago/terraform-provider-timago/internal/winrm/wsman"
)

// The files of a recording. The first is the one that is sent.
const (
	FileName = "recording.xml"
	ListName = "replaced.txt"
)

// Recorder collects what is answered until it is saved.
type Recorder struct {
	folder  string
	private []string

	mu        sync.Mutex
	exchanges []winrm.Exchange
	lines     []line
}

// line is a line of the check's table, without what it found.
type line struct{ machine, name, verdict string }

// New makes the folder. private are names that are known to be: of the machines as they were
// given, of the account.
func New(folder string, private ...string) (*Recorder, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	if there, err := os.ReadDir(folder); err != nil || len(there) > 0 {
		return nil, fmt.Errorf("%s is not an empty folder: a recording takes a folder of its own", folder)
	}
	if err := os.Chmod(folder, 0o700); err != nil { //nolint:gosec // a folder is entered
		return nil, err
	}
	return &Recorder{folder: folder, private: private}, nil
}

// Observe takes an exchange, from any goroutine.
func (r *Recorder) Observe(e winrm.Exchange) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.exchanges = append(r.exchanges, e)
}

// Line notes the verdict of a line of the check about the machine at an address.
func (r *Recorder) Line(address, name, verdict string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, line{address, name, verdict})
}

// Save writes the recording, and the list of what was replaced in it.
func (r *Recorder) Save() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	entries := entriesOf(r.exchanges)
	s := newScrubber(r.private)
	write(s, entries, r.lines) // to know every private value before anything is kept
	s.settled = true
	text := write(s, entries, r.lines)
	if err := os.WriteFile(filepath.Join(r.folder, FileName), []byte(text), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.folder, ListName), []byte(s.list()), 0o600)
}

// entry is a question with its answer: one exchange, or all those of one command.
type entry struct {
	address  string
	message  string // of WS-Management: Enumerate, Pull, …
	question string // WQL, a command line, or what is pulled
	class    string // which is asked for
	status   int
	took     int64 // milliseconds
	answer   []byte

	command        bool
	stdout, stderr string
	exit           string
}

// entriesOf puts exchanges in the form in which they are kept: the streams of a command are
// decoded and put together, since a name may end in one and go on in the next.
func entriesOf(exchanges []winrm.Exchange) []*entry {
	var entries []*entry
	open := map[string]*entry{}    // the command of a machine
	classes := map[string]string{} // of what is still to be pulled
	for _, e := range exchanges {
		message, question := Ask(e.Request)
		kept := &entry{address: e.Address, message: message, question: question, status: e.Status, took: e.Took.Milliseconds(), answer: e.Answer}
		if kept.class = classes[question]; kept.class == "" {
			kept.class = classOf(question)
		}
		if next := nextOf(e.Answer); next != "" {
			classes[next] = kept.class
		}
		failed := e.Status != 200 || e.Answer == nil
		switch command := open[e.Address]; {
		case message == "Create" && !failed, message == "Signal", message == "Delete", message == "Release":
		case message == "Command" && !failed:
			kept.command, kept.answer = true, nil
			open[e.Address] = kept
			entries = append(entries, kept)
		case message == "Receive" && !failed && command != nil:
			command.took += kept.took
			command.receive(e.Answer)
		default:
			entries = append(entries, kept)
		}
	}
	return entries
}

// nextOf is what the rest of an answer is pulled by; "" where there is none.
func nextOf(envelope []byte) string {
	body, err := wsman.ParseEnvelope(envelope)
	if err != nil {
		return ""
	}
	page, err := wsman.ReadPage(body)
	if err != nil {
		return ""
	}
	return page.Next
}

// Ask reads a request of ours: what kind of message it is, and what it is about.
func Ask(envelope []byte) (message, question string) {
	if _, action, found := strings.Cut(string(envelope), "<a:Action"); found {
		_, action, _ = strings.Cut(action, ">")
		action, _, _ = strings.Cut(action, "<")
		message = strings.TrimSpace(action[strings.LastIndexAny(action, "/")+1:])
	}
	body, err := wsman.ParseEnvelope(envelope)
	if err != nil {
		return message, ""
	}
	switch message {
	case "Enumerate":
		return message, textOf(body.Find("Filter"))
	case "Pull":
		return message, textOf(body.Find("EnumerationContext"))
	case "Command":
		var words []string
		if line := body.Find("CommandLine"); line != nil {
			for _, word := range line.Children {
				words = append(words, word.Trimmed())
			}
		}
		return message, strings.Join(words, " ")
	}
	return message, ""
}

func textOf(e *wsman.Element) string {
	if e == nil {
		return ""
	}
	return e.Trimmed()
}

// receive adds a part of a command's output.
func (e *entry) receive(envelope []byte) {
	body, err := wsman.ParseEnvelope(envelope)
	if err != nil {
		return
	}
	response := body.Find("ReceiveResponse")
	if response == nil {
		return
	}
	for _, part := range response.Children {
		switch part.Name {
		case "Stream":
			text, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(part.Text)), ""))
			if err != nil {
				continue
			}
			if part.Attribute("Name") == "stderr" {
				e.stderr += string(text)
			} else {
				e.stdout += string(text)
			}
		case "CommandState":
			if code := part.Child("ExitCode"); code != nil {
				e.exit = code.Trimmed()
			}
		}
	}
}
