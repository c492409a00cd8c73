package wsman

import (
	"strings"
	"testing"
)

// faultAnswer is a fault as Windows sends it, with the given detail.
func faultAnswer(detail string) string {
	return `<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>w:InternalError</s:Value></s:Subcode></s:Code>` +
		`<s:Reason><s:Text xml:lang="de-DE">Fehler im Dienst. </s:Text></s:Reason><s:Detail>` + detail + `</s:Detail></s:Fault>`
}

const (
	wsmanFault = `<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="2150858778" Machine="r101-01"><f:Message>` +
		`<f:ProviderFault provider="WMI Provider" path="%systemroot%\system32\WsmWmiPl.dll"><f:WSManFault Code="2150858778"><f:Message>x</f:Message></f:WSManFault>` +
		`<f:ExtendedError><p:__ExtendedStatus xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/__ExtendedStatus">` +
		`<p:StatusCode>2147749904</p:StatusCode></p:__ExtendedStatus></f:ExtendedError></f:ProviderFault></f:Message></f:WSManFault>`
	licensingFault = `<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="3221549112" Machine="r101-01"><f:Message>0xC004F038</f:Message></f:WSManFault>`
	wmiFault       = `<p:MSFT_WmiError xmlns:p="x" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><p:CIMStatusCode>27</p:CIMStatusCode>` +
		`<p:MessageID>HRESULT 0x803381a5</p:MessageID><p:Message>Kontingent</p:Message><p:error_Code>2150859173</p:error_Code></p:MSFT_WmiError>`
)

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, story := range []struct {
		name, detail   string
		code, provider uint32
	}{
		{"class not known", wsmanFault, 2150858778, 2147749904},
		{"licensing", licensingFault, 0xC004F038, 0},
		{"quota, as newer Windows says it", wmiFault, 2150859173, 0},
		{"signed", `<p:MSFT_WmiError xmlns:p="x"><p:error_Code>-1073418184</p:error_Code></p:MSFT_WmiError>`, 0xC004F038, 0},
		{"nothing", "", 0, 0},
		{"no number", `<f:WSManFault xmlns:f="x" Code="abc"/>`, 0, 0},
	} {
		body, err := ParseEnvelope(envelopeOf(faultAnswer(story.detail)))
		if err != nil {
			t.Fatal(err)
		}
		fault := DecodeFault("r101-01", body.Child("Fault"))
		if fault.Code != story.code || fault.Provider != story.provider || fault.Has(story.code) != (story.code != 0) {
			t.Errorf("%s: got %+v", story.name, fault)
		}
		if fault.Subcode != "InternalError" || fault.Text != "Fehler im Dienst." {
			t.Errorf("%s: subcode %q, text %q", story.name, fault.Subcode, fault.Text)
		}
	}
}

func TestEnvelopesThatAreNone(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("<a>", 1000)
	for name, document := range map[string]string{
		"empty":           "",
		"text":            "Service Unavailable",
		"a page":          "<!DOCTYPE html><title>x</title>",
		"entities":        `<!DOCTYPE a [<!ENTITY x "xxxx">]><a>&x;</a>`,
		"foreign entity":  string(envelopeOf("&x;")),
		"cut off":         string(envelopeOf("<a>"))[:300],
		"SOAP 1.1":        `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>`,
		"no body":         `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"/>`,
		"deep":            string(envelopeOf(deep)),
		"two documents":   string(envelopeOf("")) + string(envelopeOf("")),
		"another charset": `<?xml version="1.0" encoding="utf-16"?>` + string(envelopeOf("")),
		"not UTF-8":       string(envelopeOf("\xff")),
	} {
		if _, err := ParseEnvelope([]byte(document)); err == nil {
			t.Errorf("%s was taken for an envelope", name)
		}
	}
}

// Whatever a machine sends, reading it neither panics nor runs away, and what
// is read is used the way answers are used.
func FuzzAnswer(f *testing.F) {
	for _, body := range []string{
		typedAnswer, fragmentAnswer, faultAnswer(wsmanFault), faultAnswer(licensingFault), faultAnswer(wmiFault),
		`<p:Activate_OUTPUT xmlns:p="x"><p:ReturnValue>0</p:ReturnValue></p:Activate_OUTPUT>`,
		`<n:PullResponse><n:Items/><n:EndOfSequence/></n:PullResponse>`,
	} {
		f.Add(envelopeOf(body))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		body, err := ParseEnvelope(document)
		if err != nil {
			return
		}
		if fault := body.Child("Fault"); fault != nil && DecodeFault("r101-01", fault).Error() == "" {
			t.Error("a fault without words")
		}
		page, err := ReadPage(body)
		if err != nil {
			return
		}
		for _, instance := range page.Instances {
			for _, property := range instance.Names() {
				if len(instance.Strings(property)) == 0 {
					t.Errorf("%s is there without a value", property)
				}
				instance.Uint32(property)
				instance.Uint64(property)
				instance.Bool(property)
				instance.Time(property)
			}
		}
	})
}
