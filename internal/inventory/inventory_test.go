package inventory_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/timago/terraform-provider-timago/internal/inventory"
)

// export has the columns of Timago's station list.
const export = `Bezeichnung;Rechnergruppe;Standort;Letzter Startvorgang;Letztes Betriebssystem;Client;Online;Benutzer;Storage Up2Date;Clientversion;Imageserver;MAC-Adresse
R101-PC01;Schüler;Gebäude Süd 101;07.09.2026 08:15;Windows 11;{6F1C1C52-6C1E-4F0A-9D57-0B1C5F3F0A01};Ja;SCHULE\m.müller;Ja;4.2.0;img01;02-00-5e-10-01-01
R101-PC02;Schüler;Gebäude Süd 101;;Timago®;;Nein;;Nein;4.2.0;img01;
`

func yes() *bool { on := true; return &on }
func no() *bool  { return new(bool) }

func exported() inventory.Inventory {
	return inventory.Inventory{
		Columns: strings.Split(strings.Split(export, "\n")[0], ";"),
		Rows: []inventory.Row{
			{
				Line: 2, Name: "R101-PC01", Location: "Gebäude Süd 101", ComputerGroup: "Schüler", MAC: "02:00:5E:10:01:01",
				ClientID:  "6f1c1c52-6c1e-4f0a-9d57-0b1c5f3f0a01",
				LastStart: time.Date(2026, 9, 7, 8, 15, 0, 0, time.Local), LastOperatingSystem: "Windows 11",
				Online: yes(), User: `SCHULE\m.müller`,
				Extra: map[string]string{"Storage Up2Date": "Ja", "Clientversion": "4.2.0", "Imageserver": "img01"},
			},
			{
				Line: 3, Name: "R101-PC02", Location: "Gebäude Süd 101", ComputerGroup: "Schüler",
				LastOperatingSystem: "Timago®", Online: no(),
				Extra: map[string]string{"Storage Up2Date": "Nein", "Clientversion": "4.2.0", "Imageserver": "img01"},
			},
		},
	}
}

func encoded(t testing.TB, text string, as encoding.Encoding) string {
	t.Helper()
	data, err := as.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestExportHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"UTF-8":                     export,
		"UTF-8 with BOM":            "\ufeff" + export,
		"UTF-16 LE with BOM":        encoded(t, export, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)),
		"UTF-16 BE with BOM":        encoded(t, export, unicode.UTF16(unicode.BigEndian, unicode.UseBOM)),
		"UTF-16 LE":                 encoded(t, export, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)),
		"UTF-16 BE":                 encoded(t, export, unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)),
		"Windows-1252":              encoded(t, export, charmap.Windows1252),
		"comma":                     strings.ReplaceAll(export, ";", ","),
		"tab":                       strings.ReplaceAll(export, ";", "\t"),
		"Windows line ends":         strings.ReplaceAll(export, "\n", "\r\n"),
		"old Mac line ends":         strings.ReplaceAll(export, "\n", "\r"),
		"no last line end":          strings.TrimSuffix(export, "\n"),
		"empty lines at the end":    export + "\n;;;\n\n",
		"labels in capitals":        strings.Replace(export, "Bezeichnung;Rechnergruppe", "BEZEICHNUNG;RECHNERGRUPPE", 1),
		"every field in quotes":     quoted(export),
		"spaces around the values":  strings.ReplaceAll(export, ";", " ; "),
		"separators behind the end": strings.ReplaceAll(export, "\n", ";;\n"),
	} {
		got, err := inventory.Read(strings.NewReader(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := exported()
		got.Columns, want.Columns = nil, nil // told below
		if !reflect.DeepEqual(got, want) {   //nolint:govet // the errors are values of this package
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, want)
		}
	}
	if got, err := inventory.Read(strings.NewReader(export)); err != nil || !reflect.DeepEqual(got.Columns, exported().Columns) {
		t.Errorf("columns %v, %v", got.Columns, err)
	}
}

func quoted(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, line := range lines {
		lines[i] = `"` + strings.ReplaceAll(line, ";", `";"`) + `"`
	}
	return strings.Join(lines, "\n")
}

