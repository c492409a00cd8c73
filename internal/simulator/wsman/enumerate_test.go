package wsman_test

import (
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/simulator/wsman"
)

func TestOneInstanceComesInOneAnswer(t *testing.T) {
	t.Parallel()
	c := newClient(t, serve(t, plain()))
	r := c.query("SELECT LocalDateTime, Organization, MUILanguages, description, Primary, LastBootUpTime FROM Win32_OperatingSystem", optimize)
	want := `<w:XmlFragment xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` +
		`<LastBootUpTime><Datetime>2026-03-02T07:30:00.5Z</Datetime></LastBootUpTime>` +
		`<LocalDateTime><Datetime>2026-03-02T08:30:00.5Z</Datetime></LocalDateTime>` +
		`<MUILanguages>de-DE</MUILanguages><MUILanguages>en-US</MUILanguages>` +
		`<Organization xsi:nil="true"/><Description></Description><Primary>true</Primary></w:XmlFragment>`
	if got := r.between("w:Items"); r.status != 200 || got != want {
		t.Errorf("status %d, items\n%s, want\n%s", r.status, got, want)
	}
	if !strings.Contains(r.text, "<w:EndOfSequence/>") || r.Body.Enumerate.Context != "" {
		t.Errorf("the enumeration goes on: %s", r.text)
	}
}

func TestAsteriskGivesATypedInstance(t *testing.T) {
	t.Parallel()
	c := newClient(t, serve(t, plain()))
	r := c.query("SELECT * FROM win32_operatingsystem", optimize)
	for _, part := range []string{
		`<p:Win32_OperatingSystem xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:p="` + cimv2 + `Win32_OperatingSystem"`,
		`xsi:type="p:Win32_OperatingSystem_Type">`,
		`<p:Caption>Windows 10 &lt;Education&gt; &amp; more</p:Caption>`,
		`<p:LastBootUpTime><cim:Datetime>2026-03-02T07:30:00.5Z</cim:Datetime></p:LastBootUpTime>`,
		`<p:MUILanguages>de-DE</p:MUILanguages><p:MUILanguages>en-US</p:MUILanguages>`,
		`<p:Organization xsi:nil="true"/>`,
		`<p:FreePhysicalMemory>18446744073709551615</p:FreePhysicalMemory>`,
	} {
		if !strings.Contains(r.text, part) {
			t.Errorf("no %s in %s", part, r.text)
		}
	}
	if class := c.ask(enumNS+"/Enumerate", cimv2+"Win32_OperatingSystem", "<n:Enumerate>"+optimize+"</n:Enumerate>"); class.between("w:Items") != r.between("w:Items") {
		t.Errorf("by class: %s", class.text)
	}
}

func TestSeveralInstancesNeedAPull(t *testing.T) {
	t.Parallel()
	c := newClient(t, serve(t, plain()))
	count := func(r reply) int { return strings.Count(r.text, "<Handle>") }
	first := c.query("SELECT Handle FROM Win32_Process", optimize)
	if count(first) != 1 || first.Body.Enumerate.Context == "" || strings.Contains(first.text, "EndOfSequence") {
		t.Fatalf("the first answer: %s", first.text)
	}
	second := c.pull(first.Body.Enumerate.Context, 4)
	if count(second) != 4 || second.Body.Pull.Context == "" || second.Body.Pull.Context == first.Body.Enumerate.Context {
		t.Fatalf("the second answer: %s", second.text)
	}
	if again := c.pull(first.Body.Enumerate.Context, 4); again.fault() != wsman.CodeNoSuchEnumeration {
		t.Errorf("an old context: %s", again.text)
	}
	third := c.pull(second.Body.Pull.Context, 4)
	if count(third) != 2 || third.Body.Pull.Context != "" || !strings.Contains(third.text, "<n:EndOfSequence/>") {
		t.Errorf("the third answer: %s", third.text)
	}
}

func TestPlainEnumerationOneByOne(t *testing.T) {
	t.Parallel()
	c := newClient(t, serve(t, plain()))
	r := c.query("SELECT Handle FROM Win32_Process WHERE ProcessId >= 105", "")
	context := r.Body.Enumerate.Context
	if context == "" || strings.Contains(r.text, "Items") {
		t.Fatalf("the enumeration: %s", r.text)
	}
	r = c.ask(enumNS+"/Pull", cimv2+"*", "<n:Pull><n:EnumerationContext>"+context+"</n:EnumerationContext></n:Pull>")
	if strings.Count(r.text, "<Handle>") != 1 {
		t.Errorf("without MaxElements: %s", r.text)
	}
	release := func() reply {
		return c.ask(enumNS+"/Release", cimv2+"*", "<n:Release><n:EnumerationContext>"+r.Body.Pull.Context+"</n:EnumerationContext></n:Release>")
	}
	if released := release(); released.status != 200 {
		t.Errorf("release: %s", released.text)
	}
	if released := release(); released.fault() != wsman.CodeNoSuchEnumeration {
		t.Errorf("second release: %s", released.text)
	}
}

