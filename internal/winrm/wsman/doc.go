// Package wsman writes the requests and reads the answers of WS-Management: bytes
// in, values out, and no network. Answers come from machines that may be
// hostile, so whatever is read is bounded and checked.
package wsman
