package acctest_test

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// Each is refused at plan time, by a diagnostic that names the attribute, before any
// machine was asked.
func TestBadInput(t *testing.T) {
	t.Parallel()
	const required = acctest.Required
	provider := func(winrm string) string {
		return required + "provider \"timago\" {\n  winrm = {\n    " + winrm + "\n  }\n  kms = { host = \"127.0.0.1:1\" }\n}\n"
	}
	pool := func(lines string) string {
		return "resource \"timago_activation_pool\" \"room\" {\n  " + lines + "\n}\n"
	}
	account, room := provider(`username = "SCHULE\\kms-admin"`), "name = \"R101\"\n  stations = [\"127.0.0.1:1\"]\n  "
	const password = "TIMAGO_WINRM_PASSWORD=secret"
	for name, tt := range map[string]struct {
		config string
		env    string
		says   []string
	}{
		"a user that is null":        {account + pool(room+"cycle = { ignore_users = [null] }"), password, []string{"cycle.ignore_users: one of the elements is null"}},
		"a day that is null":         {account + pool(room+"maintenance_window = { days = [null], start = \"22:00\", end = \"06:00\", timezone = \"UTC\" }"), password, []string{"maintenance_window.days: one of the elements is null"}},
		"a fingerprint that is null": {provider("username = \"kms-admin\"\n    certificate_fingerprints = [null]") + pool(room), password, []string{"winrm.certificate_fingerprints: one of the elements is null"}},
		"a name that is none":        {account + pool("name = \"R101\"\n  stations = [\"PC 01\"]"), password, []string{"stations", "must be a computer name or address"}},
		"no name":                    {account + pool("name = \"\"\n  stations = [\"PC01\"]"), password, []string{"Attribute name string length must be at least 1"}},
		"threshold below 0":          {account + pool(room+"thresholds = { windows = -1 }"), password, []string{"thresholds.windows", "between 0 and 50"}},
		"threshold above the cap":    {account + pool(room+"thresholds = { office = 11 }"), password, []string{"thresholds.office", "between 0 and 10"}},
		"nothing to keep":            {account + pool(room+"thresholds = { windows = 0, office = 0 }"), password, []string{"thresholds", "Nothing to keep"}},
		"more licensed than there":   {account + pool(room+"require_licensed = 2"), password, []string{"require_licensed", "2 members are required to be licensed, and the pool has 1"}},
		"a requirement that is none": {account + pool(room+"require_licensed = \"some\""), password, []string{"require_licensed", `must be "none", "all" or a number`}},
		"a duration that is none":    {account + pool(room+"settle = \"soon\""), password, []string{`settle: "soon" is no duration. The units are h, m and s: write it as "90s", "15m" or "72h"`}},
		"days in a timeout":          {account + pool(room+"timeouts = { create = \"1d\" }"), password, []string{`timeouts.create: "1d" is no duration. The units are h, m and s: write "24h"`}},
		"a threshold misspelt":       {account + pool(room+"thresholds = { Windows = 30 }"), password, []string{"thresholds: nothing is set in it. Set office or windows, or leave it out.", "misspelt name"}},
		"a timeout misspelt":         {account + pool(room+"timeouts = { make = \"3h\" }"), password, []string{"timeouts: nothing is set in it. Set create, delete, read or update"}},
		"an account misspelt":        {provider("user = \"kms-admin\"") + pool(room), password, []string{"winrm: nothing is set in it.", "or username, or leave it out"}},
		"a KMS host misspelt":        {strings.Replace(account, "kms = { host", "kms = { hosts", 1) + pool(room), password, []string{"kms: nothing is set in it. Set count_source, host, max_age or winrm"}},
		"a keytab misspelt":          {provider("username = \"kms-admin\"\n    auth = \"kerberos\"\n    kerberos = { key_tab = \"x\" }") + pool(room), password, []string{"winrm.kerberos: nothing is set in it. Set config_file, credential_cache or keytab"}},
		"a duration below 0":         {account + pool(room+"cycle = { station_timeout = \"-5m\" }"), password, []string{`cycle.station_timeout: "-5m" is not above 0. Write "5m", if that is meant`}},
		"a way that is none":         {account + pool(room+"cycle = { when_in_use = \"ask\" }"), password, []string{"cycle.when_in_use", `"wait" "skip" "force"`}},
		"an empty password":          {provider("username = \"kms-admin\"\n    password = \"\"") + pool(room), password, []string{"winrm.password", "length must be at least 1"}},
		"no user name":               {provider("port = 5985") + pool(room), password, []string{"Missing WinRM username", "TIMAGO_WINRM_USERNAME"}},
		"no user name for the host":  {strings.Replace(account, "\"127.0.0.1:1\" }", "\"127.0.0.1:1\", winrm = { port = 5985 } }", 1) + pool(room), password, []string{"Missing WinRM username", "Set kms.winrm.username in the provider block.", "Set kms.winrm.password in the provider block or the environment variable TIMAGO_KMS_WINRM_PASSWORD."}},
		"Basic without TLS":          {provider("username = \"kms-admin\"\n    auth = \"basic\"") + pool(room), password, []string{"Basic authentication without TLS", "allow_unencrypted"}},
		"authentication of no kind":  {provider("username = \"kms-admin\"\n    auth = \"digest\"") + pool(room), password, []string{"winrm.auth", "digest"}},
		"a certificate that is none": {provider("username = \"kms-admin\"\n    ca_certificate = \"x\"") + pool(room), password, []string{"ca_certificate", "No PEM certificate"}},
		"a fingerprint that is none": {provider("username = \"kms-admin\"\n    certificate_fingerprints = [\"xyz\"]") + pool(room), password, []string{"certificate_fingerprints", "must be a SHA-256 fingerprint"}},
		"a timeout that is none":     {provider("username = \"kms-admin\"\n    timeout = \"0s\"") + pool(room), password, []string{`winrm.timeout: "0s" is not above 0.`}},
		"an environment that errs":   {provider("use_tls = false") + pool(room), "TIMAGO_WINRM_PORT=many", []string{"Unable to read environment variable TIMAGO_WINRM_PORT", "many"}},
		"a time zone that is none":   {account + pool(room+"maintenance_window = { days = [\"monday\"], start = \"22:00\", end = \"06:00\", timezone = \"Berlin\" }"), password, []string{"maintenance_window.timezone", "Europe/Berlin"}},
		"a time of day that is none": {account + pool(room+"maintenance_window = { days = [\"monday\"], start = \"10pm\", end = \"06:00\", timezone = \"UTC\" }"), password, []string{"maintenance_window.start", "must be a time of day such as 22:30"}},
		"renewal after all is lost":  {account + pool(room+"early_renewal = \"720h\""), password, []string{"early_renewal must be less than"}},
		"a room and stations":        {account + pool(room+"location = \"R101\""), password, []string{"stations", "location"}},
		"neither stations nor room":  {account + pool("name = \"R101\""), password, []string{"one (and only one) of [stations,location] is required"}},
		"images without Timago":      {account + pool(room+"cycle = { method = \"reset_image\" }"), password, []string{"cycle.method", "needs API mode"}},
		"no such KMS host":           {account + pool(room+"kms_host = \"127.0.0.1:2\""), password, []string{"Unable to read KMS host 127.0.0.1:2", "Test-WSMan"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.NewWorkspace(t, tt.env)
			w.Write("main.tf", tt.config)
			plan := w.Plan(1)
			for _, said := range tt.says {
				if !plan.Contains(said) {
					t.Errorf("it does not say %q:\n%s", said, plan.Output)
				}
			}
			if plan.Contains("error in the provider") {
				t.Errorf("it is told as an error of the provider:\n%s", plan.Output)
			}
		})
	}
}

