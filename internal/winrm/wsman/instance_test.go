package wsman

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// envelopeOf puts a body into an answer's envelope.
func envelopeOf(body string) []byte {
	return []byte(`<s:Envelope xml:lang="de-DE" xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"` +
		` xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd">` +
		`<s:Header><a:Action>x</a:Action></s:Header><s:Body>` + body + `</s:Body></s:Envelope>`)
}

const typedAnswer = `<n:EnumerateResponse><n:EnumerationContext/><w:Items>
<p:Win32_OperatingSystem xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_OperatingSystem" xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common" xsi:type="p:Win32_OperatingSystem_Type">
<p:Caption> Windows 10 </p:Caption><p:Organization xsi:nil="true"/><p:Description></p:Description>
<p:LastBootUpTime><cim:Datetime>2013-04-15T16:28:39.5Z</cim:Datetime></p:LastBootUpTime>
<p:LocalDateTime>
  <cim:Datetime>2013-04-15T18:28:39.500001+02:00</cim:Datetime>
</p:LocalDateTime>
<p:InstallDate>20130415182839.500000+120</p:InstallDate>
<p:MUILanguages>de-DE</p:MUILanguages><p:MUILanguages>en-US</p:MUILanguages>
<p:LicenseStatusReason>-1073418184</p:LicenseStatusReason><p:Grace>4294967295</p:Grace><p:Memory>18446744073709551615</p:Memory>
<p:Primary>TRUE</p:Primary><p:Debug>false</p:Debug>
</p:Win32_OperatingSystem></w:Items><w:EndOfSequence/></n:EnumerateResponse>`

const fragmentAnswer = `<n:EnumerateResponse><n:EnumerationContext>uuid:1</n:EnumerationContext><w:Items>` +
	`<w:XmlFragment xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><LastBootUpTime><Datetime>2013-04-15T16:28:39.5Z</Datetime></LastBootUpTime>` +
	`<InsertionStrings>0xC004F06C,5,R101-01</InsertionStrings><InsertionStrings xsi:nil="true"/><User xsi:nil="1"/></w:XmlFragment></w:Items></n:EnumerateResponse>`

func readPage(t *testing.T, answer string) ([]Instance, string) {
	t.Helper()
	body, err := ParseEnvelope(envelopeOf(answer))
	if err != nil {
		t.Fatal(err)
	}
	page, err := ReadPage(body)
	if err != nil {
		t.Fatal(err)
	}
	return page.Instances, page.Next
}

func TestTypedInstance(t *testing.T) {
	t.Parallel()
	instances, next := readPage(t, typedAnswer)
	if len(instances) != 1 || next != "" {
		t.Fatalf("%d instances, next %q", len(instances), next)
	}
	i := instances[0]
	if i.Class != "Win32_OperatingSystem" {
		t.Errorf("class %q", i.Class)
	}
	for name, want := range map[string]string{"caption": " Windows 10 ", "DESCRIPTION": ""} {
		if got, ok := i.String(name); !ok || got != want {
			t.Errorf("%s = %q, %t, want %q", name, got, ok, want)
		}
	}
	for _, name := range []string{"Organization", "NotThere"} {
		if got, ok := i.String(name); ok || i.Strings(name) != nil {
			t.Errorf("%s = %q, want null", name, got)
		}
	}
	boot := time.Date(2013, 4, 15, 16, 28, 39, 500_000_000, time.UTC)
	for name, want := range map[string]time.Time{"LastBootUpTime": boot, "LocalDateTime": boot.Add(time.Microsecond), "InstallDate": boot} {
		if got, ok := i.Time(name); !ok || !got.Equal(want) {
			t.Errorf("%s = %v, %t, want %v", name, got, ok, want)
		}
	}
	if got := i.Strings("MuiLanguages"); !slices.Equal(got, []string{"de-DE", "en-US"}) {
		t.Errorf("MUILanguages = %q", got)
	}
	for name, want := range map[string]uint32{"LicenseStatusReason": 0xC004F038, "Grace": 4294967295} {
		if got, ok := i.Uint32(name); !ok || got != want {
			t.Errorf("%s = %d, %t, want %d", name, got, ok, want)
		}
	}
	if got, ok := i.Uint64("Memory"); !ok || got != 1<<64-1 {
		t.Errorf("Memory = %d, %t", got, ok)
	}
	if _, ok := i.Uint32("Memory"); ok {
		t.Error("a number of 64 bits passed for one of 32")
	}
	for name, want := range map[string][2]bool{"Primary": {true, true}, "Debug": {false, true}, "Caption": {false, false}, "Organization": {false, false}} {
		if got, ok := i.Bool(name); [2]bool{got, ok} != want {
			t.Errorf("%s = %t, %t, want %v", name, got, ok, want)
		}
	}
}

