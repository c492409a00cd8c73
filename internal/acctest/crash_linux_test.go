package acctest_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // NTLM
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/jcmturner/gokrb5/v8/crypto"
	"golang.org/x/crypto/md4" //nolint:staticcheck,gosec // what NTLM keeps of a password

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// asText are the forms in which a text may stand in a crash.
func asText(what, text string) map[string]string {
	return map[string]string{
		what: text, what + " in base64": base64.StdEncoding.EncodeToString([]byte(text)),
		what + " in UTF-16": string(utf16le(text)), what + " in hexadecimal": hex.EncodeToString([]byte(text)),
	}
}

// asBytes are the forms in which a key may stand in a crash: Go prints the arguments of each
// call that was under way, arrays byte by byte and all else as words.
func asBytes(what string, key []byte) map[string]string {
	var single []string
	for _, b := range key[:4] {
		single = append(single, fmt.Sprintf("0x%x", b))
	}
	return map[string]string{
		what: string(key), what + " in hexadecimal": hex.EncodeToString(key), what + " in base64": base64.StdEncoding.EncodeToString(key),
		what + " as bytes": strings.Join(single, ", "), what + " as a word": fmt.Sprintf("%x", binary.LittleEndian.Uint64(key)),
	}
}

func utf16le(text string) []byte {
	wide := make([]byte, 0, 2*len(text))
	for _, unit := range utf16.Encode([]rune(text)) {
		wide = binary.LittleEndian.AppendUint16(wide, unit)
	}
	return wide
}

// ntHash is what NTLM keeps of a password, and ntKey what it makes of that for an account.
func ntHash(password string) []byte {
	hash := md4.New() //nolint:gosec // NTLM's hash of a password
	_, _ = hash.Write(utf16le(password))
	return hash.Sum(nil)
}