// The password stands in no file that a run leaves, and nothing says it. A saved plan holds
// the variables that it was made with, which is the CLI's own doing: all but ephemeral ones.
func TestThePasswordStaysSecret(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		variable string // "": it comes from the environment
		planned  bool   // whether a saved plan holds it
	}{
		"from the environment":       {"", false},
		"from an ephemeral variable": {"type = string\n  ephemeral = true", false},
		"from a sensitive variable":  {"type = string\n  sensitive = true", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if strings.Contains(tt.variable, "ephemeral") {
				acctest.Needs(t, "ephemeral variables", acctest.Terraform(10), acctest.OpenTofu(11))
			}
			s := begin(t, 2, world.Station{}, acctest.Counted(22))
			password := s.Plain().WinRM.Password
			env, variable, lines := s.Env(), "", []string(nil)
			if tt.variable != "" {
				env, lines = []string{"TF_VAR_password=" + password}, []string{"password = var.password"}
				variable = "variable \"password\" {\n  " + tt.variable + "\n}\n"
			}
			w := acctest.NewWorkspace(t, append(env, "TF_LOG=TRACE", "TF_LOG_PATH=trace.log")...).Built()
			w.Write("main.tf", variable+s.Provider(lines...)+s.Pool())
			said := w.Plan(2, "-out", "saved").Output
			applied := w.Run("apply", "-no-color", "saved")
			if applied.Exit != 0 {
				t.Fatalf("the saved plan:\n%s", applied.Output)
			}
			said += applied.Output + w.Plan(0).Output
			for _, file := range w.Files() {
				content, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				holds := bytes.Contains(content, []byte(password))
				if strings.HasSuffix(file, "saved") {
					if holds = bytes.Contains(unzipped(t, content), []byte(password)); holds == tt.planned {
						continue
					}
				}
				if holds {
					t.Errorf("%s holds the password", file)
				} else if strings.HasSuffix(file, "saved") {
					t.Error("the saved plan does not hold what it is known to hold: this test shows nothing")
				}
			}
			if strings.Contains(said, password) {
				t.Error("the password was said")
			}
			if log := w.Read("trace.log"); !strings.Contains(log, "timago_activation_pool") {
				t.Error("the log holds nothing of the provider: this test shows nothing")
			}
		})
	}
}

