package kerberos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/credentials"
	"github.com/jcmturner/gokrb5/v8/iana/nametype"
	"github.com/jcmturner/gokrb5/v8/keytab"
	"github.com/jcmturner/gokrb5/v8/types"
)

// Config says where Kerberos finds what it needs. Of the credentials
// one kind is used: the keytab or the credential cache that is named here, else
// the account's password, else the credential cache of the environment.
//
// A machine's service is HTTP/<host> with the host of its address as it is
// given, which DNS does not change. A machine that is addressed by an alias or
// by its IP address must therefore be registered under it.
type Config struct {
	// ConfigFile is krb5.conf. "": KRB5_CONFIG, else /etc/krb5.conf. Without that
	// file DNS tells the KDCs, and the user name must name its realm.
	ConfigFile string
	Keytab     string // file with keys of the account
	// CredentialCache is a file, with or without FILE: before it. "": KRB5CCNAME,
	// else default_ccache_name, else /tmp/krb5cc_<uid>. Its tickets are used, and not renewed. The user is
	// the cache's; the account's may be left out.
	CredentialCache string
}

// Account is a user; how its realm is found says principalOf. It may be empty where a
// credential cache has one.
type Account struct {
	Domain, User string
	// Password is a function, so that nothing that prints an Account prints it. It
	// gives "" where there is none.
	Password func() string
}

// String is the user as people write it.
func (a Account) String() string {
	if a.Domain == "" {
		return a.User
	}
	return a.Domain + `\` + a.User
}

// Environment is what the tickets need of the world.
type Environment struct {
	Network Network
	Now     func() time.Time
	Log     func(ctx context.Context, message string, fields map[string]any) // may be nil
}

// Open reads the files; it asks no KDC.
func Open(c Config, account Account, e Environment) (*Tickets, error) {
	t := &Tickets{
		now: e.Now, log: e.Log, network: e.Network, password: account.Password,
		services: map[string]*fetched{}, tgt: newFetched(nil), requests: config.New(),
	}
	var err error
	if t.settings, err = loadSettings(c.ConfigFile); err != nil {
		return nil, err
	}
	t.requests.LibDefaults.DefaultTktEnctypeIDs = encryptionTypes
	t.requests.LibDefaults.DefaultTGSEnctypeIDs = encryptionTypes
	if account.User != "" {
		t.client, t.realm = t.settings.principalOf(account)
	}
	switch {
	case c.Keytab != "" && c.CredentialCache != "":
		return nil, errors.New("a keytab and a credential cache are given: Kerberos takes one of them")
	case c.Keytab != "":
		t.keytab = new(keytab.Keytab)
		err = read("keytab", c.Keytab, t.keytab.Unmarshal)
	case c.CredentialCache != "" || account.Password() == "":
		err = t.readCache(c.CredentialCache)
	}
	switch {
	case err != nil:
		return nil, t.failed(Credentials, "", err)
	case len(t.client.NameString) == 0:
		return nil, errors.New("no user name for Kerberos, and no credential cache that has one")
	case t.realm == "":
		return nil, fmt.Errorf("%q names no Kerberos realm and krb5.conf has no default_realm: write the user name as user@REALM", account)
	}
	return t, nil
}

// principalOf reads user@REALM, DOMAIN\user, where DOMAIN is a realm of
// krb5.conf or its first label, and user, which is of the default realm.
func (s *settings) principalOf(a Account) (types.PrincipalName, string) {
	user, realm := a.User, s.realm
	if before, after, found := strings.Cut(user, "@"); found && a.Domain == "" {
		user, realm = before, strings.ToUpper(after)
		for _, known := range s.realms {
			if strings.EqualFold(known, after) {
				realm = known
			}
		}
	} else {
		for _, known := range s.realms {
			label, _, _ := strings.Cut(known, ".")
			if strings.EqualFold(known, a.Domain) || strings.EqualFold(label, a.Domain) {
				realm = known
			}
		}
	}
	return types.NewPrincipalName(nametype.KRB_NT_PRINCIPAL, user), realm
}

// readCache takes the tickets out of a credential cache.
func (t *Tickets) readCache(name string) error {
	name = cmp.Or(name, os.Getenv("KRB5CCNAME"), expand(t.settings.cache), fmt.Sprintf("/tmp/krb5cc_%d", os.Getuid()))
	// One letter before the colon is a drive.
	if kind, file, found := strings.Cut(name, ":"); found && len(kind) > 1 {
		if kind != "FILE" {
			return fmt.Errorf("credential cache %s is not a file: only files can be read (kinit -c FILE:<path> writes one)", name)
		}
		name = file
	}
	var cache credentials.CCache
	if err := read("credential cache", name, cache.Unmarshal); err != nil {
		return err
	}
	owner := &Tickets{client: cache.DefaultPrincipal.PrincipalName, realm: cache.DefaultPrincipal.Realm}
	if len(t.client.NameString) > 0 && (!t.client.Equal(owner.client) || t.realm != owner.realm) {
		return fmt.Errorf("credential cache %s is of %s, not of %s", name, owner.Principal(), t.Principal())
	}
	t.client, t.realm, t.cached = owner.client, owner.realm, true
	for _, entry := range cache.GetEntries() {
		held := &ticket{key: entry.Key, ends: entry.EndTime}
		if held.Unmarshal(entry.Ticket) != nil {
			continue // not a ticket: a note of the library that wrote the cache
		}
		if service := entry.Server.PrincipalName.PrincipalNameString(); service == "krbtgt/"+t.realm {
			t.tgt = newFetched(held)
		} else {
			t.services[service] = newFetched(held)
		}
	}
	return nil
}

// expand fills in what default_ccache_name may leave open.
func expand(name string) string {
	user := strconv.Itoa(os.Getuid())
	return strings.NewReplacer("%{uid}", user, "%{euid}", user, "%{TEMP}", os.TempDir()).Replace(name)
}

// read hands a file to a parser of the library, which panics on files that are
// cut off.
func read(what, name string, parse func([]byte) error) (err error) {
	content, err := os.ReadFile(name) //nolint:gosec // the file that the user names
	if err != nil {
		return fmt.Errorf("the %s cannot be read: %w", what, err)
	}
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("%s is no %s", name, what)
		}
	}()
	if parse(content) != nil {
		return fmt.Errorf("%s is no %s", name, what)
	}
	return nil
}
