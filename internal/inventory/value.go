package inventory

import (
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"

	"github.com/timago/terraform-provider-timago/internal/foreign"
)

// none is how tables write that there is no value.
var none = []string{"-", "–", "—", "n/a", "nie", "never", "unbekannt", "unknown"}

func text(field func(*Row) *string) func(*Row, string) error {
	return func(row *Row, value string) error {
		*field(row) = foreign.Line(value)
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
		return fmt.Errorf("%q is no MAC address", foreign.Short(value, 120))
	}
	row.MAC = strings.ToUpper(mac.String())
	return nil
}

var guid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

func readClientID(row *Row, value string) error {
	row.ClientID = foreign.Line(value)
	if bare := strings.ToLower(strings.Trim(value, "{}")); guid.MatchString(bare) {
		row.ClientID = bare
	}
	return nil
}

var truths = map[string]bool{
	"ja": true, "yes": true, "true": true, "wahr": true, "1": true, "-1": true, "x": true, "online": true, "an": true, "on": true,
	"nein": false, "no": false, "false": false, "falsch": false, "0": false, "offline": false, "aus": false, "off": false,
}

func readOnline(row *Row, value string) error {
	if absent(value) {
		return nil
	}
	online, known := truths[strings.ToLower(value)]
	if !known {
		return fmt.Errorf("%q is neither ja nor nein", foreign.Short(value, 120))
	}
	row.Online = &online
	return nil
}