// unzipped is all that an archive holds, one after the other.
func unzipped(t *testing.T, archive []byte) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	for _, file := range z.File {
		r, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, content...)
	}
	return all
}

func TestTLSAndBasic(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		lines []string
		says  string // why it fails; empty where it works
	}{
		"NTLM over verified TLS":     {[]string{"use_tls = true", "ca_certificate = file(\"ca.pem\")"}, ""},
		"Basic over verified TLS":    {[]string{"use_tls = true", "ca_certificate = file(\"ca.pem\")", "auth = \"basic\""}, ""},
		"TLS that nobody signed for": {[]string{"use_tls = true"}, "TLS certificate"},
		"TLS that is not looked at":  {[]string{"use_tls = true", "insecure_skip_verify = true"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scenario := acctest.Classroom(2, world.Station{Licensed: true}, acctest.Counted(30))
			scenario.WinRM = simulator.WinRM{HTTPS: true, Basic: true, Username: "kms-admin"}
			s := story{acctest.NewSite(t, scenario), nil, t}
			s.Workspace = acctest.NewWorkspace(t, s.Env()...)
			s.Write("ca.pem", string(s.CACertificate()))
			s.Write("main.tf", s.TLSConfig(tt.lines...))
			if tt.says == "" {
				s.Apply()
				s.shows(map[string]any{"status": "activated"})
			} else if plan := s.Plan(1); !plan.Contains(tt.says) {
				t.Errorf("it does not say %q:\n%s", tt.says, plan.Output)
			}
		})
	}
}
