package recording

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf16"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/timago/terraform-provider-timago/internal/winrm"
	"github.com/timago/terraform-provider-timago/internal/winrm/wsman"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hidden are the ways in which a value may stand in an answer.
var hidden = map[string]func(string) string{
	"as it is":   func(s string) string { return s },
	"in capital": strings.ToUpper,
	"in small":   strings.ToLower,
	"in base64":  func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"in UTF-16":  func(s string) string { return base64.StdEncoding.EncodeToString(utf16Bytes(s)) },
	"escaped":    func(s string) string { return references(s) },
	"in a text":  func(s string) string { return "Fehler bei " + s + "!" },
	"in a name":  func(s string) string { return `\\` + s + `\freigabe` },
	"with port":  func(s string) string { return s + ":1688" },
}

func utf16Bytes(s string) []byte {
	var b []byte
	for _, unit := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, unit)
	}
	return b
}

// references writes every character as XML may.
func references(s string) string {
	var b strings.Builder
	for _, r := range s {
		fmt.Fprintf(&b, "&#x%X;", r)
	}
	return b.String()
}

func privateValue() *rapid.Generator[string] {
	hex := func(n int) string { return fmt.Sprintf("[0-9a-f]{%d}", n) }
	return rapid.OneOf(
		rapid.StringMatching(`[A-ZÄÖÜ]{3,6}-?Q[0-9]{3,4}`),
		rapid.StringMatching(`q[a-zäöüß]{4,8}\.[a-z]{4,9}x`),
		rapid.StringMatching(hex(8)+"-"+hex(4)+"-"+hex(4)+"-"+hex(4)+"-"+hex(12)),
		rapid.StringMatching(`10\.1[0-9]{2}\.2[0-4][0-9]\.1[0-9]{2}`),
		rapid.StringMatching(`fd[0-9a-f]{2}:[1-9a-f]{4}::[1-9a-f]{4}`),
		rapid.StringMatching(`[0-9A-F]{2}(:[0-9A-F]{2}){5}`),
		rapid.StringMatching(`[A-Z]{5,8}\\q[a-zäöü]{4,8}`),
	)
}

// question is a query with an instance that has the values somewhere.
type question struct{ wql, property string }

var questions = []question{
	{"SELECT Name, UserName FROM Win32_ComputerSystem", "Name"},
	{"SELECT Name, UserName FROM Win32_ComputerSystem", "UserName"},
	{"SELECT LastBootUpTime, LocalDateTime FROM Win32_OperatingSystem", "LastBootUpTime"},
	{"SELECT MUILanguages FROM Win32_OperatingSystem", "MUILanguages"},
	{"SELECT IPAddress FROM Win32_NetworkAdapterConfiguration", "IPAddress"},
	{"SELECT ClientMachineID FROM SoftwareLicensingService", "ClientMachineID"},
	{"SELECT Name FROM SoftwareLicensingProduct", "Name"},
	{"SELECT Description FROM SoftwareLicensingProduct", "Description"},
	{"SELECT ProductKeyChannel FROM SoftwareLicensingProduct", "ProductKeyChannel"},
	{"SELECT LicenseStatus FROM SoftwareLicensingProduct", "LicenseStatus"},
	{"SELECT InsertionStrings FROM Win32_NTLogEvent", "InsertionStrings"},
	{"SELECT NotListed FROM Win32_Whatever", "NotListed"},
}

