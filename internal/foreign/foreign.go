// Package foreign makes text that comes from outside fit to be shown: from machines, from
// servers, from files, from DNS. Such text may hold what moves a terminal's cursor, forges a
// line of a log or turns the direction of reading. Whoever makes an error or a value of it
// passes it through here first.
package foreign

import (
	"strings"
	"unicode"
)

// most bounds a text in an error, in characters.
const most = 500

// Line is the text on one line: white space of any kind becomes spaces, and what is not
// printable is left out: controls, formatting characters of zero width or of another
// direction, and what is no character at all.
func Line(text string) string {
	if isPlain(text) {
		return text
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		return shown(r)
	}, valid(text))
}

// Lines is Line for a text whose line breaks are wanted.
func Lines(text string) string {
	if isPlain(text) {
		return text
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case unicode.IsSpace(r):
			return ' '
		}
		return shown(r)
	}, valid(strings.ReplaceAll(text, "\r\n", "\n")))
}

// Text is a text for an error: a Line without superfluous spaces, bounded.
func Text(text string) string { return Short(text, most) }

// Short is Text of at most so many characters.
func Short(text string, most int) string {
	if limit := 16 * (most + 1); len(text) > limit { // what follows need not be looked at
		text = strings.ToValidUTF8(text[:limit], "")
	}
	if text = Line(text); hasSuperfluousSpace(text) {
		text = strings.Join(strings.Fields(text), " ")
	}
	if len(text) <= most {
		return text // there are no more characters than bytes
	}
	if characters := []rune(text); len(characters) > most {
		return string(characters[:most]) + " …"
	}
	return text
}

// Error is err, whose own text is not to be trusted, with the text shown as Text. Is and As
// see err. It is nil where err is.
func Error(err error) error {
	if err == nil {
		return nil
	}
	return &shownError{err}
}

type shownError struct{ err error }

func (e *shownError) Error() string { return Text(e.err.Error()) }
func (e *shownError) Unwrap() error { return e.err }

// hasSuperfluousSpace tells of a Line whether it has spaces at an end, or several together.
func hasSuperfluousSpace(line string) bool {
	return strings.HasPrefix(line, " ") || strings.HasSuffix(line, " ") || strings.Contains(line, "  ")
}

// isPlain tells of a text, as most are, that shows as it is: letters, digits and the like of
// ASCII.
func isPlain(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

func valid(text string) string { return strings.ToValidUTF8(text, "\ufffd") }

// shown is the character itself, or -1 where nothing would be seen of it.
func shown(r rune) rune {
	if !unicode.IsPrint(r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) || unicode.Is(unicode.Variation_Selector, r) {
		return -1
	}
	return r
}
