package inventory

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"time"
)

// none is how tables write that there is no value.
var none = []string{"-", "–", "—", "n/a", "nie", "never", "unbekannt", "unknown"}

func text(field func(*Row) *string) func(*Row, string) error {
	return func(row *Row, value string) error {
		*field(row) = value
		return nil
	}
}

func absent(value string) bool { return slices.Contains(none, strings.ToLower(value)) }

var bareMAC = regexp.MustCompile(`^[0-9A-Fa-f]{12}$`)

func readMAC(row *Row, value string) error {
	if absent(value) {
		return nil
	}
	written := value
	if bareMAC.MatchString(written) {
		written = strings.Join([]string{written[:4], written[4:8], written[8:]}, ".")
	}
	mac, err := net.ParseMAC(written)
	if err != nil || len(mac) != 6 {
		return fmt.Errorf("%q is no MAC address", shortened(value))
	}
	row.MAC = strings.ToUpper(mac.String())
	return nil
}

var guid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

func readClientID(row *Row, value string) error {
	row.ClientID = value
	if bare := strings.ToLower(strings.Trim(value, "{}")); guid.MatchString(bare) {
		row.ClientID = bare
	}
	return nil
}

// dates are the German notations, and what databases write. A day takes one digit or
// two. With the month first (09/07/2026) there is no telling, so that is none of them.
var dates = []string{
	"2.1.2006 15:04:05", "2.1.2006 15:04", "2.1.2006",
	"2.1.06 15:04:05", "2.1.06 15:04", "2.1.06",
	time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02",
}

var errDate = errors.New("expected a date such as 07.09.2026 08:15")

func readLastStart(row *Row, value string) error {
	if absent(value) {
		return nil
	}
	written := strings.TrimSuffix(strings.Join(strings.Fields(strings.ReplaceAll(value, ",", " ")), " "), " Uhr")
	for _, layout := range dates {
		// The machine that reads stands in the school's network, and in its time zone.
		if at, err := time.ParseInLocation(layout, written, time.Local); err == nil {
			row.LastStart = at
			return nil
		}
	}
	return fmt.Errorf("%q is no date: %w", shortened(value), errDate)
}

var truths = map[string]bool{
	"ja": true, "yes": true, "true": true, "wahr": true, "1": true, "x": true, "online": true, "an": true, "on": true,
	"nein": false, "no": false, "false": false, "falsch": false, "0": false, "offline": false, "aus": false, "off": false,
}

func readOnline(row *Row, value string) error {
	if absent(value) {
		return nil
	}
	online, known := truths[strings.ToLower(value)]
	if !known {
		return fmt.Errorf("%q is neither ja nor nein", shortened(value))
	}
	row.Online = &online
	return nil
}
