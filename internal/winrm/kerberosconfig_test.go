package winrm

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func writeFile(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestKerberosConfigurationIsChecked(t *testing.T) {
	t.Parallel()
	good := writeFile(t, "krb5.conf", "includedir /etc/krb5.conf.d/\n[libdefaults]\n default_realm = SCHULE.EXAMPLE\n")
	realmless := writeFile(t, "krb5.conf", "[libdefaults]\n rdns = false\n")
	bad := writeFile(t, "krb5.conf", "[libdefaults]\n what is this\n")
	cut, text, none := writeFile(t, "cut", "\x05\x04\x00\x0c"), writeFile(t, "text", "hello"), filepath.Join(t.TempDir(), "none")
	for name, story := range map[string]struct {
		config Config
		says   string
	}{
		"no file":                 {Config{Username: "x", Password: "x", Kerberos: KerberosConfig{ConfigFile: none}}, "configuration cannot be read"},
		"not a configuration":     {Config{Username: "x", Password: "x", Kerberos: KerberosConfig{ConfigFile: bad}}, "is not usable"},
		"no realm":                {Config{Username: "x", Password: "x", Kerberos: KerberosConfig{ConfigFile: realmless}}, "user@REALM"},
		"no user":                 {Config{Password: "x", Kerberos: KerberosConfig{ConfigFile: good}}, "no user name"},
		"two kinds":               {Config{Username: "x", Kerberos: KerberosConfig{ConfigFile: good, Keytab: text, CredentialCache: text}}, "takes one of them"},
		"no keytab":               {Config{Username: "x", Kerberos: KerberosConfig{ConfigFile: good, Keytab: none}}, "keytab cannot be read"},
		"text as keytab":          {Config{Username: "x", Kerberos: KerberosConfig{ConfigFile: good, Keytab: text}}, "is no keytab"},
		"no cache":                {Config{Kerberos: KerberosConfig{ConfigFile: good, CredentialCache: none}}, "credential cache cannot be read"},
		"text as cache":           {Config{Kerberos: KerberosConfig{ConfigFile: good, CredentialCache: text}}, "is no credential cache"},
		"a cache that is cut off": {Config{Kerberos: KerberosConfig{ConfigFile: good, CredentialCache: cut}}, "is no credential cache"},
		"a cache that is no file": {Config{Kerberos: KerberosConfig{ConfigFile: good, CredentialCache: "KCM:0"}}, "only files can be read"},
	} {
		story.config.Auth = AuthKerberos
		c, err := NewClient(story.config)
		if err == nil {
			c.Close()
		}
		if err == nil || !strings.Contains(err.Error(), story.says) {
			t.Errorf("%s: got %v, want an error that says %q", name, err, story.says)
		}
	}
	c, err := NewClient(Config{Auth: AuthKerberos, Username: "x", Password: "x", Kerberos: KerberosConfig{ConfigFile: good}})
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}
