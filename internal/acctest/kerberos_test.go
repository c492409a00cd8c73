package acctest_test

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/kdc"
	"github.com/timago/terraform-provider-timago/internal/simulator/kdctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// domain is a site whose machines take Kerberos alone, and its realm.
type domain struct {
	story
	kdc *kdc.KDC
	dir string
}

func openDomain(t *testing.T, stations int, like world.Station, host world.Host, tls bool) domain {
	t.Helper()
	dir := t.TempDir()
	center := kdctest.Start(t, dir)
	keytab := filepath.Join(dir, "machines.keytab")
	scenario := acctest.Classroom(stations, like, host)
	scenario.WinRM = simulator.WinRM{NTLM: new(bool), Keytab: keytab, HTTPS: tls}
	site := acctest.NewSite(t, scenario)
	hosts := []string{hostOf(t, site.Plain().KMSHost)}
	for _, address := range site.PlainAddresses() {
		hosts = append(hosts, hostOf(t, address))
	}
	slices.Sort(hosts)
	if err := errors.Join(
		center.AddUser(t.Context(), "kms-admin", site.Plain().WinRM.Password),
		center.AddServices(t.Context(), keytab, slices.Compact(hosts)),
	); err != nil {
		t.Fatal(err)
	}
	return domain{story{site, nil, t}, center, dir}
}

func hostOf(t *testing.T, address string) string {
	t.Helper()
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return host
}

// kerberos is the provider's lines for this realm.
func (d domain) kerberos(more string) []string {
	return []string{`auth = "kerberos"`, fmt.Sprintf("kerberos = {\n      config_file = %q\n      %s\n    }", d.kdc.ConfigFile, more)}
}

// What the KDC's log says.
const (
	tgtIssued     = "krbtgt/SCHULE.EXAMPLE@SCHULE.EXAMPLE"
	wrongPassword = "PREAUTH_FAILED"
)

func TestKerberosCycle(t *testing.T) {
	t.Parallel()
	d := openDomain(t, 3, world.Station{}, acctest.Counted(22), false)
	d.Workspace = acctest.NewWorkspace(t, d.Env()...)
	d.Write("main.tf", d.Provider(d.kerberos("")...)+d.Pool())
	d.Apply()
	d.shows(map[string]any{"status": "activated", "windows.count": 25.0})
	d.kdc.Close()
	// An apply with the plan after it is two or three runs of the provider.
	if tgts := d.kdc.Count("AS_REQ", "ISSUE:", tgtIssued); tgts < 2 || tgts > 3 || d.kdc.Count(wrongPassword) != 0 {
		t.Errorf("%d TGTs, want one for each run:\n%s", tgts, strings.Join(d.kdc.Log(), "\n"))
	}
	if n := d.FailedLogons(); n != 0 {
		t.Errorf("%d failed logons", n)
	}
}

func TestKerberosCredentials(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		line string   // of winrm.kerberos
		env  []string // %[1]s stands for the folder
	}{
		"keytab":                                  {`keytab = "%[1]s/user.keytab"`, nil},
		"keytab of the environment":               {"", []string{"TIMAGO_WINRM_KEYTAB=%[1]s/user.keytab"}},
		"credential cache":                        {`credential_cache = "%[1]s/cache"`, nil},
		"credential cache of the environment":     {"", []string{"TIMAGO_WINRM_CREDENTIAL_CACHE=%[1]s/cache"}},
		"credential cache that Kerberos looks up": {"", []string{"KRB5CCNAME=FILE:%[1]s/cache"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := openDomain(t, 2, world.Station{Licensed: true}, acctest.Counted(30), false)
			if err := errors.Join(
				d.kdc.ExportUser(t.Context(), filepath.Join(d.dir, "user.keytab"), "kms-admin"),
				d.kdc.Kinit(t.Context(), filepath.Join(d.dir, "cache"), "kms-admin", d.Plain().WinRM.Password),
			); err != nil {
				t.Fatal(err)
			}
			var env []string
			for _, variable := range tt.env {
				env = append(env, fmt.Sprintf(variable, d.dir))
			}
			line := tt.line
			if line != "" {
				line = fmt.Sprintf(line, d.dir)
			}
			d.Workspace = acctest.NewWorkspace(t, env...).Built()
			d.Write("main.tf", d.Provider(d.kerberos(line)...)+d.Pool())
			d.Apply()
			d.shows(map[string]any{"status": "activated"})
		})
	}
}

