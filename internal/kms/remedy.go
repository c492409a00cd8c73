package kms

import (
	"regexp"
	"strconv"
)

const (
	reachHost = "See that the stations reach the KMS host's TCP port 1688: the service sppsvc on the host, its firewall, and what lies between."
	findHost  = "Publish the KMS host in DNS by one record _vlmcs._tcp, or set it on the stations by slmgr /skms."
	mendStore = "Install the newest updates on the KMS host; else mend the stations' licensing store by slmgr /rilc and a restart."
)

// remedies are what helps against codes with which a request for activation ends.
var remedies = map[Code]string{
	0xC004F039:     reachHost,
	0xC004F041:     "Activate the KMS host's own key, with the Volume Activation Tools or by slmgr /ato.",
	CodeIDMismatch: "Install a KMS host key that covers the product on the KMS host, or another edition of it on the stations.",
	0xC004F06C:     "Set the clocks right (w32tm /resync), and the clock in the firmware of the station that is wrong.",
	0xC004F074:     reachHost,
	0xC004F035:     "Put these stations under a qualifying base licence: a volume key is an upgrade.",
	0xC004F050:     "Install the product's KMS client key (GVLK) by slmgr /ipk.",
	0xC004F014:     "Install the product's KMS client key (GVLK) by slmgr /ipk.",
	0xC004F069:     "Install the KMS client key (GVLK) of the edition that runs there.",
	0x8007232B:     findHost,
	0x8007007B:     findHost,
	0x8007251D:     findHost,
	0x80092328:     findHost,
	0x800706BA:     reachHost,
	0x80070005:     "See that the account is an administrator of the stations.",
	0x8007000D:     mendStore,
	0x80070216:     mendStore,
	0x8004E108:     "Mend the stations' licensing store: slmgr /rilc, then a restart.",
	0x803F7001:     "Install the product's KMS client key (GVLK) by slmgr /ipk.",
}

// Remedy says what helps; empty where nothing is known.
func (c Code) Remedy() string { return remedies[c.hresult()] }

var written = regexp.MustCompile(`\b0x[0-9A-F]{8}\b`)

// CodesIn finds the codes of a sentence, each once: a reason in words ends with its code
// as String writes it.
func CodesIn(sentence string) []Code {
	var codes []Code
	seen := map[Code]bool{}
	for _, text := range written.FindAllString(sentence, -1) {
		n, err := strconv.ParseUint(text, 0, 32)
		if code := Code(n); err == nil && !seen[code] {
			codes, seen[code] = append(codes, code), true
		}
	}
	return codes
}