func ntKey(password, account string) []byte {
	domain, user, _ := strings.Cut(account, `\`)
	key := hmac.New(md5.New, ntHash(password))
	_, _ = key.Write(utf16le(strings.ToUpper(user) + domain))
	return key.Sum(nil)
}

// kerberosKey is what Kerberos makes of the account's password.
func kerberosKey(t *testing.T, password string) []byte {
	t.Helper()
	etype, err := crypto.GetEtype(18) // AES with 256 bits
	if err != nil {
		t.Fatal(err)
	}
	key, err := etype.StringToKey(password, "SCHULE.EXAMPLEkms-admin", etype.GetDefaultStringToKeyParams())
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// revealed are those of the secrets that a run's output or any file of its folder holds.
func revealed(t *testing.T, w *acctest.Workspace, output string, secrets ...map[string]string) (found []string) {
	t.Helper()
	texts := map[string]string{"the output": output}
	for _, path := range w.Files() {
		if text, err := os.ReadFile(path); err == nil {
			texts[path] = string(text)
		}
	}
	for where, text := range texts {
		for _, forms := range secrets {
			for what, secret := range forms {
				if strings.Contains(strings.ToLower(text), strings.ToLower(secret)) {
					found = append(found, where+" holds "+what)
				}
			}
		}
	}
	return found
}

// crashing is a run that logs all it can and shows all that Go can of a crash.
func crashing(t *testing.T, configuration string, env ...string) *acctest.Workspace {
	t.Helper()
	w := acctest.NewWorkspace(t, append(env, "TF_LOG=TRACE", "TF_LOG_PATH=trace.log", "GOTRACEBACK=system")...)
	w.Write("main.tf", configuration)
	return w
}

// struck waits for a run to ask the site, and ends the provider by a signal.
func struck(w *acctest.Workspace, signal syscall.Signal) string {
	r := w.Start("plan", "-no-color")
	asked := func() bool {
		for _, path := range w.Files() {
			if strings.HasSuffix(path, "trace.log") {
				return strings.Contains(w.Read("trace.log"), "WinRM request")
			}
		}
		return false
	}
	for tries := 0; !asked() && tries < 6000; tries++ { // two minutes: a run that ends without is seen below
		time.Sleep(20 * time.Millisecond)
	}
	r.Strike(signal)
	return r.Wait().Output
}

// strikes are how often a run is ended until its log has all of the crash: it may be ended
// between two requests, and Terraform before it has logged the last lines.
const strikes = 5

// A provider that is ended by a signal tells what it was doing, and nothing that an account
// is made of: neither on the screen nor in a log nor in any file.
func TestACrashHoldsNoLogon(t *testing.T) {
	t.Parallel()
	d := openDomain(t, 3, world.Station{Licensed: true}, acctest.Counted(30), false)
	plain := begin(t, 3, world.Station{Licensed: true}, acctest.Counted(30))
	for name, tt := range map[string]struct {
		site  story
		lines []string
	}{
		"NTLM": {plain, nil}, "Kerberos": {d.story, d.kerberos("")},
	} {
		tt.site.Inject(world.Fault{Name: world.HalfOpen, On: []string{"kms01"}, Times: 1000})
		account := tt.site.Plain().WinRM
		key := kerberosKey(t, account.Password)
		for signal, sign := range map[syscall.Signal]string{syscall.SIGQUIT: "SIGQUIT", syscall.SIGABRT: "SIGABRT", syscall.SIGSEGV: "SIGSEGV"} {
			shown := false
			for try := 0; try < strikes && !shown; try++ {
				w := crashing(t, tt.site.Provider(tt.lines...)+tt.site.Bare(), tt.site.Env()...).Released()
				said := struck(w, signal)
				log := w.Read("trace.log")
				shown = strings.Contains(log, sign+": ") && strings.Contains(log, "winrm.(*")
				if found := revealed(t, w, said, asText("the password", account.Password), asBytes("the NT hash", ntHash(account.Password)),
					asBytes("the NTLM key", ntKey(account.Password, account.Username)), asBytes("the key of Kerberos", key),
					map[string]string{"a ticket": "Negotiate YI", "a message of NTLM": "TlRMTVNTUA"}); len(found) > 0 {
					t.Errorf("%s, %s: %v", name, sign, found)
				}
			}
			if !shown {
				t.Errorf("%s, %s: nothing of the crash is in the logs: this test shows nothing", name, sign)
			}
		}
	}
}

// changed is a file of the provider with one text in the place of another.
func changed(t *testing.T, name, text, instead string) map[string]string {
	t.Helper()
	source, err := os.ReadFile("../../" + name)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(source), text); n != 1 {
		t.Fatalf("%s holds %q %d times", name, text, n)
	}
	return map[string]string{name: strings.Replace(string(source), text, instead, 1)}
}

// A provider that panics with its keys at hand does the same. That the search would find them
// shows a provider which hands the hash to the function that panics.
func TestAPanicHoldsNoLogon(t *testing.T) {
	t.Parallel()
	const file, signed, hashed = "internal/winrm/ntlm/context.go", "\tsignature, sealed = c.out.seal(message)\n", "\thash.Write(utf16le(a.Password()))\n"
	site := begin(t, 3, world.Station{Licensed: true}, acctest.Counted(30))
	account := site.Plain().WinRM
	for name, tt := range map[string]struct {
		instead map[string]string
		shows   bool
	}{
		"with a session's keys": {changed(t, file, signed, signed+"\tif c.out.number > 1 {\n\t\tpanic(\"injected\")\n\t}\n"), false},
		"with the password":     {changed(t, file, hashed, hashed+"\tpanic(\"injected\")\n"), false},
		"with a hash that shows": {changed(t, file, hashed, hashed+"\tfail([16]byte(hash.Sum(nil)))\n\treturn nil\n}\n\n//go:noinline\nfunc fail(hash [16]byte) {\n\tpanic(\"injected\")\n}\n\n"+
			"func unused(a Account) []byte {\n\thash := md4.New()\n"), true},
	} {
		w := crashing(t, site.Provider()+site.Bare(), site.Env()...).Altered(tt.instead)
		said := w.Run("plan", "-no-color").Output
		// OpenTofu shows a panic in its log alone.
		if !strings.Contains(w.Read("trace.log"), "panic: injected") {
			t.Errorf("%s: nothing panicked: this test shows nothing\n%s", name, said)
		}
		found := revealed(t, w, said, asText("the password", account.Password), asBytes("the NT hash", ntHash(account.Password)),
			asBytes("the NTLM key", ntKey(account.Password, account.Username)), map[string]string{"a message of NTLM": "TlRMTVNTUA"})
		if tt.shows != (len(found) > 0) {
			t.Errorf("%s: %v", name, found)
		}
	}
}

// A provider that panics with a key of Kerberos at hand does the same. What the key is says a
// file beside the run's folder, since nobody else knows a session's. That the search would
// find it shows a provider which hands the key to the function that panics.
func TestAPanicHoldsNoKeyOfKerberos(t *testing.T) {
	t.Parallel()
	const (
		derived = "\tkey, err := encryption.StringToKey(t.password(), salt, parameters)\n"
		sealed  = "\t_, ciphertext, err := encryption.EncryptMessage("
		failing = "package kerberos\n\nimport (\n\t\"os\"\n\t\"sync\"\n)\n\nvar once sync.Once\n\n" +
			"func injected(key []byte) {\n\tonce.Do(func() {\n\t\t_ = os.WriteFile(%q, key, 0o600)\n" +
			"\t\tif os.Getenv(\"KEY_SHOWS\") == \"true\" {\n\t\t\tfail([32]byte(key))\n\t\t}\n\t\tpanic(\"injected\")\n\t})\n}\n\n" +
			"//go:noinline\nfunc fail(key [32]byte) {\n\tpanic(\"injected\")\n}\n"
	)
	d := openDomain(t, 1, world.Station{Licensed: true}, acctest.Counted(30), false)
	password := d.Plain().WinRM.Password
	for what, instead := range map[string]map[string]string{
		"the account's key": changed(t, "internal/winrm/kerberos/kdc.go", derived, derived+"\tinjected(key)\n"),
		"a session's key":   changed(t, "internal/winrm/kerberos/context.go", sealed, "\tinjected(c.key.KeyValue)\n"+sealed),
	} {
		file := filepath.Join(t.TempDir(), "key")
		instead["internal/winrm/kerberos/injected.go"] = fmt.Sprintf(failing, file)
		for _, shows := range []bool{false, true} {
			w := crashing(t, d.Provider(d.kerberos("")...)+d.Bare(), append(d.Env(), fmt.Sprintf("KEY_SHOWS=%t", shows))...).Altered(instead)
			said := w.Run("plan", "-no-color").Output
			key, err := os.ReadFile(file)
			if !strings.Contains(w.Read("trace.log"), "panic: injected") || len(key) != 32 || (what == "the account's key") != bytes.Equal(key, kerberosKey(t, password)) {
				t.Fatalf("%s: nothing panicked with it (%v): this test shows nothing\n%s", what, err, said)
			}
			found := revealed(t, w, said, asText("the password", password), asBytes(what, key), map[string]string{"a ticket": "Negotiate YI"})
			if shows != (len(found) > 0) {
				t.Errorf("%s, shown: %t: %v", what, shows, found)
			}
		}
	}
}

// The same of the interface's token.
func TestAPanicHoldsNoToken(t *testing.T) {
	t.Parallel()
	const token = "token-that-nobody-sees"
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	const sent = "\tresponse, err := a.network.RoundTrip(request)\n"
	w := crashing(t, acctest.Required+"provider \"timago\" {}\ndata \"timago_stations\" \"all\" {}\n",
		"TIMAGO_ENDPOINT="+server.URL, "TIMAGO_TOKEN="+token, "TIMAGO_CA_CERTIFICATE="+string(certificate)).
		Altered(changed(t, "internal/timago/transport.go", sent, sent+"\t_ = request.Header[\"None\"][7]\n"))
	said := w.Run("plan", "-no-color").Output
	if !strings.Contains(w.Read("trace.log"), "panic: runtime error: index out of range") {
		t.Errorf("nothing panicked: this test shows nothing\n%s", said)
	}
	if found := revealed(t, w, said, asText("the token", token)); len(found) > 0 {
		t.Error(found)
	}
}
