package kerberos

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jcmturner/gokrb5/v8/keytab"
)

func writeFile(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// accountOf takes DOMAIN\user apart.
func accountOf(name string) Account {
	domain, user, found := strings.Cut(name, `\`)
	if !found {
		domain, user = "", name
	}
	return Account{Domain: domain, User: user}
}

func opened(user, password string, config Config) (*Tickets, error) {
	account := accountOf(user)
	account.Password = func() string { return password }
	return Open(config, account, Environment{Now: time.Now})
}

func TestConfigurationIsChecked(t *testing.T) {
	t.Parallel()
	good := writeFile(t, "krb5.conf", "includedir /etc/krb5.conf.d/\n[libdefaults]\n default_realm = SCHULE.EXAMPLE\n")
	realmless := writeFile(t, "krb5.conf", "[libdefaults]\n rdns = false\n")
	bad := writeFile(t, "krb5.conf", "[libdefaults]\n what is this\n")
	cut, text, none := writeFile(t, "cut", "\x05\x04\x00\x0c"), writeFile(t, "text", "hello"), filepath.Join(t.TempDir(), "none")
	for name, story := range map[string]struct {
		user, password string
		config         Config
		says           string
	}{
		"no file":                 {"x", "x", Config{ConfigFile: none}, "configuration cannot be read"},
		"not a configuration":     {"x", "x", Config{ConfigFile: bad}, "is not usable"},
		"no realm":                {"x", "x", Config{ConfigFile: realmless}, "user@REALM"},
		"no user":                 {"", "x", Config{ConfigFile: good}, "no user name"},
		"two kinds":               {"x", "", Config{ConfigFile: good, Keytab: text, CredentialCache: text}, "takes one of them"},
		"no keytab":               {"x", "", Config{ConfigFile: good, Keytab: none}, "keytab cannot be read"},
		"text as keytab":          {"x", "", Config{ConfigFile: good, Keytab: text}, "is no keytab"},
		"no cache":                {"", "", Config{ConfigFile: good, CredentialCache: none}, "credential cache cannot be read"},
		"text as cache":           {"", "", Config{ConfigFile: good, CredentialCache: text}, "is no credential cache"},
		"a cache that is cut off": {"", "", Config{ConfigFile: good, CredentialCache: cut}, "is no credential cache"},
		"a cache that is no file": {"", "", Config{ConfigFile: good, CredentialCache: "KCM:0"}, "only files can be read"},
	} {
		if _, err := opened(story.user, story.password, story.config); err == nil || !strings.Contains(err.Error(), story.says) {
			t.Errorf("%s: got %v, want an error that says %q", name, err, story.says)
		}
	}
	if _, err := opened("x", "x", Config{ConfigFile: good}); err != nil {
		t.Error(err)
	}
}

// Whatever a file holds that is given as a keytab or as a credential cache, reading it ends.
func FuzzCredentials(f *testing.F) {
	keys := keytab.New()
	if err := keys.AddEntry("kms-admin", "SCHULE.EXAMPLE", "secret", time.Unix(0, 0), 1, 18); err != nil {
		f.Fatal(err)
	}
	content, err := keys.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(content)
	// A cache of kms-admin@SCHULE.EXAMPLE that holds no ticket.
	f.Add([]byte("\x05\x04\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x0eSCHULE.EXAMPLE\x00\x00\x00\x09kms-admin"))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, content []byte) {
		file := filepath.Join(dir, "file")
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, config := range []Config{{Keytab: file}, {CredentialCache: file}} {
			if _, err := opened("kms-admin@SCHULE.EXAMPLE", "", config); err != nil && err.Error() == "" {
				t.Error("an error without words")
			}
		}
	})
}
