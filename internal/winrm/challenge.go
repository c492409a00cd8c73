package winrm

import (
	"net/http"
	"strings"

	"github.com/timago/terraform-provider-timago/internal/foreign"
)

// expectChallenge judges the answer to a greeting: it must be a 401.
func expectChallenge(c *conn, answer *reply) error {
	switch answer.status {
	case http.StatusUnauthorized:
		return nil
	case http.StatusServiceUnavailable:
		return &Unreachable{Kind: KindUnavailable, Address: c.to.String()}
	}
	return &Protocol{Address: c.to.String(), Status: answer.status, Reason: "it does not ask who is there"}
}

// challenge finds the token of a scheme in WWW-Authenticate ("Negotiate
// TlRMTVNTUA…"), or says what is offered instead.
func challenge(answer *reply, scheme string) (token string, err error) {
	var offered []string
	for _, line := range answer.header.Values("WWW-Authenticate") {
		for _, c := range parseChallenges(line) {
			if strings.EqualFold(c.scheme, scheme) {
				return c.token, nil
			}
			if len(offered) < maxOffered {
				offered = append(offered, foreign.Short(c.scheme, 20))
			}
		}
	}
	return "", &notOffered{offered: offered}
}

// maxOffered is how many schemes an error names.
const maxOffered = 8

// authChallenge is one way to log on that a machine offers.
type authChallenge struct {
	scheme string
	token  string // "" where there is none, or parameters in its place
}

// parseChallenges reads a line that may list several (RFC 9110 11.6.1): the same comma
// separates challenges and the parameters of one.
func parseChallenges(line string) []authChallenge {
	var challenges []authChallenge
	for line != "" {
		item, rest := cutItem(line)
		line = rest
		name, token, _ := strings.Cut(item, " ")
		switch token = strings.TrimSpace(token); {
		case name == "":
		case isParameter(name):
			// It belongs to the challenge before.
		case isParameter(token):
			challenges = append(challenges, authChallenge{scheme: name})
		default:
			challenges = append(challenges, authChallenge{scheme: name, token: token})
		}
	}
	return challenges
}

// cutItem cuts a line at its first comma that is not in quotes.
func cutItem(line string) (item, rest string) {
	quoted := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			return strings.TrimSpace(line[:i]), line[i+1:]
		}
	}
	return strings.TrimSpace(line), ""
}

// isParameter reports whether text is name=value; a token may only end in "=".
func isParameter(text string) bool {
	name, value, found := strings.Cut(text, "=")
	return found && name != "" && strings.Trim(value, "= ") != ""
}