func TestOtherTables(t *testing.T) {
	t.Parallel()
	for name, story := range map[string]struct {
		text string
		want inventory.Row
	}{
		"English, any order": {"mac,location,name,address\n02005e100101,R101,pc01,10.1.1.1\n",
			inventory.Row{Line: 2, Name: "pc01", Location: "R101", MAC: "02:00:5E:10:01:01", Address: "10.1.1.1"}},
		"names alone": {"name\npc01\n", inventory.Row{Line: 2, Name: "pc01"}},
		"below a title": {"Stationen der Schule\n\nName;Raum\npc01;R101\n",
			inventory.Row{Line: 4, Name: "pc01", Location: "R101"}},
		"Excel's separator line": {"sep=;\nName;Raum\npc01;R101\n",
			inventory.Row{Line: 3, Name: "pc01", Location: "R101"}},
		"labels written otherwise": {"computer_name;Computer Group;MAC_Address;LAST START:\npc01;g;02:00:5e:10:01:01;2026-09-07 08:15\n",
			inventory.Row{Line: 2, Name: "pc01", ComputerGroup: "g", MAC: "02:00:5E:10:01:01", LastStart: time.Date(2026, 9, 7, 8, 15, 0, 0, time.Local)}},
		"two columns of one meaning": {"IP;Bezeichnung;Hostname;Name\n10.1.1.1;pc01;pc01.schule.example;Pult\n",
			inventory.Row{Line: 2, Name: "pc01", Address: "pc01.schule.example", Extra: map[string]string{"IP": "10.1.1.1", "Name": "Pult"}}},
		"columns of one label, and of none": {"Name;Notiz;Notiz;\npc01;a;b;c\n",
			inventory.Row{Line: 2, Name: "pc01", Extra: map[string]string{"Notiz": "a", "Notiz (column 3)": "b", "column 4": "c"}}},
		"quotes, separators and lines in a value": {"Name;Notiz\npc01;\"am Fenster; \"\"links\"\"\nhinten\"\n",
			inventory.Row{Line: 2, Name: "pc01", Extra: map[string]string{"Notiz": "am Fenster; \"links\"\nhinten"}}},
		"no values": {"Name;MAC;Online;Letzter Startvorgang\npc01;-;unbekannt;nie\n", inventory.Row{Line: 2, Name: "pc01"}},
	} {
		if story.want.Extra == nil {
			story.want.Extra = map[string]string{}
		}
		got, err := inventory.Read(strings.NewReader(story.text))
		if err != nil || len(got.Rows) != 1 || !reflect.DeepEqual(got.Rows[0], story.want) {
			t.Errorf("%s: %v\n got %+v\nwant %+v", name, err, got.Rows, story.want)
		}
	}
}

