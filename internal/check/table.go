package check

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// table writes lines as they come, so its columns have widths of their own; what is longer
// pushes the rest of its line. In a terminal that is too narrow for columns a line is a
// sentence, with what it means below.
type table struct {
	w       io.Writer
	width   int // of the terminal; 0: it is none
	section string
}

// newTable writes to a terminal as wide as it is.
func newTable(w io.Writer) *table {
	t := &table{w: w}
	if file, is := w.(*os.File); is {
		if width, _, err := term.GetSize(int(file.Fd())); err == nil { // else it is no terminal
			t.width = width
		}
	}
	return t
}

var widths = []int{6, 36, 52, 54}

// columnsNeed is the width from which on a table with columns can be read.
const columnsNeed = 220

func (t *table) narrow() bool { return t.width > 0 && t.width < columnsNeed }

func (t *table) show(section string, line Line) {
	if section != t.section {
		if t.section != "" {
			fmt.Fprintln(t.w)
		}
		t.section = section
		fmt.Fprintln(t.w, section)
		if !t.narrow() {
			t.row("", "Assumption", "Expected", "This site", "What it means")
		}
	}
	if t.narrow() {
		t.sentence(line)
		return
	}
	t.row(string(line.Verdict), line.Name, line.Expected, line.Found, line.Means)
}

func (t *table) row(cells ...string) {
	var b strings.Builder
	for i, cell := range cells {
		b.WriteString(cell)
		if i < len(widths) {
			b.WriteString(strings.Repeat(" ", max(widths[i]-utf8.RuneCountInString(cell), 2)))
		}
	}
	fmt.Fprintln(t.w, strings.TrimRight("  "+b.String(), " "))
}

// sentence shows a line where there is no room for columns.
func (t *table) sentence(line Line) {
	said := line.Name
	if line.Expected != "" {
		said += " (" + line.Expected + ")"
	}
	t.wrapped(fmt.Sprintf("  %-*s", widths[0], line.Verdict), said+": "+line.Found)
	t.wrapped(strings.Repeat(" ", 2+widths[0]), line.Means)
}

// wrapped writes a text over as many lines as it needs, all but the first as far in as that
// one's lead is long.
func (t *table) wrapped(lead, text string) {
	room, written := t.width-len(lead), ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case written == "":
			written = word
		case utf8.RuneCountInString(written)+1+utf8.RuneCountInString(word) > room:
			fmt.Fprintln(t.w, lead+written)
			lead, written = strings.Repeat(" ", len(lead)), word
		default:
			written += " " + word
		}
	}
	if written != "" {
		fmt.Fprintln(t.w, lead+written)
	}
}

// end says what the table comes to.
func (t *table) end(sections []Section) {
	of := map[Verdict]int{}
	for _, section := range sections {
		for _, line := range section.Lines {
			of[line.Verdict]++
		}
	}
	fmt.Fprintln(t.w)
	switch Exit(sections) {
	case exitWorks:
		fmt.Fprintf(t.w, "A pool would work here: %s, %s.\n", count(of[Holds], "assumption holds", "assumptions hold"), count(of[Notable], "note", "notes"))
	case exitNotAsked:
		fmt.Fprintf(t.w, "Whether a pool would work here is not known: %s could not be asked.\n", count(of[Unanswered], "line", "lines"))
	default:
		fmt.Fprintf(t.w, "A pool would not work here yet: %s in its way (NO).\n", count(of[Blocks], "line stands", "lines stand"))
	}
}
