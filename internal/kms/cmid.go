package kms

import "strings"

// CMID is a client machine id: what a KMS host counts. Lower case, without braces;
// empty means that none was read. Two stations with one CMID count as one.
type CMID string

// ParseCMID normalises what Windows writes; anything that is no GUID gives "".
func ParseCMID(text string) CMID {
	s := strings.ToLower(strings.Trim(strings.TrimSpace(text), "{}"))
	if !isGUID(s) || s == "00000000-0000-0000-0000-000000000000" {
		return ""
	}
	return CMID(s)
}

func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case c >= '0' && c <= '9', c >= 'a' && c <= 'f':
		default:
			return false
		}
	}
	return true
}
