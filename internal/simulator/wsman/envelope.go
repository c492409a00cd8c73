package wsman

import (
	"bytes"
	"encoding/xml"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	nsSOAP        = "http://www.w3.org/2003/05/soap-envelope"
	nsAddressing  = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
	nsEnumeration = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
	nsTransfer    = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
	nsManagement  = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
	nsIdentity    = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
	nsBinding     = "http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd"
	nsCommon      = "http://schemas.dmtf.org/wbem/wscim/1/common"
	nsShell       = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
	nsFault       = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
	nsMicrosoft   = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"
	nsInstance    = "http://www.w3.org/2001/XMLSchema-instance"

	wmiPrefix   = "http://schemas.microsoft.com/wbem/wsman/1/wmi/"
	dialectWQL  = "http://schemas.microsoft.com/wbem/wsman/1/WQL"
	shellCmd    = nsShell + "/cmd"
	anonymous   = nsAddressing + "/role/anonymous"
	actionFault = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"

	language = "de-DE"
)

// envelope is a request as it came.
type envelope struct {
	XMLName xml.Name `xml:"http://www.w3.org/2003/05/soap-envelope Envelope"`
	Header  struct {
		Action           string     `xml:"http://schemas.xmlsoap.org/ws/2004/08/addressing Action"`
		MessageID        string     `xml:"http://schemas.xmlsoap.org/ws/2004/08/addressing MessageID"`
		ResourceURI      string     `xml:"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd ResourceURI"`
		OperationTimeout string     `xml:"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd OperationTimeout"`
		MaxEnvelopeSize  string     `xml:"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd MaxEnvelopeSize"`
		Selectors        []nameText `xml:"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd SelectorSet>Selector"`
		Options          []nameText `xml:"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd OptionSet>Option"`
	} `xml:"http://www.w3.org/2003/05/soap-envelope Header"`
	Body struct {
		Elements []element `xml:",any"`
	} `xml:"http://www.w3.org/2003/05/soap-envelope Body"`
}

type nameText struct {
	Name string `xml:"Name,attr"`
	Text string `xml:",chardata"`
}

// element is any element of a body; its namespace decides nothing here, since
// the action already has.
type element struct {
	XMLName    xml.Name
	Attributes []xml.Attr `xml:",any,attr"`
	Text       string     `xml:",chardata"`
	Children   []element  `xml:",any"`
}

func parseEnvelope(body []byte) (*envelope, error) {
	var e envelope
	if err := xml.NewDecoder(bytes.NewReader(body)).Decode(&e); err != nil {
		return nil, err
	}
	for _, text := range []*string{&e.Header.Action, &e.Header.MessageID, &e.Header.ResourceURI, &e.Header.OperationTimeout, &e.Header.MaxEnvelopeSize} {
		*text = strings.TrimSpace(*text)
	}
	return &e, nil
}

// child returns the first child of that name; the zero element where there is
// none, so that look-ups can be chained.
func (e element) child(name string) element {
	for _, child := range e.Children {
		if child.XMLName.Local == name {
			return child
		}
	}
	return element{}
}

func (e element) present() bool { return e.XMLName.Local != "" }

func (e element) text() string { return strings.TrimSpace(e.Text) }

func (e element) attribute(name string) string {
	for _, attribute := range e.Attributes {
		if attribute.Name.Local == name {
			return attribute.Value
		}
	}
	return ""
}

// content returns the body's only element.
func (e *envelope) content() element {
	if len(e.Body.Elements) == 0 {
		return element{}
	}
	return e.Body.Elements[0]
}

func (e *envelope) selectors() map[string]string {
	selectors := make(map[string]string, len(e.Header.Selectors))
	for _, selector := range e.Header.Selectors {
		selectors[selector.Name] = selector.Text
	}
	return selectors
}

func (e *envelope) selector(name string) string {
	for _, selector := range e.Header.Selectors {
		if strings.EqualFold(selector.Name, name) {
			return strings.TrimSpace(selector.Text)
		}
	}
	return ""
}

func (e *envelope) option(name string) string {
	for _, option := range e.Header.Options {
		if option.Name == name {
			return strings.TrimSpace(option.Text)
		}
	}
	return ""
}

// Windows' own bounds for what a request may ask for (facts: MaxTimeoutms,
// MaxEnvelopeSizekb).
const (
	maxTimeout      = 60 * time.Second
	maxEnvelopeSize = 500 << 10
)

func (e *envelope) timeout() time.Duration {
	if asked, ok := parseDuration(e.Header.OperationTimeout); ok && asked > 0 {
		return min(asked, maxTimeout)
	}
	return maxTimeout
}

func (e *envelope) envelopeSize() int {
	if asked, err := strconv.Atoi(e.Header.MaxEnvelopeSize); err == nil && asked > 0 {
		return min(asked, maxEnvelopeSize)
	}
	return maxEnvelopeSize
}

var duration = regexp.MustCompile(`^P(?:(\d{1,4})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,8}(?:\.\d{1,9})?)S)?)?$`)

// parseDuration reads an xs:duration without years and months.
func parseDuration(text string) (time.Duration, bool) {
	parts := duration.FindStringSubmatch(text)
	if parts == nil {
		return 0, false
	}
	var total time.Duration
	for i, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute} {
		count, _ := strconv.Atoi(parts[i+1])
		total += time.Duration(count) * unit
	}
	seconds, _ := strconv.ParseFloat(parts[4], 64)
	return total + time.Duration(seconds*float64(time.Second)), true
}
