// Package inventory reads what Timago's "Datenexport" writes, or any table of stations
// in CSV. The vendor has not published the export's format, so the reader takes what
// German and English programs write: see Read.
package inventory

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// Inventory is a table of stations.
type Inventory struct {
	Columns []string // labels as they are written, in the file's order
	Rows    []Row

	Odd *OddError // nil: everything was understood
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

// Error is a place in the file that is not understood.
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

// OddError is what was not understood of a file and is left out. Everything else is used.
type OddError struct {
	File   string  // its path; "" where it was read from elsewhere
	Places []error // the first ten, each an *Error
	More   int     // how many there are besides
}

func (e *OddError) Error() string {
	lines := make([]string, 0, len(e.Places)+1)
	for _, place := range e.Places {
		lines = append(lines, place.Error())
	}
	if e.More > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", e.More))
	}
	return strings.Join(lines, "\n")
}

// Advice says what to do next.
func (e *OddError) Advice() string {
	return "Mend the file there, or export it anew in Timago: Stationen > Datenexport."
}

// Attempted says what became of it.
func (e *OddError) Attempted() string {
	return "These cells are taken for empty, or their lines left out; everything else is used."
}

const (
	// maxSize bounds a file: a station's line is a few hundred bytes.
	maxSize = 64 << 20
	// maxOdd is how many places are named.
	maxOdd = 10
	// maxHeader bounds the row of labels, in bytes.
	maxHeader = 64 << 10
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
	if inventory.Odd != nil {
		inventory.Odd.File = path
	}
	return inventory, nil
}

// Read takes tables separated by semicolon, comma or tab, in UTF-8 with or without BOM,
// UTF-16, Windows-1252, or the code pages of DOS and the Mac. Columns are known by their
// German or English labels, in any order; only the name's must be there. A name may come
// twice. A cell that is not understood is left empty, and a line of which that is true left
// out: Inventory.Odd names them. An error is a file that holds no list of stations at all.
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
	t := newTable(text)
	header, err := t.open()
	if err != nil {
		return Inventory{}, err
	}
	for {
		fields, end := t.next()
		if end != nil {
			break
		}
		t.row(fields)
	}
	t.orderDates()
	t.found.Columns = header
	return t.found, nil //nolint:nilerr // the error that ended the loop is the file's end
}