// What a repeated name means is for those to say who use it.
func TestANameThatComesTwiceIsReadTwice(t *testing.T) {
	t.Parallel()
	got, err := inventory.Read(strings.NewReader("Raum;Name\nR101;pc01\nR102;pc02\nR101;PC01\n"))
	if err != nil || len(got.Rows) != 3 || got.Rows[0].Name != "pc01" || got.Rows[2].Name != "PC01" || got.Rows[2].Line != 4 {
		t.Errorf("%+v, %v", got.Rows, err)
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	morning := time.Date(2026, 9, 7, 8, 15, 0, 0, time.Local)
	for text, want := range map[string]time.Time{
		"07.09.2026 08:15": morning, "7.9.2026 8:15": morning, "07.09.26 08:15": morning, "07.09.2026, 08:15 Uhr": morning,
		"07.09.2026  08:15:30": morning.Add(30 * time.Second), "2026-09-07T08:15:00": morning,
		"07.09.2026":           time.Date(2026, 9, 7, 0, 0, 0, 0, time.Local),
		"2026-09-07T06:15:00Z": time.Date(2026, 9, 7, 6, 15, 0, 0, time.UTC),
		// Of other countries, where the order is plain.
		"2026/09/07 08:15": morning, "2026.9.7 8:15:00": morning, "2026-09-07 8:15:00 AM": morning,
		"27/09/2026 08:15": morning.AddDate(0, 0, 20), "09/27/2026 8:15:00 am": morning.AddDate(0, 0, 20), "27-9-2026 8:15": morning.AddDate(0, 0, 20),
		"9/27/26 8:15 PM": morning.AddDate(0, 0, 20).Add(12 * time.Hour),
		// What a spreadsheet makes of one.
		"46272,34375": morning, "46272.34375": morning, "46272": time.Date(2026, 9, 7, 0, 0, 0, 0, time.Local),
		// Never.
		"01.01.0001 00:00:00": {}, "30.12.1899": {}, "1/1/1900": {}, "01.01.1970 01:00": {}, "1601-01-01T00:00:00Z": {}, "31.12.9999 23:59:59": {},
		"0000-00-00 00:00:00": {}, "00.00.0000": {}, "0": {}, "nie": {}, "-": {}, "n/a": {},
	} {
		got, err := inventory.Read(strings.NewReader("Name;Letzter Startvorgang\npc01;" + text))
		if err != nil || got.Odd != nil || !got.Rows[0].LastStart.Equal(want) {
			t.Errorf("%q: %+v, %v; want %v", text, got.Rows, err, want)
		}
	}
}

func TestWhatIsNotUnderstoodNamesLineAndColumn(t *testing.T) {
	t.Parallel()
	for name, story := range map[string]struct {
		text, want string
		rows       int // that are read all the same
	}{
		"date":             {"Name;Letzter Startvorgang\nRöm;morgen\n", `line 2, column 5 (Letzter Startvorgang): "morgen" is no date: expected a date such as 07.09.2026 08:15`, 1},
		"day":              {"Name;Letzter Startvorgang\npc;31.02.2026\n", `line 2, column 4 (Letzter Startvorgang): "31.02.2026" is no date: expected a date such as 07.09.2026 08:15`, 1},
		"day or month":     {"Name;Letzter Startvorgang\npc;09/07/2026\n", `line 2, column 4 (Letzter Startvorgang): "09/07/2026" is no date: day and month cannot be told apart, in no row of the file: expected a date such as 07.09.2026 08:15 or 2026-09-07 08:15`, 1},
		"MAC":              {"Name;MAC\n\npc01;02:00:5E\n", `line 3, column 6 (MAC): "02:00:5E" is no MAC address`, 1},
		"MAC as a number":  {"Name;MAC\npc01;2,00E+10\n", `line 2, column 6 (MAC): "2,00E+10" is no MAC address`, 1},
		"online":           {"Name;Online\npc01;vielleicht\n", `line 2, column 6 (Online): "vielleicht" is neither ja nor nein`, 1},
		"no name":          {"Name;Raum\n;R101\npc02;R101", "line 2, column 1: a station without a name; the line is left out", 1},
		"value too many":   {"Name;Raum\npc01;R101;x\npc02;R101", "line 2, column 11: a value without a column: is there a separator in a value that wants quotes? The line is left out", 1},
		"quote and more":   {"Name;Raum\npc01;R\"101;x\npc02;R101", "line 2, column 7: bare \" in non-quoted-field", 1},
		"quote, then less": {"Name;Raum\npc01;\"R101 \"x\nhinten\npc02;R101", "line 3, column 1: what may be the rest of a value above, where a quotation mark is out of place; the line is left out", 2},
	} {
		got, err := inventory.Read(strings.NewReader(story.text))
		var place *inventory.Error
		if err != nil || got.Odd == nil || !errors.As(got.Odd.Places[0], &place) || got.Odd.Error() != story.want || got.Odd.Advice() == "" || len(got.Rows) != story.rows {
			t.Errorf("%s: %v, %v\nwant %s", name, got, err, story.want)
		}
	}
}

func TestAFileThatHoldsNoStationsIsAnError(t *testing.T) {
	t.Parallel()
	for name, story := range map[string]struct{ text, want string }{
		"no name column":    {"Raum;MAC\nR101;\n", `line 1, column 1: no column for the stations' names: expected Bezeichnung or name among the labels, found "Raum;MAC"`},
		"empty":             {"", `line 1, column 1: no column for the stations' names: expected Bezeichnung or name among the labels, found ""`},
		"list of locations": {"Bezeichnung;ID;Computer;Clients Up2Date\nR101;1;30;30\n", "line 1, column 1: this is Timago's list of locations (Standorte); export the list of stations (Stationen) instead"},
	} {
		_, err := inventory.Read(strings.NewReader(story.text))
		var place *inventory.Error
		if !errors.As(err, &place) || err.Error() != story.want || place.Advice() == "" {
			t.Errorf("%s: %v\nwant %s", name, err, story.want)
		}
	}
}

func TestSeveralPlacesAreToldAtOnce(t *testing.T) {
	t.Parallel()
	got, err := inventory.Read(strings.NewReader("Name;Online\n" + strings.Repeat("pc;vielleicht\n", 100)))
	if err != nil || len(got.Rows) != 100 || len(got.Odd.Places) != 10 || !strings.HasSuffix(got.Odd.Error(), "neither ja nor nein\nand 90 more") {
		t.Errorf("%d rows, %v, %v", len(got.Rows), got.Odd, err)
	}
}

func TestWorkbookIsNoText(t *testing.T) {
	t.Parallel()
	for _, data := range []string{"PK\x03\x04\x14\x00\x06\x00", "Name;\x00\x01\x02\x03Raum\xff"} {
		if _, err := inventory.Read(strings.NewReader(data)); !errors.Is(err, inventory.ErrNoText) {
			t.Errorf("%q: %v", data, err)
		}
	}
}

func TestReadFileNamesTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "stationen.csv")
	if err := os.WriteFile(path, []byte(export), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := inventory.ReadFile(path); err != nil || !reflect.DeepEqual(got, exported()) { //nolint:govet // the errors are values of this package
		t.Errorf("%+v, %v", got, err)
	}
	if err := os.WriteFile(path, []byte("Raum\nR101\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := inventory.ReadFile(path); err == nil || !strings.HasPrefix(err.Error(), path+": line 1, column 1: ") {
		t.Error(err)
	}
	if _, err := inventory.ReadFile(path + "x"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// The other rows tell which of the two stands first.
func TestTheOrderOfADateIsThatOfItsColumn(t *testing.T) {
	t.Parallel()
	september, july := time.Date(2026, 9, 7, 8, 15, 0, 0, time.Local), time.Date(2026, 7, 9, 8, 15, 0, 0, time.Local)
	for also, want := range map[string]time.Time{
		"13/09/2026": july.AddDate(0, 2, -2), "09/13/2026": september, "": {},
	} {
		text := "Name;Letzter Startvorgang\npc01;09/07/2026 08:15\npc02;" + also + "\n"
		got, err := inventory.Read(strings.NewReader(text))
		if also == "13/09/2026" {
			want = july
		}
		if err != nil || len(got.Rows) != 2 || !got.Rows[0].LastStart.Equal(want) || (got.Odd != nil) != (also == "") {
			t.Errorf("beside %q: %+v, %v; want %s", also, got, err, want)
		}
	}
	both, err := inventory.Read(strings.NewReader("Name;Letzter Startvorgang\npc01;13/09/2026\npc02;09/13/2026\npc03;1/2/2026"))
	if err != nil || both.Odd == nil || len(both.Odd.Places) != 3 || len(both.Rows) != 3 {
		t.Errorf("both orders: %+v, %v", both, err)
	}
}

func TestCellsAsSpreadsheetsAndOldProgramsWriteThem(t *testing.T) {
	t.Parallel()
	want := inventory.Row{Line: 2, Name: "pc01", Location: "Gebäude Süd 101", MAC: "02:00:5E:10:01:01", Extra: map[string]string{}}
	const table = "Name;Raum;MAC\npc01;Gebäude Süd 101;02-00-5e-10-01-01"
	for name, text := range map[string]string{
		"a mark of the file's end":     table + "\r\n\x1a",
		"such a mark, and more":        table + "\r\n\x1a\x00\x00\r\n",
		"DOS":                          encoded(t, table, charmap.CodePage850),
		"old American DOS":             encoded(t, table, charmap.CodePage437),
		"Mac":                          encoded(t, table, charmap.Macintosh),
		"ISO 8859-15":                  encoded(t, table, charmap.ISO8859_15),
		"Central European Windows":     encoded(t, table, charmap.Windows1250),
		"made no number":               "Name;Raum;MAC\n=\"pc01\";Gebäude Süd 101;=\"02005e100101\"",
		"an apostrophe":                "Name;Raum;MAC\n'pc01;Gebäude Süd 101;'02005e100101",
		"invisible characters":         "Name;Raum;MAC\n\u200epc01\u200b;Gebäude\u00a0Süd 101\u202c;02-00-5e-10-01-01\u00a0",
		"quotes that lead a value":     "Name;Raum;MAC\npc01;\"Gebäude Süd 101;02-00-5e-10-01-01",
		"a line break in the value":    "Name;Raum;MAC\npc01;\"Gebäude Süd\n101\";02-00-5e-10-01-01",
		"control characters":           "Name;Raum;MAC\n\x07pc01;Gebäude Süd\x0b101;02-00-5e-10-01-01",
		"a byte order mark in between": "Name;Raum;MAC\n\ufeffpc01;Gebäude Süd 101;02-00-5e-10-01-01",
	} {
		got, err := inventory.Read(strings.NewReader(text))
		if err != nil || got.Odd != nil || len(got.Rows) != 1 || !reflect.DeepEqual(got.Rows[0], want) {
			t.Errorf("%s: %v, odd %v\n got %+v\nwant %+v", name, err, got.Odd, got.Rows, want)
		}
	}
	got, err := inventory.Read(strings.NewReader("\"Name\";\"MAC-\nAdresse\"\npc01;02005e100101\n\"19\" Pult\";\npc03;"))
	if err != nil || len(got.Rows) != 3 || got.Rows[0].MAC != "02:00:5E:10:01:01" || got.Rows[0].Line != 3 || got.Rows[2].Line != 5 {
		t.Errorf("a line break in a label: %+v, %v", got, err)
	}
}

// Whatever is read has names and places, and reads the same in every encoding.
func FuzzRead(f *testing.F) {
	f.Add([]byte(export))
	f.Add([]byte("\ufeffName,MAC\npc01,02005e100101\n"))
	f.Add([]byte(encoded(f, export, charmap.Windows1252)))
	f.Add([]byte(encoded(f, export, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM))))
	f.Add([]byte("sep=\t\nName\tOnline\n\"pc\n01\"\tx\n;"))
	f.Add([]byte("Name;Raum;Letzter Startvorgang\n=\"a\";19\" R;9/7/26\nb;\"c\nd;13/1/26\n\x1a"))
	f.Add([]byte("Titel\n\n\"Name\";\"Raum\"\na;b;c"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := inventory.Read(strings.NewReader(string(data)))
		for _, row := range got.Rows {
			if row.Name == "" || row.Line < 2 {
				t.Errorf("row %+v", row)
			}
		}
		places := []error{err}
		if got.Odd != nil {
			places = append(places, got.Odd.Places...)
		}
		for _, odd := range places {
			if place := (*inventory.Error)(nil); errors.As(odd, &place) && (place.Line < 1 || place.Column < 1) {
				t.Errorf("place %+v", place)
			}
		}
		if err != nil || strings.ToValidUTF8(string(data), "") != string(data) || strings.ContainsAny(string(data), "\ufeff\x00") {
			return
		}
		again, err := inventory.Read(strings.NewReader(encoded(t, string(data), unicode.UTF16(unicode.BigEndian, unicode.UseBOM))))
		if err != nil || !reflect.DeepEqual(got, again) { //nolint:govet // the errors are values of this package
			t.Errorf("in UTF-16 %+v, %v, in UTF-8 %+v", again, err, got)
		}
	})
}
