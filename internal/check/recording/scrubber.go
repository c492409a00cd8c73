package recording

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/timago/terraform-provider-timago/internal/check/schema"
)

// The kinds of placeholders.
const (
	kindName    = "name"
	kindText    = "text"
	kindID      = "id"
	kindIPv4    = "IPv4 address"
	kindIPv6    = "IPv6 address"
	kindMAC     = "MAC address"
	kindElement = "element"
	kindContext = "context"
)

// scrubber replaces what is private. A value has one placeholder in a whole recording, with
// or without capitals.
type scrubber struct {
	placeholders map[string]map[string]string // by kind and value
	places       map[string]map[string]int    // how often, by kind and where
	private      []string                     // values that no kept text may hold, in lower case
	settled      bool                         // all of them are known
}

func newScrubber(private []string) *scrubber {
	s := &scrubber{placeholders: map[string]map[string]string{}, places: map[string]map[string]int{}}
	for _, value := range private {
		for _, word := range words.FindAllString(value, -1) {
			s.forbid(word)
		}
	}
	return s
}

var words = regexp.MustCompile(`[\pL\pN_-]+`)

// leastPrivate is the length from which a value is looked for in what is kept. Shorter ones
// are parts of any text.
const leastPrivate = 3

func (s *scrubber) forbid(value string) {
	value = strings.ToLower(value)
	if utf8.RuneCountInString(value) >= leastPrivate && !number.MatchString(value) && !slices.Contains(s.private, value) {
		s.private = append(s.private, value)
	}
}

// holdsPrivate reports whether a text that would be kept holds a value that was replaced
// elsewhere.
func (s *scrubber) holdsPrivate(text string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc(s.private, func(value string) bool { return strings.Contains(text, value) })
}

func (s *scrubber) replace(kind, value, where string, render func(n int) string) string {
	if s.settled {
		if s.places[kind] == nil {
			s.places[kind] = map[string]int{}
		}
		s.places[kind][where]++
	}
	of := s.placeholders[kind]
	if of == nil {
		of = map[string]string{}
		s.placeholders[kind] = of
	}
	key := strings.ToLower(value)
	if of[key] == "" {
		of[key] = render(len(of) + 1)
		s.forbid(value)
	}
	return of[key]
}

func numbered(word string) func(int) string {
	return func(n int) string { return fmt.Sprintf("%s-%d", word, n) }
}

var (
	number = regexp.MustCompile(`^[0-9]+$`)
	guid   = regexp.MustCompile(`^\{?[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?$`)
	code   = regexp.MustCompile(`^0[xX][0-9A-Fa-f]{1,8}$`)
	digits = regexp.MustCompile(`^[0-9]{1,7}$`)
	local  = regexp.MustCompile(`^[0-9]{4}/[0-9]{1,2}/[0-9]{1,2} [0-9]{1,2}:[0-9]{2}(:[0-9]{2})?$`)
	label  = regexp.MustCompile(`^[\pL\pN_$-]+$`)
)

// value replaces a private value by a placeholder of its form, so that what reads it finds an
// address where an address was, and an id where an id was.
func (s *scrubber) value(text, where string) string {
	trimmed := strings.TrimSpace(text)
	switch address, err := netip.ParseAddr(trimmed); {
	case trimmed == "":
		return ""
	case guid.MatchString(trimmed):
		return s.replace(kindID, strings.Trim(trimmed, "{}"), where, func(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) })
	case err == nil && address.Is4():
		// One of the loopback network: nobody's, and a replay can stand there.
		return s.replace(kindIPv4, trimmed, where, func(n int) string { return fmt.Sprintf("127.77.%d.%d", n/250, 1+n%250) })
	case err == nil:
		return s.replace(kindIPv6, trimmed, where, func(n int) string { return fmt.Sprintf("2001:db8::%x", n) })
	}
	if mac, err := net.ParseMAC(trimmed); err == nil && len(mac) == 6 {
		return s.replace(kindMAC, mac.String(), where, func(n int) string { return fmt.Sprintf("02:00:00:00:%02X:%02X", n/256, n%256) })
	}
	if host, port, err := net.SplitHostPort(trimmed); err == nil {
		if n, err := strconv.ParseUint(port, 10, 16); err == nil && host != "" {
			return net.JoinHostPort(s.value(host, where), strconv.FormatUint(n, 10))
		}
	}
	if domain, user, found := strings.Cut(trimmed, `\`); found && label.MatchString(domain) {
		return s.value(domain, where) + `\` + s.value(user, where)
	}
	if labels := strings.Split(trimmed, "."); !slices.ContainsFunc(labels, func(part string) bool { return !label.MatchString(part) }) {
		for i, part := range labels {
			labels[i] = s.replace(kindName, part, where, numbered("name"))
		}
		return strings.Join(labels, ".")
	}
	return s.replace(kindText, text, where, numbered("text"))
}

// kept keeps a value of a listed kind where it has the form of one and nothing private in it.
func (s *scrubber) kept(kind schema.Kind, text, where string) string {
	free := kind == schema.Token || kind == schema.Product || kind == schema.SKU
	if kind == schema.Private || text != "" && (!kind.Fits(text) || free && s.holdsPrivate(text)) {
		return s.value(text, where)
	}
	return text
}

// fields are those of an event of licensing, over one text or several.
type fields struct {
	number    int
	licensing bool // the first is a code, as in the events of licensing
}

// activationID is the field that names a product in 12288 and 12290.
const activationID = 8

// scrub replaces in a text of fields what is no number, code or time of licensing's events.
func (f *fields) scrub(s *scrubber, text, where string) string {
	parts := strings.Split(text, ",")
	for i, part := range parts {
		trimmed := strings.TrimSpace(part)
		if f.number == 0 {
			f.licensing = code.MatchString(trimmed)
		}
		keep := trimmed == "" || f.licensing && (code.MatchString(trimmed) || digits.MatchString(trimmed) || local.MatchString(trimmed) ||
			f.number == activationID && guid.MatchString(trimmed) && !s.isID(trimmed))
		f.number++
		if !keep {
			lead := part[:len(part)-len(strings.TrimLeft(part, " "))]
			parts[i] = lead + s.value(trimmed, where)
		}
	}
	return strings.Join(parts, ",")
}

// isID reports whether a GUID was replaced elsewhere: then it names no product.
func (s *scrubber) isID(text string) bool {
	_, known := s.placeholders[kindID][strings.ToLower(strings.Trim(text, "{}"))]
	return known
}

// list says what was replaced, by kind and place; it holds nothing of it.
func (s *scrubber) list() string {
	var b strings.Builder
	b.WriteString("Send " + FileName + " alone. This list tells what was replaced in it, and holds nothing private either.\n" +
		"Read " + FileName + " before: it holds times, numbers, codes, names of products and versions of Windows as they were.\n")
	for _, kind := range slices.Sorted(maps.Keys(s.places)) {
		fmt.Fprintf(&b, "\n%s: %d different\n", kind, len(s.placeholders[kind]))
		wheres := slices.SortedFunc(maps.Keys(s.places[kind]), func(x, y string) int {
			return cmp.Or(s.places[kind][y]-s.places[kind][x], strings.Compare(x, y))
		})
		for _, where := range wheres {
			fmt.Fprintf(&b, "  %6d x in %s\n", s.places[kind][where], where)
		}
	}
	return b.String()
}
