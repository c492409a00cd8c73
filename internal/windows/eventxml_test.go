package windows

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// parseEvents reads what the command wrote, in pieces as they may come.
func parseEvents(text string) []event {
	var events []event
	w := &eventWriter{visit: func(e event) error { events = append(events, e); return nil }}
	for piece := range slices.Chunk([]byte(text), 7) {
		_, _ = w.Write(piece) // it fails where visit does
	}
	return events
}

func eventText(id, data string) string {
	return `<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Security-SPP'/>` +
		`<EventID Qualifiers='16384'>` + id + `</EventID><TimeCreated SystemTime='2026-09-07T12:30:05.1234567Z'/><EventRecordID>77</EventRecordID>` +
		`<Computer>PC01</Computer></System>` + data + `</Event>`
}

// Microsoft's samples (facts of KMS events) in the forms that event XML knows.
const (
	sampleCounted = "0xC004F06C,5,<KMS Client name>,36f27b39-2fd5-440b-be67-a09996d27a38,2010/9/29 21:46,0,2,41520,68531fb9-5511-4989-97be-d11a0f55633f"
	escapedSample = "0xC004F06C,5,&lt;KMS Client name&gt;,36f27b39-2fd5-440b-be67-a09996d27a38,2010/9/29 21:46,0,2,41520,68531fb9-5511-4989-97be-d11a0f55633f"
)

var written = time.Date(2026, 9, 7, 12, 30, 5, 0, time.UTC)

func TestEventsAreReadInEveryForm(t *testing.T) {
	t.Parallel()
	each := strings.Split(sampleCounted, ",")
	tagged := func(before, after string) string {
		var b strings.Builder
		for field := range strings.SplitSeq(escapedSample, ",") {
			b.WriteString(before + field + after + "\r\n")
		}
		return b.String()
	}
	for name, tt := range map[string]struct {
		text   string
		fields []string // nil: no event
	}{
		"one datum":              {eventText("12290", "<EventData><Data>"+escapedSample+"</Data></EventData>"), []string{sampleCounted}},
		"one datum each":         {eventText("12290", "<EventData>"+tagged("<Data>", "</Data>")+"</EventData>"), each},
		"data with names":        {eventText("12290", "<EventData Name='x'>"+tagged("<Data Name='a'>", "</Data>")+"<Binary>00FF</Binary></EventData>"), each},
		"a publisher's own form": {eventText("12290", "<UserData><EventXML xmlns='Event_NS'>"+tagged("<Param>", "</Param>")+"</EventXML></UserData>"), each},
		"character data":         {eventText("12290", "<EventData><Data><![CDATA["+sampleCounted+"]]></Data></EventData>"), []string{sampleCounted}},
		"a code page of its own": {strings.Replace(eventText("12290", "<EventData><Data>"+escapedSample+"</Data></EventData>"), "PC01", "B\x81RO\x02", 1), []string{sampleCounted}},
		"no data":                {eventText("12290", ""), []string{}},
		"an id that is none":     {eventText("x", "<EventData><Data>1</Data></EventData>"), nil},
		"no time":                {strings.Replace(eventText("12290", ""), "SystemTime", "Time", 1), nil},
		"cut off":                {strings.TrimSuffix(eventText("12290", ""), ">"), nil},
		"nothing":                {"", nil},
		"no events":              {"</Event></Event><Event/>", nil},
	} {
		events := parseEvents(tt.text)
		if tt.fields == nil {
			if len(events) > 0 {
				t.Errorf("%s: %+v", name, events)
			}
			continue
		}
		if len(events) != 1 || events[0].id != 12290 || events[0].record != 77 || !events[0].written.Equal(written) ||
			strings.Join(events[0].fields, "|") != strings.Join(tt.fields, "|") {
			t.Errorf("%s: %+v", name, events)
			continue
		}
		if len(tt.fields) == 0 {
			continue
		}
		counted, err := kms.ParseCounted(events[0].written, events[0].fields)
		want, _ := kms.ParseCounted(written, []string{sampleCounted})
		if err != nil || want.CMID == "" || !reflect.DeepEqual(counted, want) {
			t.Errorf("%s: %+v, %v, want %+v", name, counted, err, want)
		}
	}
}

// Whatever stands before an event costs it nothing, and makes no event of its own that was
// not closed.
func FuzzParseEvents(f *testing.F) {
	for _, seed := range []string{
		"", "<Event >", "<Event xmlns='x'><System><EventID>1</EventID>", "</Event>", "\xff\xfe<\x00E\x00", "<Event xmlns='x'><EventData><Data>&bad;</Data></Event>",
		"<![CDATA[", "<!--", "<Event><UserData><a><b>1</b></a></UserData></Event>", "<?xml version='1.0' encoding='utf-16'?><Event ",
		eventText("12288", "<EventData><Data>0xC004F06C, 0x00000000, &lt;KMS Host FQDN&gt;:1688</Data></EventData>"),
		eventText("12290", "<UserData><EventXML><Param1>1</Param1></EventXML></UserData>"),
	} {
		f.Add(seed)
	}
	own := eventText("12290", "<EventData><Data>"+escapedSample+"</Data></EventData>")
	f.Fuzz(func(t *testing.T, before string) {
		alone := parseEvents(before)
		if most := strings.Count(before, "</Event>"); len(alone) > most {
			t.Fatalf("%d events of %d", len(alone), most)
		}
		together := parseEvents(before + own)
		if len(together) == 0 || !reflect.DeepEqual(together[len(together)-1], parseEvents(own)[0]) {
			t.Fatalf("the last event is lost: %+v", together)
		}
	})
}
