package kerberos

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// As RHEL 9 ships it, with the folder that it includes.
const asShipped = "\uFEFF# To opt out of the system crypto-policies configuration of krb5, remove the\r\n" +
	"# symlink at /etc/krb5.conf.d/crypto-policies which will not be recreated.\r\n" +
	"includedir %[1]s\r\n" + `
[logging]
    default = FILE:/var/log/krb5libs.log
    kdc = FILE:/var/log/krb5kdc.log

[libdefaults]
    dns_lookup_realm = false
    dns_canonicalize_hostname = fallback
    ticket_lifetime = 24h
    renew_lifetime = 7 days
    forwardable = true
    rdns = false
    pkinit_anchors = FILE:/etc/pki/tls/certs/ca-bundle.crt
    spake_preauth_groups = edwards25519
    default_realm = "SCHULE.EXAMPLE"
    default_ccache_name = KEYRING:persistent:%%{uid}
    auth_to_local_names = {
        x = y
    }

[realms]
SCHULE.EXAMPLE = {
    kdc = https://proxy.schule.example/KdcProxy
    kdc = dc1.schule.example
    kdc = tcp/dc2.schule.example:8888
    kdc = [2001:db8::1]:99
    admin_server = dc1.schule.example
    v4_instance_convert = {
        kdc = not.this.one
    }
}
VERWALTUNG.EXAMPLE =
{
    admin_server = kdc.example
}*

[domain_realm]
    .schule.example = SCHULE.EXAMPLE
    schule.example = SCHULE.EXAMPLE
    .buero.schule.example = VERWALTUNG.EXAMPLE
    Host.Other.Example = VERWALTUNG.EXAMPLE
`

