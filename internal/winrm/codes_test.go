package winrm

import (
	"errors"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/winrm/wsman"
)

// answerBody is the body of an answer that holds body.
func answerBody(t *testing.T, body string) *wsman.Element {
	t.Helper()
	parsed, err := wsman.ParseEnvelope([]byte(`<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>` + body + `</s:Body></s:Envelope>`))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestFaultsAreTypedByTheirCodes(t *testing.T) {
	t.Parallel()
	wsmanFault := func(code string) string { return `<f:WSManFault xmlns:f="x" Code="` + code + `"/>` }
	for _, story := range []struct {
		name, detail string
		is           func(error) bool
	}{
		{"class not known", wsmanFault("2150858778"), IsUnknownClass},
		{"licensing", wsmanFault("3221549112"), func(err error) bool { return IsCode(err, 0xC004F038) }},
		{
			"quota, as newer Windows says it", `<p:MSFT_WmiError xmlns:p="x"><p:MessageID>HRESULT 0x803381a5</p:MessageID></p:MSFT_WmiError>`,
			func(err error) bool { var q *Quota; return errors.As(err, &q) },
		},
		{"denied", wsmanFault("5"), IsAccessDenied},
		{"the shell is gone", wsmanFault("2150858843"), func(err error) bool { var lost *ShellLost; return errors.As(err, &lost) }},
		{"going down", wsmanFault("995"), IsUnreachable},
		{"nothing", "", func(err error) bool { _, ok := Code(err); return !ok }},
		{"no number", wsmanFault("abc"), func(err error) bool { return !IsCode(err, 0) }},
	} {
		body := answerBody(t, `<s:Fault><s:Detail>`+story.detail+`</s:Detail></s:Fault>`)
		err := faultOf("r101-01", body.Child("Fault"))
		var fault *Fault
		if !errors.As(err, &fault) || !story.is(err) {
			t.Errorf("%s: got %v, %+v", story.name, err, fault)
		}
	}
}

// A service that sends the standard's subcode alone is understood by it. A code says more
// than its subcode, and a subcode that nobody knows is a fault that is named.
func TestFaultsWithoutACodeAreTypedByTheirSubcode(t *testing.T) {
	t.Parallel()
	isFault := func(err error) bool {
		_, plain := err.(*Fault) //nolint:errorlint // nothing is wrapped around it
		return plain && !IsOutcomeUnknown(err) && !IsNotYetBack(err)
	}
	for _, story := range []struct {
		subcode, detail string
		is              func(error) bool
	}{
		{"w:AccessDenied", "", IsAccessDenied},
		{"AccessDenied", "", IsAccessDenied},
		{"w:QuotaLimit", "", func(err error) bool { var q *Quota; return errors.As(err, &q) }},
		{"w:TimedOut", "", IsOutcomeUnknown},
		{"w:InternalError", "", isFault},
		{"w:UnsupportedFeature", "", isFault},
		{"w:Unheard", "", isFault},
		{"", "", isFault},
		{"w:AccessDenied", `<f:WSManFault xmlns:f="x" Code="3221549112"/>`, func(err error) bool { return IsCode(err, 0xC004F038) && !IsAccessDenied(err) }},
		{"w:InternalError", `<f:WSManFault xmlns:f="x" Code="5"/>`, IsAccessDenied},
	} {
		body := answerBody(t, `<s:Fault><s:Code><s:Subcode><s:Value>`+story.subcode+`</s:Value></s:Subcode></s:Code><s:Detail>`+story.detail+`</s:Detail></s:Fault>`)
		err := faultOf("r101-01", body.Child("Fault"))
		if !story.is(err) {
			t.Errorf("%s: got %v", story.subcode, err)
		}
		_, local, _ := strings.Cut(story.subcode, ":")
		if code, coded := Code(err); coded != (story.detail != "") || !coded && isFault(err) && !strings.Contains(err.Error(), local) {
			t.Errorf("%s: code %d of %v", story.subcode, code, err)
		}
	}
}

// Whatever a machine sends as a command's output, reading it neither panics nor runs away.
func FuzzOutput(f *testing.F) {
	f.Add([]byte(`<rsp:ReceiveResponse xmlns:rsp="x"><rsp:Stream Name="stdout" CommandId="1">YQ==</rsp:Stream><rsp:CommandState CommandId="1" State="x/CommandState/Done"><rsp:ExitCode>0</rsp:ExitCode></rsp:CommandState></rsp:ReceiveResponse>`))
	f.Fuzz(func(t *testing.T, content []byte) {
		body, err := wsman.ParseEnvelope([]byte(`<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>` + string(content) + `</s:Body></s:Envelope>`))
		if err != nil {
			return
		}
		var w written
		_, _, _ = (&shell{}).output(body, &w)
		if w.bytes > len(content) {
			t.Error("the output is longer than what it came in")
		}
	})
}
