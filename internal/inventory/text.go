package inventory

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// ErrNoText is a file of another kind.
var ErrNoText = errors.New("no text: save the table as CSV, not as a workbook")

// decode finds out the encoding and gives lines that end in "\n", without BOM, without
// Excel's line "sep=;" and without the marks by which old programs end a file.
func decode(data []byte) (string, error) {
	if bytes.HasPrefix(data, []byte("PK\x03\x04")) { // a workbook, which is a zip archive
		return "", ErrNoText
	}
	plain, err := encodingOf(data).NewDecoder().Bytes(data)
	if err != nil {
		return "", err
	}
	text := strings.TrimRight(strings.TrimPrefix(string(plain), "\ufeff"), "\x1a\x00 \r\n")
	if strings.ContainsRune(text, 0) {
		return "", ErrNoText
	}
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	if first, rest, _ := strings.Cut(text, "\n"); strings.HasPrefix(strings.ToLower(first), "sep=") {
		text = "\n" + rest // lines keep their numbers
	}
	return text, nil
}

// encodingOf goes by the BOM; without one by the zero bytes of UTF-16, which text has
// nowhere else; then by whether it is valid UTF-8.
func encodingOf(data []byte) encoding.Encoding {
	start := data[:min(len(data), 64)&^1]
	var zeroFirst, zeroSecond int
	for i := 0; i < len(start); i += 2 {
		if start[i] == 0 {
			zeroFirst++
		}
		if start[i+1] == 0 {
			zeroSecond++
		}
	}
	switch {
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}), zeroFirst == 0 && zeroSecond > len(start)/4:
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case bytes.HasPrefix(data, []byte{0xFE, 0xFF}), zeroSecond == 0 && zeroFirst > len(start)/4:
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	case utf8.Valid(data):
		return unicode.UTF8
	}
	return codePageOf(data)
}

// codePages are those of Windows, of DOS (as old programs and Access write) and of the Mac.
var codePages = []encoding.Encoding{charmap.Windows1252, charmap.CodePage850, charmap.Macintosh}

// codePageOf is the one in which there are the most German letters and the fewest that no
// list of stations has; in doubt it is that of Windows.
func codePageOf(data []byte) encoding.Encoding {
	best, most := codePages[0], math.MinInt
	for _, page := range codePages {
		plain, err := page.NewDecoder().Bytes(data)
		if err != nil {
			continue
		}
		points := 0
		for _, r := range string(plain) {
			switch {
			case strings.ContainsRune("äöüÄÖÜß", r):
				points++
			case r == '\ufffd', '\u0080' <= r && r < '\u00a0', '\u2500' <= r && r < '\u25a0': // controls, lines and blocks
				points -= 3
			}
		}
		if points > most {
			best, most = page, points
		}
	}
	return best
}