// What the page on authentication shows, at a site whose machines take nothing else.
func TestKerberosAsTheGuideShowsIt(t *testing.T) {
	t.Parallel()
	for _, example := range []string{"kerberos-password", "kerberos-keytab", "kerberos-ticket"} {
		t.Run(example, func(t *testing.T) {
			t.Parallel()
			d := openDomain(t, 2, world.Station{Licensed: true}, acctest.Counted(30), false)
			keytab, ticket := filepath.Join(d.dir, "user.keytab"), filepath.Join(d.dir, "cache")
			if err := errors.Join(
				d.kdc.ExportUser(t.Context(), keytab, "kms-admin"),
				d.kdc.Kinit(t.Context(), ticket, "kms-admin", d.Plain().WinRM.Password),
			); err != nil {
				t.Fatal(err)
			}
			d.atSite("authentication/"+example, "TIMAGO_WINRM_KERBEROS_CONFIG="+d.kdc.ConfigFile)
			files := strings.NewReplacer("/etc/timago/kms-admin.keytab", keytab, "/run/timago/kms-admin.ticket", ticket)
			d.Write("main.tf", files.Replace(d.Read("main.tf"))+d.Pool())
			d.Apply()
		})
	}
}

func TestKerberosOverTLS(t *testing.T) {
	t.Parallel()
	d := openDomain(t, 2, world.Station{Licensed: true}, acctest.Counted(30), true)
	d.Workspace = acctest.NewWorkspace(t, d.Env()...)
	d.Write("ca.pem", string(d.CACertificate()))
	d.Write("main.tf", d.TLSConfig(append(d.kerberos(""), "use_tls = true", `ca_certificate = file("ca.pem")`)...))
	d.Apply()
	d.shows(map[string]any{"status": "activated"})
}

// A wrong password is tried once, by the KDC, however many machines there are, and no
// machine is asked.
func TestKerberosWrongPassword(t *testing.T) {
	t.Parallel()
	d := openDomain(t, 10, world.Station{}, acctest.Counted(20), false)
	d.Workspace = acctest.NewWorkspace(t, "TIMAGO_WINRM_PASSWORD=wrong")
	d.Write("main.tf", d.Provider(d.kerberos("")...)+d.Pool())
	plan := d.Plan(1)
	for _, said := range []string{"the KDC refused user", "its password or key is wrong", "KDC_ERR_PREAUTH_FAILED"} {
		if !plan.Contains(said) {
			t.Errorf("it does not say %q:\n%s", said, plan.Output)
		}
	}
	d.kdc.Close()
	if n := d.kdc.Count(wrongPassword); n != 1 {
		t.Errorf("the password was tried %d times, want once:\n%s", n, strings.Join(d.kdc.Log(), "\n"))
	}
}

func TestKerberosInput(t *testing.T) {
	t.Parallel()
	const head = acctest.Required
	const tail = "  kms = { host = \"127.0.0.1:1\" }\n}\nresource \"timago_activation_pool\" \"room\" {\n  name = \"R101\"\n  stations = [\"127.0.0.1:1\"]\n}\n"
	for name, tt := range map[string]struct {
		winrm string
		says  []string
	}{
		"two kinds of credentials": {`auth = "kerberos", kerberos = { keytab = "a", credential_cache = "b" }`, []string{"Two kinds of credentials", "winrm.kerberos"}},
		"not used":                 {`username = "x", kerberos = { keytab = "a" }`, []string{"Kerberos is not used", `auth = "kerberos"`}},
		"a keytab without a user":  {`auth = "kerberos", kerberos = { keytab = "a" }`, []string{"Missing WinRM username"}},
		"no such keytab":           {`auth = "kerberos", username = "x@Y", kerberos = { keytab = "/none" }`, []string{"keytab cannot be read", "/none"}},
		"no such cache":            {`auth = "kerberos", kerberos = { credential_cache = "/none" }`, []string{"credential cache cannot be read", "kinit"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.NewWorkspace(t)
			w.Write("main.tf", head+"provider \"timago\" {\n  winrm = { "+tt.winrm+" }\n"+tail)
			plan := w.Plan(1)
			for _, said := range tt.says {
				if !plan.Contains(said) {
					t.Errorf("it does not say %q:\n%s", said, plan.Output)
				}
			}
		})
	}
}
