package recording

import (
	"encoding/xml"
	"fmt"
	"os"
)

// Recording is what a file holds.
type Recording struct {
	Version   int        `xml:"version,attr"`
	Lines     []Line     `xml:"line"`
	Exchanges []Exchange `xml:"exchange"`
}

// Line is a line of the check's table.
type Line struct {
	Machine string `xml:"machine,attr"`
	Name    string `xml:"name,attr"`
	Verdict string `xml:"verdict,attr"`
}

// Exchange is a question with its answer: an envelope, or what a command wrote.
type Exchange struct {
	Machine  string `xml:"machine,attr"`
	Message  string `xml:"message,attr"`
	Question string `xml:"question,attr"`
	Status   int    `xml:"status,attr"`
	Answer   string `xml:",innerxml"`
	Exit     string `xml:"exit"`
	Stdout   struct {
		Text string `xml:",innerxml"`
	} `xml:"stdout"`
	Stderr string `xml:"stderr"`
}

// Load reads a recording.
func Load(path string) (*Recording, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the caller's choice
	if err != nil {
		return nil, err
	}
	var r Recording
	if err := xml.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if r.Version != version {
		return nil, fmt.Errorf("%s has version %d, and %d is read", path, r.Version, version)
	}
	return &r, nil
}

// Machines are those that were asked or tried, in order.
func (r *Recording) Machines() []string {
	var machines []string
	seen := map[string]bool{}
	for _, l := range r.Lines {
		if !seen[l.Machine] {
			machines = append(machines, l.Machine)
		}
		seen[l.Machine] = true
	}
	return machines
}

// Verdict is that of a line about a machine; "" where there is none.
func (r *Recording) Verdict(machine, name string) string {
	for _, l := range r.Lines {
		if l.Machine == machine && l.Name == name {
			return l.Verdict
		}
	}
	return ""
}
