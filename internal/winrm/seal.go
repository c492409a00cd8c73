package winrm

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// The form that WinRM gives a sealed message is MIME in name only: no blank
// line ends the headers of a part, and binary data stands directly before the
// last boundary (MS-WSMV 2.2.9.1).
const (
	sealedBoundary = "Encrypted Boundary"
	sealedLimit    = "--" + sealedBoundary + "\r\n"
	sealedEnd      = "--" + sealedBoundary + "--"
	sealedData     = "Content-Type: application/octet-stream\r\n"
)

// securityContext protects what is sent on one connection.
type securityContext interface {
	// Seal gives the header of the seal, NTLM's signature or the first part of
	// Kerberos' token, and the sealed text, which is as long as the message.
	Seal(message []byte) (header, sealed []byte, err error)
	Open(header, sealed []byte) ([]byte, error)
}

// protection is how a session's messages are protected: sealed by its security
// context, or, where that is nil, by TLS alone.
type protection struct {
	context  securityContext
	protocol string
}

func (p *protection) seals() bool { return p.context != nil }

func (p *protection) seal(envelope []byte) (http.Header, []byte, error) {
	if p.context == nil {
		return http.Header{"Content-Type": {soapType}}, envelope, nil
	}
	header, sealed, err := p.context.Seal(envelope)
	if err != nil {
		return nil, nil, fmt.Errorf("sealing a request: %w", err)
	}
	return http.Header{"Content-Type": {sealedType(p.protocol)}}, sealedBody(p.protocol, sealed, header, len(envelope)), nil
}

func (p *protection) open(answer *reply) ([]byte, error) {
	if p.context == nil {
		return answer.body, nil
	}
	sealed, header, err := openBody(p.protocol, answer.header.Get("Content-Type"), answer.body)
	if err != nil {
		return nil, err
	}
	envelope, err := p.context.Open(header, sealed)
	if err != nil {
		return nil, fmt.Errorf("its seal is broken: %w", err)
	}
	return envelope, nil
}

// negotiateProtocol is what a seal is called after "Authorization: Negotiate".
const negotiateProtocol = "application/HTTP-SPNEGO-session-encrypted"

func sealedType(protocol string) string {
	return `multipart/encrypted;protocol="` + protocol + `";boundary="` + sealedBoundary + `"`
}

var originalLength = regexp.MustCompile(`(?i)OriginalContent:[^\r\n]*;\s*Length=(\d{1,9})`)

// announcedLength is how long the message is said to be; "" where nothing is said.
func announcedLength(head []byte) string {
	// As Windows writes it, else in other words.
	if _, rest, found := bytes.Cut(head, []byte("OriginalContent: type="+soapType+";Length=")); found {
		if digits, _, found := bytes.Cut(rest, []byte("\r\n")); found && len(digits) < 10 {
			return string(digits)
		}
	}
	if found := originalLength.FindSubmatch(head); found != nil {
		return string(found[1])
	}
	return ""
}

// sealedBody puts the header of the seal and the sealed text into a body.
func sealedBody(protocol string, sealed, header []byte, length int) []byte {
	b := make([]byte, 0, len(header)+len(sealed)+len(protocol)+256)
	b = append(b, sealedLimit+"\tContent-Type: "...)
	b = append(b, protocol...)
	b = fmt.Appendf(b, "\r\n\tOriginalContent: type=%s;Length=%d\r\n", soapType, length)
	b = append(b, sealedLimit+"\t"+sealedData...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(header))) //nolint:gosec // short
	b = append(append(b, header...), sealed...)
	return append(b, sealedEnd+"\r\n"...)
}

// openBody takes sealed text and header of the seal out of an answer. The text's
// length is the one that was announced: the ciphertext may hold anything, also
// what looks like a boundary.
func openBody(protocol, contentType string, body []byte) (sealed, header []byte, err error) {
	if contentType != sealedType(protocol) { // as Windows writes it, else in other words
		media, parameters, err := mime.ParseMediaType(contentType)
		if err != nil || media != "multipart/encrypted" || !strings.EqualFold(parameters["protocol"], protocol) {
			return nil, nil, errors.New("the answer is not sealed")
		}
	}
	head, data, found := bytes.Cut(body, []byte(sealedData))
	announced := announcedLength(head)
	if !found || announced == "" || len(data) < 4 {
		return nil, nil, errors.New("the sealed answer is malformed")
	}
	size := int64(binary.LittleEndian.Uint32(data))
	if data = data[4:]; size > int64(len(data)) {
		return nil, nil, errors.New("the sealed answer is cut off")
	}
	header, data = data[:size], data[size:]
	announcedSize, err := strconv.ParseUint(announced, 10, 31)
	length := int(announcedSize)
	if err != nil || length > len(data) || !bytes.HasPrefix(bytes.TrimLeft(data[length:], "\r\n"), []byte(sealedEnd)) {
		return nil, nil, errors.New("the sealed answer is cut off")
	}
	return data[:length], header, nil
}
