package inventory

import (
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/timago/terraform-provider-timago/internal/foreign"
)

// table is a file while it is read.
type table struct {
	text      string
	starts    []int // where each line begins in it
	separator rune
	columns   []column
	found     Inventory
	dates     []undecided

	csv    *csv.Reader
	above  int // lines above what csv reads
	resume int // the line, from 0, that csv is to go on with; 0: where it is
	// broken: a line had a quotation mark out of place. Lines with too few values may then be
	// the rest of one of its values.
	broken bool
}

func newTable(text string) *table {
	t := &table{text: text, starts: []int{0}}
	for i, c := range []byte(text) {
		if c == '\n' {
			t.starts = append(t.starts, i+1)
		}
	}
	return t
}

// line is a line's text, from 0.
func (t *table) line(number int) string {
	text, _, _ := strings.Cut(t.text[t.starts[number]:], "\n")
	return text
}

// seek makes a line, from 0, the next one that is read.
func (t *table) seek(number int) {
	rest := ""
	if number < len(t.starts) {
		rest = t.text[t.starts[number]:]
	}
	t.csv, t.above, t.resume = reader(rest, t.separator), number, 0
}

// open finds the separator and the row of labels: the first row, behind a title at most,
// where one separator makes a label of the name's column stand by itself.
func (t *table) open() ([]string, error) {
	for number := range min(len(t.starts), headerWithin) {
		var best []string
		var separator rune
		for _, candidate := range ";,\t" {
			// A label may have a line break in it, but the row of labels is no whole file.
			labels, err := reader(t.text[t.starts[number]:min(len(t.text), t.starts[number]+maxHeader)], candidate).Read()
			if err == nil && len(labels) > len(best) && named(labels) {
				best, separator = labels, candidate
			}
		}
		if best == nil {
			continue
		}
		t.separator = separator
		t.seek(number)
		labels, err := t.csv.Read()
		if err != nil {
			return nil, t.syntax(err)
		}
		for i := range labels {
			labels[i] = foreign.Line(labels[i])
		}
		return labels, t.label(labels)
	}
	return nil, &Error{Line: 1, Column: 1, Err: fmt.Errorf("no column for the stations' names: expected Bezeichnung or name among the labels, found %q", foreign.Short(t.line(0), 120))}
}

func reader(text string, separator rune) *csv.Reader {
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = separator
	r.FieldsPerRecord = -1
	return r
}

// next reads a row. In a row with a quotation mark out of place, as in 19" Monitor or in
// ="0042", the line is taken by itself and such a mark for a character.
func (t *table) next() ([]string, error) {
	if t.resume > 0 {
		t.seek(t.resume)
	}
	fields, err := t.csv.Read()
	var parse *csv.ParseError
	if !errors.As(err, &parse) {
		return fields, err
	}
	place, line := t.syntax(err), t.above+parse.StartLine-1
	t.above, t.resume, t.broken = line, line+1, true
	for _, text := range []string{t.line(line), strings.ReplaceAll(t.line(line), `"`, " ")} {
		t.csv = reader(text, t.separator)
		t.csv.LazyQuotes = true
		if fields, err = t.csv.Read(); err == nil && len(fields) == len(t.columns) {
			return fields, nil
		}
	}
	t.note(place)
	return nil, nil
}

// row takes a row over, unless it is empty or wrong.
func (t *table) row(fields []string) {
	if len(fields) == 0 {
		return
	}
	line, _ := t.csv.FieldPos(0)
	row := Row{Line: t.above + line, Extra: map[string]string{}}
	if len(fields) >= len(t.columns) && t.resume == 0 {
		t.broken = false
	}
	var dates []undecided
	empty := true
	for i, field := range fields {
		field = clean(field)
		if field == "" {
			continue
		}
		empty = false
		if i >= len(t.columns) {
			t.fail(i, "", errors.New("a value without a column: is there a separator in a value that wants quotes? The line is left out"))
			return
		}
		err := t.columns[i].read(&row, field)
		var date *undecided
		switch {
		case errors.As(err, &date):
			date.row, date.place = len(t.found.Rows), t.place(i, t.columns[i].label)
			dates = append(dates, *date)
		case err != nil:
			t.fail(i, t.columns[i].label, err)
		}
	}
	switch {
	case empty:
	case row.Name == "":
		t.fail(0, "", errors.New("a station without a name; the line is left out"))
	case t.broken && len(fields) < len(t.columns):
		t.fail(0, "", errors.New("what may be the rest of a value above, where a quotation mark is out of place; the line is left out"))
	default:
		t.found.Rows, t.dates = append(t.found.Rows, row), append(t.dates, dates...)
	}
}

// clean takes a cell out of what programs put around it: ="0042" and '0042 keep
// spreadsheets from making numbers.
func clean(field string) string {
	field = strings.TrimSpace(foreign.Lines(field))
	if inner, is := strings.CutPrefix(field, `="`); is && strings.HasSuffix(inner, `"`) {
		field = strings.TrimSuffix(inner, `"`)
	}
	return strings.TrimSpace(strings.TrimPrefix(field, "'"))
}

// place is where a field of the row that was read last stands.
func (t *table) place(field int, label string) Error {
	line, column := t.csv.FieldPos(field)
	line += t.above
	return Error{Line: line, Column: t.characters(line, column), Label: label}
}

func (t *table) fail(field int, label string, err error) {
	place := t.place(field, label)
	place.Err = err
	t.note(&place)
}

func (t *table) note(err error) {
	if t.found.Odd == nil {
		t.found.Odd = &OddError{}
	}
	if odd := t.found.Odd; len(odd.Places) < maxOdd {
		odd.Places = append(odd.Places, err)
	} else {
		odd.More++
	}
}

// syntax places an error of the CSV reader.
func (t *table) syntax(err error) error {
	var parse *csv.ParseError
	if !errors.As(err, &parse) {
		return err
	}
	wrong := parse.Err
	if parse.StartLine != parse.Line { // a quote that was left open there
		wrong = fmt.Errorf("%w, in the row that begins in line %d", wrong, t.above+parse.StartLine)
	}
	line := t.above + parse.Line
	return &Error{Line: line, Column: t.characters(line, parse.Column), Err: wrong}
}

// characters turns the CSV reader's column, in bytes, into what an editor shows.
func (t *table) characters(line, column int) int {
	if line < 1 || line > len(t.starts) {
		return column
	}
	text := t.line(line - 1)
	return utf8.RuneCountInString(text[:min(max(column-1, 0), len(text))]) + 1
}
