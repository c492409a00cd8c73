package acctest_test

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/crypto/md4" //nolint:staticcheck,gosec // what NTLM keeps of a password

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// moving clears a screen, names a window, forges a line and turns the direction of reading.
const moving = "evil\x1b[2J\x1b]0;title\x07\r\nError: forged\u009b31m\u202eexe\u2066\u200b\u2028end"

// traced is a run that logs all it can, and its log.
func traced(t *testing.T, configuration string, env ...string) (said, log string) {
	t.Helper()
	w := acctest.NewWorkspace(t, append(env, "TF_LOG=TRACE", "TF_LOG_PATH=trace.log")...).Built()
	w.Write("main.tf", configuration)
	said, log = w.Run("plan", "-no-color").Output, w.Read("trace.log")
	for name, text := range map[string]string{"the output": said, "the log": strings.ReplaceAll(log, "\t", " ")} {
		readable(t, text)
		if strings.Contains(text, "\nError: forged") {
			t.Errorf("%s has a forged line", name)
		}
		if !strings.Contains(text, "evil") {
			t.Errorf("%s holds nothing of what was sent: this test shows nothing", name)
		}
	}
	return said, log
}

// What machines send is one line of printable characters in the log as on the screen, and
// neither holds what the account was shown by.
func TestALogShowsWhatMachinesSendAsText(t *testing.T) {
	t.Parallel()
	scenario := acctest.Classroom(3, world.Station{Licensed: true}, acctest.Counted(30))
	scenario.WinRM = simulator.WinRM{Basic: true, AllowUnencrypted: true}
	site := acctest.NewSite(t, scenario)
	configuration := site.Provider(`auth = "basic"`, `allow_unencrypted = true`) + site.Bare()
	xmlText := strings.NewReplacer("\x1b", "", "\x07", "").Replace(moving) // XML has no place for these
	for i, answer := range []func(http.ResponseWriter, *http.Request){
		saying(500, bareFault("evil\u202e\u200bx", xmlText)),
		func(w http.ResponseWriter, _ *http.Request) { hijacked(w, "HTTP/1.1 200 "+moving+"\r\n\r\n") },
	} {
		address, _ := to("<n:Enumerate>", answer).before(t, site.PlainAddresses()[i])
		configuration = strings.Replace(configuration, site.PlainAddresses()[i], address, 1)
	}
	account := site.Plain().WinRM
	said, log := traced(t, configuration, site.Env()...)
	for _, secret := range []string{
		account.Password, base64.StdEncoding.EncodeToString([]byte(account.Username + ":" + account.Password)),
	} {
		if strings.Contains(said+log, secret) {
			t.Errorf("%q is shown", secret)
		}
	}
}

func TestALogShowsWhatTheInterfaceSendsAsText(t *testing.T) {
	t.Parallel()
	const token = "token-that-nobody-sees"
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.Header().Set("X-Seen", r.Header.Get("Authorization"))
		w.WriteHeader(http.StatusConflict)
		text := strconv.Quote(r.Header.Get("Authorization") + " evil\u202e\u200b\u2028\u0085Error: forged\n\u009b")
		_, _ = fmt.Fprintf(w, `{"title": %s, "status": 409, "code": %s, "detail": %s}`, text, text, text) //nolint:gosec // hostile on purpose
	}))
	defer server.Close()
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	said, log := traced(t, acctest.Required+"provider \"timago\" {}\ndata \"timago_stations\" \"all\" {}\n",
		"TIMAGO_ENDPOINT="+server.URL, "TIMAGO_TOKEN="+token, "TIMAGO_CA_CERTIFICATE="+string(certificate))
	if strings.Contains(said+log, token) {
		t.Error("the token is shown")
	}
}

// A log that tells all holds nothing that a logon is made of.
func TestALogHoldsNoLogon(t *testing.T) {
	t.Parallel()
	d := openDomain(t, 2, world.Station{Licensed: true}, acctest.Counted(30), false)
	for name, tt := range map[string]struct {
		site  story
		lines []string
	}{
		"NTLM":     {begin(t, 2, world.Station{Licensed: true}, acctest.Counted(30)), nil},
		"Kerberos": {d.story, d.kerberos("")},
	} {
		w := acctest.NewWorkspace(t, append(tt.site.Env(), "TF_LOG=TRACE", "TF_LOG_PATH=trace.log")...).Built()
		w.Write("main.tf", tt.site.Provider(tt.lines...)+tt.site.Bare())
		said := w.Plan(2).Output + w.Read("trace.log")
		password := tt.site.Plain().WinRM.Password
		wide := make([]byte, 0, 2*len(password))
		for _, unit := range utf16.Encode([]rune(password)) {
			wide = binary.LittleEndian.AppendUint16(wide, unit)
		}
		hash := md4.New() //nolint:gosec // NTLM's hash of a password
		_, _ = hash.Write(wide)
		for what, secret := range map[string]string{
			"the password": password, "the password as NTLM takes it": string(wide), "the password in base64": base64.StdEncoding.EncodeToString([]byte(password)),
			"the NT hash": hex.EncodeToString(hash.Sum(nil)), "NTLM's last message": strings.TrimPrefix(lastMessage, "Negotiate "),
			"a token of Kerberos": "Kerberos YI", "a token of SPNEGO": "Negotiate YI", "a header": "Authorization:",
		} {
			if strings.Contains(strings.ToLower(said), strings.ToLower(secret)) {
				t.Errorf("%s: the log holds %s", name, what)
			}
		}
		if !strings.Contains(said, "WinRM request") {
			t.Errorf("%s: the log holds no request: this test shows nothing", name)
		}
	}
}
