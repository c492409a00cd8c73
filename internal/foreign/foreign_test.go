package foreign_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/timago/terraform-provider-timago/internal/foreign"
)

func TestTextIsWhatAPersonCanRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                        "",
		"Zugriff verweigert":                      "Zugriff verweigert",
		"Gebäude Süd 101, Straße 東京 🏫":            "Gebäude Süd 101, Straße 東京 🏫",
		"a\r\n\tb":                                "a b",
		"  a \u00a0\u2003 b\u2028c\u2029":         "a b c",
		"\x1b[31mred\x1b]0;title\x07":             "[31mred]0;title",
		"\u009b31m\u0085next":                     "31m next",
		"user\u202egpj.exe\u2066\u2069":           "usergpj.exe",
		"zero\u200bwidth\u200d\u2060\ufeff":       "zerowidth",
		"blank\u3164\u115f\u034f\ufe0f\U000e0041": "blank",
		"private\ue000 half\xff\xed\xa0\x80":      "private half\ufffd",
		"e\u0301":                                 "e\u0301",
	} {
		if got := foreign.Text(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := foreign.Text(strings.Repeat("ä", 10_000)); got != strings.Repeat("ä", 500)+" …" {
		t.Errorf("%d characters", utf8.RuneCountInString(got))
	}
	if got := foreign.Short("eins zwei", 4); got != "eins …" {
		t.Errorf("%q", got)
	}
	if got := foreign.Short(strings.Repeat(" ", 1000)+"a", 4); got != "" {
		t.Errorf("%q", got)
	}
}

func TestAValueKeepsItsSpaces(t *testing.T) {
	t.Parallel()
	if got := foreign.Line(" Raum  1\n\x1b"); got != " Raum  1 " {
		t.Errorf("%q", got)
	}
	if got := foreign.Lines("one\r\n\ttwo\u2028\x1b[2J\nthree\r"); got != "one\n two [2J\nthree " {
		t.Errorf("%q", got)
	}
}

func TestAnErrorStaysWhatItIs(t *testing.T) {
	t.Parallel()
	inner := &fs.PathError{Op: "open\x1b", Path: "a\nb", Err: fs.ErrNotExist}
	err := foreign.Error(inner)
	var path *fs.PathError
	if !errors.Is(err, fs.ErrNotExist) || !errors.As(err, &path) || path != inner || err.Error() != "open a b: file does not exist" {
		t.Errorf("%q", err)
	}
	if foreign.Error(nil) != nil {
		t.Error("nothing became an error")
	}
}

func FuzzText(f *testing.F) {
	f.Add("a\x1b[2J\u202e\u200b\n", 10)
	f.Fuzz(func(t *testing.T, text string, most int) {
		most = min(max(most, 0), 10_000)
		for name, got := range map[string]string{
			"line": foreign.Line(text), "lines": strings.ReplaceAll(foreign.Lines(text), "\n", ""), "short": foreign.Short(text, most),
		} {
			if !utf8.ValidString(got) {
				t.Errorf("%s is not UTF-8: %q", name, got)
			}
			for _, r := range got {
				if !unicode.IsPrint(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Bidi_Control, r) {
					t.Errorf("%s holds %U", name, r)
				}
			}
			if again := foreign.Line(got); again != got {
				t.Errorf("%s changes again: %q, %q", name, got, again)
			}
		}
		if n := utf8.RuneCountInString(foreign.Short(text, most)); n > most+2 {
			t.Errorf("%d characters, want %d and an ellipsis", n, most)
		}
	})
}