// exchangeWith is one that holds a text at a drawn place.
func exchangeWith(t *rapid.T, text string) winrm.Exchange {
	q := rapid.SampledFrom(questions).Draw(t, "question")
	e := winrm.Exchange{Address: "r101-pc01:5985", Status: 200, Request: []byte(wsman.Enumerate(q.wql).Render("http://x/wsman", 0))}
	escapedText := text
	if !strings.HasPrefix(text, "&#") {
		escapedText = escaped(text)
	}
	var body string
	switch place := rapid.SampledFrom([]string{"value", "attribute", "fault", "fields", "comment", "header", "prefix", "element"}).Draw(t, "place"); place {
	case "element":
		tag := strings.NewReplacer(`\`, "-", ":", "-", ".", "-").Replace(text)
		if !xmlName.MatchString(tag) {
			tag = "Other"
		}
		body = "<n:EnumerateResponse><w:Items><w:XmlFragment><" + tag + ">1</" + tag + "></w:XmlFragment></w:Items></n:EnumerateResponse>"
	case "value":
		body = "<n:EnumerateResponse><w:Items><w:XmlFragment><" + q.property + ">" + escapedText + "</" + q.property + "></w:XmlFragment></w:Items></n:EnumerateResponse>"
	case "attribute":
		body = `<n:EnumerateResponse><w:Items><w:XmlFragment><` + q.property + ` Machine="` + escapedText + `">1</` + q.property + `></w:XmlFragment></w:Items></n:EnumerateResponse>`
	case "fault":
		e.Status = 500
		body = `<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text xml:lang="de-DE">` + escapedText + `</s:Text></s:Reason></s:Fault>`
	case "fields":
		body = "<n:EnumerateResponse><w:Items><w:XmlFragment><InsertionStrings>0xC004F06C,5," + escapedText + ",0,2</InsertionStrings></w:XmlFragment></w:Items></n:EnumerateResponse>"
	case "comment":
		body = "<!--" + strings.ReplaceAll(text, "--", "") + "--><?" + "x " + strings.ReplaceAll(text, "?>", "") + "?>"
	case "header":
		body = "<a:Action>" + escapedText + "</a:Action>"
	case "prefix":
		e.Answer = []byte(`<s:Envelope xmlns:s="` + soap + `" xmlns:n="` + escapedText + `"><s:Body/></s:Envelope>`)
		return e
	}
	e.Answer = []byte(`<s:Envelope xmlns:s="` + soap + `" xmlns:a="urn:a" xmlns:n="urn:n" xmlns:w="urn:w"><s:Header><a:To>` + escapedText + `</a:To></s:Header><s:Body>` + body + `</s:Body></s:Envelope>`)
	return e
}

var xmlName = regexp.MustCompile(`^[\pL][\pL0-9-]*$`)

const soap = "http://www.w3.org/2003/05/soap-envelope"

// command is one whose output holds a text, cut in two by its streams.
func command(t *rapid.T, text string) []winrm.Exchange {
	event := "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><EventID>12290</EventID><TimeCreated SystemTime='2026-03-02T07:30:00Z'/><Computer>" +
		escaped(text) + "</Computer></System><EventData><Data>0x0,5," + escaped(text) + ",x</Data></EventData></Event>\r\nFehler: " + text
	cut := rapid.IntRange(0, len(event)).Draw(t, "cut")
	request := func(action, body string) []byte {
		return []byte(`<s:Envelope xmlns:s="` + soap + `" xmlns:a="urn:a" xmlns:rsp="urn:r"><s:Header><a:Action s:mustUnderstand="true">http://x/` + action + `</a:Action></s:Header><s:Body>` + body + `</s:Body></s:Envelope>`)
	}
	exchange := func(action, asks, answers string) winrm.Exchange {
		return winrm.Exchange{Address: "r101-pc01:5985", Status: 200, Request: request(action, asks), Answer: request(action+"Response", answers)}
	}
	stream := func(part string) string {
		return `<rsp:ReceiveResponse><rsp:Stream Name="stdout">` + base64.StdEncoding.EncodeToString([]byte(part)) + `</rsp:Stream></rsp:ReceiveResponse>`
	}
	return []winrm.Exchange{
		exchange("Command", "<rsp:CommandLine><rsp:Command>wevtutil.exe</rsp:Command></rsp:CommandLine>", "<rsp:CommandResponse/>"),
		exchange("Receive", "", stream(event[:cut])), exchange("Receive", "", stream(event[cut:])),
	}
}

// Whatever a machine says and wherever it says it, nothing that is private is in the files.
func TestNothingPrivateSurvives(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		folder := filepath.Join(base, fmt.Sprint(n))
		recorder, err := New(folder, "r101-pc01")
		if err != nil {
			t.Fatal(err)
		}
		values := rapid.SliceOfNDistinct(privateValue(), 1, 4, strings.ToLower).Draw(t, "values")
		for _, value := range values {
			// Somewhere it stands as what it is, as a name does that a machine has.
			recorder.Observe(winrm.Exchange{Address: "r101-pc01:5985", Status: 200, Request: []byte(wsman.Enumerate(questions[0].wql).Render("http://x/wsman", 0)),
				Answer: []byte(`<s:Envelope xmlns:s="` + soap + `"><s:Body><EnumerateResponse><Items><XmlFragment><Name>` + escaped(value) + `</Name></XmlFragment></Items></EnumerateResponse></s:Body></s:Envelope>`)})
			way := rapid.SampledFrom([]string{"as it is", "in capital", "in small", "in base64", "in UTF-16", "escaped", "in a text", "in a name", "with port"}).Draw(t, "way")
			recorder.Observe(exchangeWith(t, hidden[way](value)))
			for _, e := range command(t, hidden[way](value)) {
				recorder.Observe(e)
			}
		}
		if err := recorder.Save(); err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{FileName, ListName} {
			text, err := os.ReadFile(filepath.Join(folder, file))
			if err != nil {
				t.Fatal(err)
			}
			if file == FileName && xml.Unmarshal(text, new(struct{})) != nil {
				t.Fatalf("no XML: %s", text)
			}
			seen := strings.ToLower(string(text) + "\n" + html.UnescapeString(string(text)))
			for _, value := range values {
				for what, form := range hidden {
					if strings.Contains(seen, strings.ToLower(form(value))) {
						t.Fatalf("%s holds %s %s:\n%s", file, value, what, text)
					}
				}
			}
		}
	})
	if n < 50 {
		t.Errorf("%d recordings were made", n)
	}
}

func TestARecordingTakesAFolderOfItsOwn(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "site")
	recorder, err := New(folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := recorder.Save(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(folder)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Error(info.Mode(), err)
	}
	for _, file := range []string{FileName, ListName} {
		if info, err := os.Stat(filepath.Join(folder, file)); err != nil || info.Mode().Perm() != 0o600 {
			t.Error(file, err)
		}
	}
	if _, err := New(folder); err == nil {
		t.Error("a folder that holds something was taken")
	}
}