func TestNothingMatches(t *testing.T) {
	t.Parallel()
	c := newClient(t, serve(t, plain()))
	r := c.query("SELECT Handle FROM Win32_Process WHERE Name = 'none.exe'", optimize)
	if r.status != 200 || r.between("w:Items") != "" || !strings.Contains(r.text, "<w:EndOfSequence/>") {
		t.Errorf("%d %s", r.status, r.text)
	}
}

func TestWhatIsNotThere(t *testing.T) {
	t.Parallel()
	c := newClient(t, serve(t, plain()))
	for name, r := range map[string]reply{
		"a class":                   c.query("SELECT * FROM OfficeSoftwareProtectionProduct", optimize),
		"a property":                c.query("SELECT Caption, OA3xKey FROM Win32_OperatingSystem", optimize),
		"a property of a condition": c.query("SELECT Caption FROM Win32_OperatingSystem WHERE OA3xKey = 1", optimize),
		"a comparison":              c.query("SELECT Caption FROM Win32_OperatingSystem WHERE Caption = 1", optimize),
		"a query":                   c.query("SELECT", optimize),
		"a namespace":               c.ask(enumNS+"/Enumerate", strings.Replace(cimv2, "cimv2", "x", 1)+"A", "<n:Enumerate/>"),
		"a class for a method":      c.ask(cimv2+"Nothing/Do", cimv2+"Nothing", "<p/>"),
		"everything without filter": c.ask(enumNS+"/Enumerate", cimv2+"*", "<n:Enumerate/>"),
		"another dialect":           c.ask(enumNS+"/Enumerate", cimv2+"*", `<n:Enumerate><w:Filter Dialect="x">y</w:Filter></n:Enumerate>`),
		"another resource":          c.ask(transfer+"/Get", "http://example.org/x", ""),
	} {
		if r.status != 500 || r.fault() != wsman.CodeNoSuchResource {
			t.Errorf("%s: status %d, %s", name, r.status, r.text)
		}
	}
	if r := c.ask(transfer+"/Put", cimv2+"Win32_Process", ""); r.fault() != wsman.CodeNotSupported {
		t.Errorf("an action: %s", r.text)
	}
}

func TestAQueryIsForEveryClass(t *testing.T) {
	t.Parallel()
	c := newClient(t, serve(t, plain()))
	body := `<n:Enumerate><w:Filter Dialect="http://schemas.microsoft.com/wbem/wsman/1/WQL">SELECT Handle FROM Win32_Process</w:Filter></n:Enumerate>`
	for name, r := range map[string]reply{
		"for one class": c.ask(enumNS+"/Enumerate", cimv2+"Win32_Process", body),
		"with a key":    c.selecting("Handle", "4").ask(enumNS+"/Enumerate", cimv2+"*", body),
	} {
		if r.fault() != wsman.CodeQueryByClass {
			t.Errorf("%s: %s", name, r.text)
		}
	}
	if r := c.selecting("__cimnamespace", "root/cimv2").ask(enumNS+"/Enumerate", cimv2+"*", body); r.status != 200 {
		t.Errorf("with its namespace: %s", r.text)
	}
}

func TestGet(t *testing.T) {
	t.Parallel()
	c := newClient(t, serve(t, plain()))
	get := func(c *client, class string) reply { return c.ask(transfer+"/Get", cimv2+class, "") }
	if r := get(c.selecting("handle", "103"), "Win32_Process"); !strings.Contains(r.text, "<p:Name>explorer.exe</p:Name>") || r.Header.Action != transfer+"/GetResponse" {
		t.Errorf("by key: %s", r.text)
	}
	if r := get(c, "Win32_OperatingSystem"); !strings.Contains(r.text, "<p:Caption>") {
		t.Errorf("the only one: %s", r.text)
	}
	for name, chosen := range map[string]*client{
		"of seven":       c,
		"gone":           c.selecting("Handle", "4"),
		"by another one": c.selecting("Name", "explorer.exe"),
	} {
		if r := get(chosen, "Win32_Process"); r.fault() != wsman.CodeNoSuchInstance {
			t.Errorf("%s: %s", name, r.text)
		}
	}
}

func TestAnswersKeepToTheEnvelope(t *testing.T) {
	t.Parallel()
	c := newClient(t, serve(t, plain()))
	if r := c.withEnvelope(2000).query("SELECT * FROM Win32_OperatingSystem", optimize); r.fault() != wsman.CodeEnvelopeTooSmall {
		t.Errorf("a small envelope: %s", r.text)
	}
	first := c.query("SELECT Handle, Name FROM Win32_Process", optimize)
	const frame, items = 4096, 3
	const slack = 10 // not every name is as short
	size := frame + slack + items*2*len(first.between("w:Items"))
	second := c.withEnvelope(size).pull(first.Body.Enumerate.Context, 50)
	if got := strings.Count(second.text, "<Handle>"); got != items || second.Body.Pull.Context == "" {
		t.Errorf("room for %d, got %d: %s", items, got, second.text)
	}
}
