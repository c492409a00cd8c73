// Package inventory reads what Timago's "Datenexport" writes, or any table of stations
// in CSV. The vendor has not published the export's format, so the reader takes what
// German and English programs write: see Read.
package inventory

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"
)

// Inventory is a table of stations.
type Inventory struct {
	Columns []string // labels as they are written, in the file's order
	Rows    []Row
}

// Row is one station. What the file does not say is empty.
type Row struct {
	Line int // where it begins, from 1

	Name          string // Bezeichnung
	Location      string // Standort
	ComputerGroup string // Rechnergruppe
	MAC           string // "02:00:5E:10:01:01"
	Address       string // host name or IP
	ClientID      string // a GUID is in lower case, without braces

	LastStart           time.Time // in this machine's time zone where the file names none
	LastOperatingSystem string
	Online              *bool  // nil unknown
	User                string // last logged on, as the export has it

	Extra map[string]string // by label: columns of no meaning here, and second ones of one meaning
}

// Error is a place in the file that cannot be read.
type Error struct {
	Line, Column int    // in characters, from 1
	Label        string // of the table's column; "" where it is none's
	Err          error
}

func (e *Error) Error() string {
	place := fmt.Sprintf("line %d, column %d", e.Line, e.Column)
	if e.Label != "" {
		place += " (" + e.Label + ")"
	}
	return place + ": " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// Advice says what to do next.
func (e *Error) Advice() string {
	return "Mend the file there, or export it anew in Timago: Stationen > Datenexport."
}

const (
	// maxSize bounds a file: a station's line is a few hundred bytes.
	maxSize = 64 << 20
	// maxErrors is how many places are told at once.
	maxErrors = 10
	// headerWithin is how far a title may push the labels down.
	headerWithin = 10
)

// ReadFile reads a file as Read does.
func ReadFile(path string) (Inventory, error) {
	file, err := os.Open(path) //nolint:gosec // which file it is, is the user's to say
	if err != nil {
		return Inventory{}, err
	}
	defer file.Close()
	inventory, err := Read(file)
	if err != nil {
		return Inventory{}, fmt.Errorf("%s: %w", path, err)
	}
	return inventory, nil
}

// Read takes tables separated by semicolon, comma or tab, in UTF-8 with or without
// BOM, UTF-16 or Windows-1252. Columns are known by their German or English labels, in
// any order; only the name's must be there. A name may come twice. Its errors are *Error,
// up to ten joined, except where the file is no text.
func Read(r io.Reader) (Inventory, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxSize+1))
	if err != nil {
		return Inventory{}, err
	}
	if len(data) > maxSize {
		return Inventory{}, fmt.Errorf("larger than %d MB, which no list of stations is", maxSize>>20)
	}
	text, err := decode(data)
	if err != nil {
		return Inventory{}, err
	}
	t := &table{lines: strings.Split(text, "\n")}
	header, err := t.open()
	if err != nil {
		return Inventory{}, err
	}
	inventory := Inventory{Columns: header}
	for {
		fields, err := t.csv.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.errs = append(t.errs, t.syntax(err))
			break
		}
		if row, ok := t.row(fields); ok {
			inventory.Rows = append(inventory.Rows, row)
		}
		if len(t.errs) >= maxErrors {
			break
		}
	}
	if len(t.errs) > 0 {
		return Inventory{}, errors.Join(t.errs...)
	}
	return inventory, nil
}

// table is a file while it is read.
type table struct {
	lines   []string
	csv     *csv.Reader
	columns []column
	errs    []error
}

// open finds the separator and the line of labels: the first line, behind a title at
// most, where one separator makes a label of the name's column stand by itself.
func (t *table) open() ([]string, error) {
	for number, line := range t.lines[:min(len(t.lines), headerWithin)] {
		best, separator := 0, ';'
		for _, candidate := range ";,\t" {
			labels, err := reader(line, candidate).Read()
			if err == nil && len(labels) > best && named(labels) {
				best, separator = len(labels), candidate
			}
		}
		if best == 0 {
			continue
		}
		// What stands above is made empty, so that lines keep their numbers.
		t.csv = reader(strings.Repeat("\n", number)+strings.Join(t.lines[number:], "\n"), separator)
		labels, err := t.csv.Read()
		if err != nil {
			return nil, t.syntax(err)
		}
		return labels, t.label(labels)
	}
	return nil, &Error{Line: 1, Column: 1, Err: fmt.Errorf("no column for the stations' names: expected Bezeichnung or name among the labels, found %q", shortened(t.lines[0]))}
}

func reader(text string, separator rune) *csv.Reader {
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = separator
	r.FieldsPerRecord = -1
	return r
}

// row reads a line; false where it is empty or wrong.
func (t *table) row(fields []string) (Row, bool) {
	line, _ := t.csv.FieldPos(0)
	row := Row{Line: line, Extra: map[string]string{}}
	before, empty := len(t.errs), true
	for i, field := range fields {
		field = strings.TrimSpace(field)
		if field == "" {
			continue
		}
		empty = false
		if i >= len(t.columns) {
			t.fail(i, "", errors.New("a value without a column: is there a separator in a value that wants quotes?"))
			break
		}
		if err := t.columns[i].read(&row, field); err != nil {
			t.fail(i, t.columns[i].label, err)
		}
	}
	if !empty && len(t.errs) == before && row.Name == "" {
		t.fail(0, "", errors.New("a station without a name"))
	}
	return row, !empty && len(t.errs) == before
}

func (t *table) fail(field int, label string, err error) {
	line, column := t.csv.FieldPos(field)
	t.errs = append(t.errs, &Error{Line: line, Column: t.characters(line, column), Label: label, Err: err})
}

// syntax places an error of the CSV reader.
func (t *table) syntax(err error) error {
	if parse := (*csv.ParseError)(nil); errors.As(err, &parse) {
		if parse.StartLine != parse.Line { // a quote that was left open there
			parse.Err = fmt.Errorf("%w, in the row that begins in line %d", parse.Err, parse.StartLine)
		}
		return &Error{Line: parse.Line, Column: t.characters(parse.Line, parse.Column), Err: parse.Err}
	}
	return err
}

// characters turns the CSV reader's column, in bytes, into what an editor shows.
func (t *table) characters(line, column int) int {
	if line < 1 || line > len(t.lines) {
		return column
	}
	text := t.lines[line-1]
	return utf8.RuneCountInString(text[:min(max(column-1, 0), len(text))]) + 1
}

func shortened(text string) string {
	const most = 120
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
