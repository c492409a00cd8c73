package check

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// table writes lines as they come, so its columns have widths of their own; what is longer
// pushes the rest of its line.
type table struct {
	w       io.Writer
	section string
}

var widths = []int{6, 36, 52, 54}

func (t *table) show(section string, line Line) {
	if section != t.section {
		if t.section != "" {
			fmt.Fprintln(t.w)
		}
		t.section = section
		fmt.Fprintln(t.w, section)
		t.row("", "Assumption", "Expected", "This site", "What it means")
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
