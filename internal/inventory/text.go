package inventory

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// ErrNoText is a file of another kind.
var ErrNoText = errors.New("no text: save the table as CSV, not as a workbook")

// decode finds out the encoding and gives lines that end in "\n", without BOM and
// without Excel's line "sep=;".
func decode(data []byte) (string, error) {
	if bytes.HasPrefix(data, []byte("PK\x03\x04")) { // a workbook, which is a zip archive
		return "", ErrNoText
	}
	plain, err := encodingOf(data).NewDecoder().Bytes(data)
	if err != nil {
		return "", err
	}
	text := strings.TrimPrefix(string(plain), "\ufeff")
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
// nowhere else; then by whether it is valid UTF-8, which Windows-1252 with an umlaut
// is practically never.
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
	return charmap.Windows1252
}
