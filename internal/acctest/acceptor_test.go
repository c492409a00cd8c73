package acctest_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/acceptor"
	"github.com/timago/terraform-provider-timago/internal/simulator/kdctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// The main job, at a site whose machines have security contexts that nobody here wrote.
func TestCycleBeforeIndependentAcceptors(t *testing.T) {
	t.Parallel()
	for _, kind := range []acceptor.Kind{acceptor.GSSNTLMSSP, acceptor.Samba, acceptor.MIT} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			scenario := acctest.Classroom(3, world.Station{}, acctest.Counted(19))
			scenario.WinRM = simulator.WinRM{NTLM: new(bool), Basic: true, AllowUnencrypted: true}
			site := acctest.NewSite(t, scenario)
			f := fronted{story: story{site, nil, t}}
			f.Workspace = acctest.NewWorkspace(t, f.Env()...)
			f.start(kind)
			f.Write("main.tf", f.through(f.Provider(f.lines...)+f.Pool()))
			f.Apply()
			f.shows(map[string]any{"status": "activated", "windows.count": 25.0})
			f.made(6, 3)
			f.check()
		})
	}
}

// fronted is a site behind one acceptor.
type fronted struct {
	story
	lines  []string // of the provider
	fronts map[string]*acceptor.Front
	names  []string // pairs of addresses: behind, before
}

// start puts a front before every machine.
func (f *fronted) start(kind acceptor.Kind) {
	f.t.Helper()
	dir, account := f.t.TempDir(), f.Plain().WinRM
	var env []string
	if kind == acceptor.MIT {
		env = f.startRealm(dir)
	}
	domain, user, _ := strings.Cut(account.Username, `\`)
	judge, err := acceptor.Start(f.t.Context(), kind, acceptor.Accounts{Domain: domain, Users: []string{user}, Password: account.Password}, dir, env...)
	if errors.Is(err, acceptor.ErrMissing) {
		f.t.Skipf("needs %v", err)
	}
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(judge.Close)
	f.fronts = map[string]*acceptor.Front{}
	for _, address := range append(f.PlainAddresses(), f.Plain().KMSHost) {
		front := &acceptor.Front{Acceptor: judge, Machine: "http://" + address + "/wsman", Username: account.Username, Password: account.Password}
		before, stop, err := front.Serve(f.t.Context())
		if err != nil {
			f.t.Fatal(err)
		}
		f.t.Cleanup(stop)
		f.fronts[address] = front
		f.names = append(f.names, `"`+address+`"`, `"`+before+`"`)
	}
}

// startRealm starts the KDC; env is what the acceptor needs of it.
func (f *fronted) startRealm(dir string) (env []string) {
	center := kdctest.Start(f.t, dir)
	keytab := filepath.Join(dir, "machines.keytab")
	if err := errors.Join(
		center.AddUser(f.t.Context(), "kms-admin", f.Plain().WinRM.Password),
		center.AddServices(f.t.Context(), keytab, []string{"127.0.0.1"}),
	); err != nil {
		f.t.Fatal(err)
	}
	f.lines = domain{kdc: center}.kerberos("")
	return []string{"KRB5_KTNAME=" + keytab, "KRB5_CONFIG=" + center.ConfigFile, "KRB5RCACHENAME=none:"}
}

// through replaces the addresses of the machines by those of their fronts.
func (f *fronted) through(configuration string) string {
	return strings.NewReplacer(f.names...).Replace(configuration)
}

// check sees that every machine was asked through its front, and that nothing was refused.
func (f *fronted) check() {
	f.t.Helper()
	for address, front := range f.fronts {
		sealed := 0
		for _, e := range front.Events() {
			if e.Failed {
				f.t.Errorf("%s refused something", address)
			}
			if e.Sealed > 0 {
				sealed++
			}
		}
		if sealed == 0 {
			f.t.Errorf("%s opened no sealed message", address)
		}
	}
}
