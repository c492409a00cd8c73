package wsman

import (
	"crypto/subtle"
	"strings"
)

// Account may log on as `DOMAIN\user`, `user@domain`, `.\user` or `user`;
// without Domain it is local to the machine.
type Account struct {
	Domain, Username, Password string
}

// String names the account without its password, as it goes into the log.
func (a Account) String() string {
	if a.Domain == "" {
		return a.Username
	}
	return a.Domain + `\` + a.Username
}

// splitUser takes a user name as people type it apart.
func splitUser(typed string) (domain, username string) {
	if before, after, ok := strings.Cut(typed, `\`); ok {
		return before, after
	}
	if before, after, ok := strings.Cut(typed, "@"); ok {
		return after, before
	}
	return "", typed
}

// account finds the account that a client means; domains are named by their
// NetBIOS or by their DNS name.
func (s *Server) account(domain, username string) (Account, bool) {
	if domain == "" {
		domain, username = splitUser(username)
	}
	for _, account := range s.config.Accounts {
		if !strings.EqualFold(account.Username, username) {
			continue
		}
		home := account.Domain
		if home == "" {
			home = s.config.Name
		}
		if domain == "" || domain == "." || strings.EqualFold(firstLabel(domain), firstLabel(home)) {
			return account, true
		}
	}
	return Account{}, false
}

func firstLabel(domain string) string {
	label, _, _ := strings.Cut(domain, ".")
	return label
}

func samePassword(a, b string) bool {
	return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}

// domain is the one that the machine has joined, as its accounts show.
func (s *Server) domain() string {
	for _, account := range s.config.Accounts {
		if account.Domain != "" {
			return account.Domain
		}
	}
	return ""
}
