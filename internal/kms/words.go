package kms

import (
	"fmt"
	"strings"
	"time"
)

// Plural says how many there are of a noun that takes an s: "1 member", "2 members".
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Moment writes a time in a sentence, to the minute.
func Moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// FirstOf names the first of many, so that a list stays short whoever made it.
func FirstOf(most int, names []string, between string) string {
	if more := len(names) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], between), more)
	}
	return strings.Join(names, between)
}
