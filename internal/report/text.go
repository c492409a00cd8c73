package report

import (
	"fmt"
	"html/template"
	"regexp"
	"strings"
	"time"
	"unicode"
)

// text is a text in both languages of the page. Files for machines and the plain lines
// take the English one.
type text struct{ en, de string }

// say makes a text; both formats take the same arguments.
func say(en, de string, args ...any) text {
	return text{fmt.Sprintf(en, args...), fmt.Sprintf(de, args...)}
}

// number chooses between the texts of one thing and of many.
func number(n int, one, many text) text {
	if n == 1 {
		return one
	}
	return many
}

// because adds a reason. Reasons come in English; those of a cycle are known in German.
func because(t text, reason string) text {
	if reason == "" {
		return t
	}
	return text{t.en + ": " + reason, t.de + ": " + german(reason)}
}

func (t text) and(more text) text {
	switch {
	case more == text{}:
		return t
	case t == text{}:
		return more
	}
	return text{t.en + ", " + more.en, t.de + ", " + more.de}
}

func (t text) String() string { return t.en }

// HTML holds both languages; the page's style shows one.
func (t text) HTML() template.HTML {
	if t.en == t.de {
		return template.HTML(template.HTMLEscapeString(t.en)) //nolint:gosec // escaped
	}
	return template.HTML(`<span lang="en">` + template.HTMLEscapeString(t.en) + //nolint:gosec // escaped
		`</span><span lang="de">` + template.HTMLEscapeString(t.de) + `</span>`)
}

// longestReason bounds what is shown of a text from outside.
const longestReason = 300

// hider cleans texts from outside: one line of bounded length, without user names.
type hider struct{ users []*regexp.Regexp }

// hide makes a hider for the accounts by which machines are asked. A name that is part of a
// longer word is none.
func hide(users []string) *hider {
	h := &hider{}
	for _, user := range users {
		if user != "" {
			h.users = append(h.users, regexp.MustCompile(`(?i)(^|[^\pL\pN_-])`+regexp.QuoteMeta(user)+`($|[^\pL\pN_-])`))
		}
	}
	return h
}

// withoutUsers goes twice over a text: two names may share the blank between them.
func (h *hider) withoutUsers(text string) string {
	for _, user := range h.users {
		text = user.ReplaceAllString(user.ReplaceAllString(text, "${1}the account$2"), "${1}the account$2")
	}
	return text
}

func (h *hider) clean(name string) string { return h.short(name, longestReason) }

// reason is sentence without what the station's row says already: its name.
func (h *hider) reason(text string) string { return h.sentence(ofRow.ReplaceAllString(text, "")) }

// sentence is clean for what somebody wrote as one.
func (h *hider) sentence(text string) string { return h.short(plain(text), longestReason) }

var (
	ofRow   = regexp.MustCompile(`\bstation \S+: `)
	asking  = regexp.MustCompile(`\bquerying \w+: `)
	sockets = regexp.MustCompile(`: (dial|read|write) tcp [^;)]*`)
	lengths = regexp.MustCompile(`(^|[ (])((\d+h)?(\d+m)?\d+s)\b`)
)

// plain leaves out of a text how Windows was asked and what only the network stack knows, and
// writes durations as people do. The apply's own messages have all of it.
func plain(reason string) string {
	reason = sockets.ReplaceAllString(asking.ReplaceAllString(reason, ""), "")
	return lengths.ReplaceAllStringFunc(reason, func(found string) string {
		digits := strings.TrimLeft(found, " (")
		d, err := time.ParseDuration(digits)
		if err != nil {
			return found
		}
		return strings.TrimSuffix(found, digits) + lasting(d)
	})
}

// short is clean with a length of its own.
func (h *hider) short(reason string, most int) string {
	line := []rune(strings.Join(strings.FieldsFunc(h.withoutUsers(reason), func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " "))
	if len(line) > most {
		line = append(line[:most], '…')
	}
	return string(line)
}