func TestFragment(t *testing.T) {
	t.Parallel()
	instances, next := readPage(t, fragmentAnswer)
	if len(instances) != 1 || next != "uuid:1" {
		t.Fatalf("%d instances, next %q", len(instances), next)
	}
	i := instances[0]
	if start, ok := i.Time("LastBootUpTime"); !ok || start.Hour() != 16 || i.Class != "" {
		t.Errorf("LastBootUpTime = %v, %t in class %q", start, ok, i.Class)
	}
	if got := i.Names(); !slices.Equal(got, []string{"insertionstrings", "lastbootuptime"}) {
		t.Errorf("properties that are not null: %q", got)
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"2026-01-02T12:00:00Z":        noon,
		"2026-01-02T12:00:00":         noon,
		"2026-01-02T07:00:00-05:00":   noon,
		" 2026-01-02T12:00:00.000Z ":  noon,
		"20260102120000.000000+000":   noon,
		"20260102070000.000000-300":   noon,
		"20260102120000.******+***":   noon,
		"20260102120000.250000+000":   noon.Add(250 * time.Millisecond),
		"00000012120000.000000:000":   {},
		"20261302120000.000000+000":   {},
		"20260102120000.00000x+000":   {},
		"20260102120000.000000+0x0":   {},
		"2026-01-02":                  {},
		"PT5M":                        {},
		"":                            {},
		strings.Repeat("2026", 1_000): {},
	} {
		got, ok := NewInstance("", map[string][]string{"When": {text}}).Time("when")
		if ok == want.IsZero() || !got.Equal(want) {
			t.Errorf("%q = %v, %t, want %v", text, got, ok, want)
		}
	}
}

func TestQuote(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                     `''`,
		"R101-01":              `'R101-01'`,
		`it's`:                 `'it\'s'`,
		`SCHULE\kms`:           `'SCHULE\\kms'`,
		`\' OR 1=1 OR x='`:     `'\\\' OR 1=1 OR x=\''`,
		"Schlüssel \"Dienst\"": "'Schlüssel \"Dienst\"'",
	} {
		if got := Quote(text); got != want {
			t.Errorf("Quote(%q) = %s, want %s", text, got, want)
		}
	}
}

// unquoted reads a string of WQL as Windows does: a backslash takes the next character as it
// is, and the mark that began the string ends it. rest is what follows.
func unquoted(literal string) (text, rest string) {
	var b strings.Builder
	for i := 1; i < len(literal); i++ {
		switch literal[i] {
		case literal[0]:
			return b.String(), literal[i+1:]
		case '\\':
			i++
		}
		if i < len(literal) {
			b.WriteByte(literal[i])
		}
	}
	return b.String(), "no end"
}

// Whatever is quoted is one string of the query, and the query is what the machine reads out
// of the envelope.
func FuzzQuote(f *testing.F) {
	for _, seed := range []string{"", "R101-01", `it's`, `SCHULE\kms`, `\' OR 1=1 OR x='`, `]]></w:Filter>&lt;`, "\r\n\t", "\x00\ufffe"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		literal := Quote(text)
		if got, rest := unquoted(literal); got != text || rest != "" {
			t.Errorf("%q is quoted as %s: read as %q, then %q", text, literal, got, rest)
		}
		query := "SELECT * FROM X WHERE A = " + literal
		body, err := ParseEnvelope([]byte(Enumerate(query).Render("http://pc01:5985/wsman", time.Second)))
		if err != nil {
			t.Fatal(err)
		}
		filter := body.path("Enumerate", "Filter")
		if filter == nil || len(body.Children) != 1 || len(filter.Children) != 0 {
			t.Fatalf("%q leaves the filter", text)
		}
		// XML has no place for some characters; what cannot be said becomes U+FFFD.
		if got := string(filter.Text); got != query && !strings.ContainsRune(got, '\ufffd') {
			t.Errorf("%q is sent, %q is read", query, got)
		}
	})
}
