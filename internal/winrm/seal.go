package winrm

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"mime"
	"regexp"
	"strconv"
	"strings"
)

// The form that WinRM gives a sealed message is MIME in name only: no blank
// line ends the headers of a part, and binary data stands directly before the
// last boundary (MS-WSMV 2.2.9.1).
const (
	sealedProtocol = "application/HTTP-SPNEGO-session-encrypted"
	sealedBoundary = "Encrypted Boundary"
	sealedType     = `multipart/encrypted;protocol="` + sealedProtocol + `";boundary="` + sealedBoundary + `"`
	sealedLimit    = "--" + sealedBoundary + "\r\n"
	sealedEnd      = "--" + sealedBoundary + "--"
	sealedData     = "Content-Type: application/octet-stream\r\n"
)

const signatureSize = 16 // MS-NLMP 2.2.2.9

var originalLength = regexp.MustCompile(`(?i)OriginalContent:[^\r\n]*;\s*Length=(\d{1,9})`)

func sealedBody(sealed, signature []byte, length int) []byte {
	var b bytes.Buffer
	b.WriteString(sealedLimit)
	b.WriteString("\tContent-Type: " + sealedProtocol + "\r\n")
	fmt.Fprintf(&b, "\tOriginalContent: type=%s;Length=%d\r\n", soapType, length)
	b.WriteString(sealedLimit)
	b.WriteString("\t" + sealedData)
	_ = binary.Write(&b, binary.LittleEndian, uint32(len(signature))) //nolint:gosec // 16; a Buffer does not fail
	b.Write(signature)
	b.Write(sealed)
	b.WriteString(sealedEnd + "\r\n")
	return b.Bytes()
}

// openBody takes sealed text and signature out of an answer. The text's length
// is the one that was announced: the ciphertext may hold anything, also what
// looks like a boundary.
func openBody(contentType string, body []byte) (sealed, signature []byte, err error) {
	media, parameters, err := mime.ParseMediaType(contentType)
	if err != nil || media != "multipart/encrypted" || !strings.EqualFold(parameters["protocol"], sealedProtocol) {
		return nil, nil, errors.New("the answer is not sealed")
	}
	head, data, found := bytes.Cut(body, []byte(sealedData))
	announced := originalLength.FindSubmatch(head)
	if !found || announced == nil || len(data) < 4+signatureSize {
		return nil, nil, errors.New("the sealed answer is malformed")
	}
	if binary.LittleEndian.Uint32(data) != signatureSize {
		return nil, nil, errors.New("the sealed answer has no NTLM signature")
	}
	signature, data = data[4:4+signatureSize], data[4+signatureSize:]
	length, err := strconv.Atoi(string(announced[1]))
	if err != nil || length > len(data) || !bytes.HasPrefix(bytes.TrimLeft(data[length:], "\r\n"), []byte(sealedEnd)) {
		return nil, nil, errors.New("the sealed answer is cut off")
	}
	return data[:length], signature, nil
}