func TestConfigurationAsDistributionsShipIt(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, text := range map[string]string{
		"crypto-policies":    "[libdefaults]\npermitted_enctypes = aes256-cts-hmac-sha1-96\n",
		"kcm_default_ccache": "[libdefaults]\n    default_ccache_name = KCM:\n",
		"more.conf":          "include " + filepath.Join(folder, "none") + "\nmodule /usr/lib/x.so:y\n[realms]\nSCHULE.EXAMPLE = {\n kdc = dc0.schule.example\n}\n",
		".hidden.conf":       "[libdefaults]\ndefault_realm = HIDDEN\n",
		"kept.rpmsave":       "[libdefaults]\ndefault_realm = OLD\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := loadSettings(writeFile(t, "krb5.conf", fmt.Sprintf(asShipped, folder)))
	if err != nil {
		t.Fatal(err)
	}
	if s.realm != "SCHULE.EXAMPLE" || s.cache != "KCM:" || s.noDNS {
		t.Errorf("default realm %q, cache %q, without DNS: %t", s.realm, s.cache, s.noDNS)
	}
	want := []string{"dc0.schule.example:88", "dc1.schule.example:88", "dc2.schule.example:8888", "[2001:db8::1]:99"}
	if got := s.kdcs["SCHULE.EXAMPLE"]; !slices.Equal(got, want) {
		t.Errorf("KDCs %q, want %q", got, want)
	}
	if !slices.Equal(s.realms, []string{"SCHULE.EXAMPLE", "VERWALTUNG.EXAMPLE"}) {
		t.Errorf("realms %q", s.realms)
	}
	for host, want := range map[string]string{
		"schule.example": "SCHULE.EXAMPLE", "R101-01.Schule.Example": "SCHULE.EXAMPLE", "pc.r1.schule.example": "SCHULE.EXAMPLE",
		"pc1.buero.schule.example": "VERWALTUNG.EXAMPLE", "host.other.example": "VERWALTUNG.EXAMPLE", "other.example": "", "127.0.0.1": "", "": "",
	} {
		if got := s.realmOf(host); got != want {
			t.Errorf("%s is in %q, want %q", host, got, want)
		}
	}
	for _, named := range []string{"dns_canonicalize_hostname", "renew_lifetime", "permitted_enctypes", "kdc = https://proxy.schule.example/KdcProxy", "include " + filepath.Join(folder, "none"), "module /usr/lib/x.so:y"} {
		if !slices.Contains(s.ignored, named) {
			t.Errorf("that %q is ignored is not said: %q", named, s.ignored)
		}
	}
	if slices.Contains(s.ignored, "default_realm") {
		t.Error("what is used is called ignored")
	}
}

func TestWhatIsIgnoredIsSaidOnce(t *testing.T) {
	t.Parallel()
	var said []any
	tickets := &Tickets{
		settings: &settings{ignored: []string{"rdns"}},
		log: func(_ context.Context, message string, fields map[string]any) {
			said = append(said, message, fields["ignored"])
		},
	}
	tickets.logIgnored(t.Context())
	tickets.logIgnored(t.Context())
	if want := []any{"Kerberos configuration", []string{"rdns"}}; !reflect.DeepEqual(said, want) {
		t.Errorf("said %q, want %q", said, want)
	}
}

func TestConfigurationsOfTheEnvironment(t *testing.T) {
	first := writeFile(t, "first", "[libdefaults]\ndefault_realm = FIRST\n")
	second := writeFile(t, "second", "[libdefaults]\ndefault_realm = SECOND\ndns_lookup_kdc = no\n")
	none := filepath.Join(t.TempDir(), "none")
	t.Setenv("KRB5_CONFIG", strings.Join([]string{none, first, second}, string(filepath.ListSeparator)))
	s, err := loadSettings("")
	if err != nil || s.realm != "FIRST" || !s.noDNS {
		t.Errorf("%+v, %v", s, err)
	}
	t.Setenv("KRB5_CONFIG", none)
	if _, err := loadSettings(""); err == nil {
		t.Error("the only file is missing, and nobody said so")
	}
	// The cache that distributions have by default is no file.
	t.Setenv("KRB5_CONFIG", writeFile(t, "krb5.conf", "[libdefaults]\ndefault_ccache_name = KEYRING:persistent:%{uid}\n"))
	t.Setenv("KRB5CCNAME", "")
	if _, err := opened("", "", Config{}); err == nil || !strings.Contains(err.Error(), "KEYRING:persistent:"+fmt.Sprint(os.Getuid())+" is not a file") {
		t.Errorf("got %v", err)
	}
	// Where no configuration names one it is the file that kinit takes.
	t.Setenv("KRB5_CONFIG", first)
	usual := fmt.Sprintf("/tmp/krb5cc_%d", os.Getuid())
	if _, err := os.Stat(usual); err == nil {
		t.Skip("needs no tickets of its user: " + usual + " is there")
	}
	if _, err := opened("", "", Config{}); err == nil || !strings.Contains(err.Error(), usual) {
		t.Errorf("got %v", err)
	}
}

func TestConfigurationsWithoutEnd(t *testing.T) {
	t.Parallel()
	circle := writeFile(t, "circle", "")
	if err := os.WriteFile(circle, []byte("include "+circle+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for i := range 200 {
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprint(i)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, says := range map[string]string{
		circle: "too many files",
		writeFile(t, "many", "includedir "+folder):            "too many files",
		writeFile(t, "large", strings.Repeat("# x\n", 1<<19)): "too large",
		"/dev/zero": "too large",
	} {
		if _, err := loadSettings(name); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want %q", name, err, says)
		}
	}
}

func TestConfigurationsThatAreNone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"hello", "[libdefaults", "x = y", "[a]\nx", "[a]\n}", "{"} {
		if _, err := loadSettings(writeFile(t, "krb5.conf", text)); err == nil || !strings.Contains(err.Error(), "line") {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

func FuzzSettings(f *testing.F) {
	f.Add(fmt.Sprintf(asShipped, "/none"))
	f.Fuzz(func(t *testing.T, text string) {
		r := &settingsReader{settings: &settings{kdcs: map[string][]string{}, homes: map[string]string{}}}
		file := settingsFile{reader: r, depth: maxConfigDepth}
		for line := range strings.SplitSeq(text, "\n") {
			_ = file.line(strings.TrimSpace(line))
		}
		r.realmOf("pc01.schule.example")
		r.principalOf(Account{Domain: "SCHULE", User: "x"})
		if len(r.ignored) > maxIgnored {
			t.Error("the list of what is ignored has no end")
		}
	})
}

func TestUserNames(t *testing.T) {
	t.Parallel()
	c, err := loadSettings(writeFile(t, "krb5.conf", "[libdefaults]\n default_realm = SCHULE.EXAMPLE\n[realms]\n Verwaltung.Example = {\n  kdc = kdc.example\n }\n"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"kms-admin":                    "kms-admin@SCHULE.EXAMPLE",
		"kms-admin@schule.example":     "kms-admin@SCHULE.EXAMPLE",
		"kms-admin@verwaltung.example": "kms-admin@Verwaltung.Example",
		`VERWALTUNG\kms-admin`:         "kms-admin@Verwaltung.Example",
		`verwaltung.example\kms-admin`: "kms-admin@Verwaltung.Example",
		`SCHULE\kms-admin`:             "kms-admin@SCHULE.EXAMPLE",
	} {
		client, realm := c.principalOf(accountOf(name))
		if got := strings.Join(client.NameString, "/") + "@" + realm; got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}
