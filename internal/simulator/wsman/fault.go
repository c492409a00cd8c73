package wsman

import (
	"cmp"
	"fmt"
	"strconv"
)

// Codes of faults, as Windows sends them.
const (
	CodeAccessDenied      uint32 = 5
	CodeAborted           uint32 = 995
	CodeShuttingDown      uint32 = 1115
	CodeShutdownUnderWay  uint32 = 1190
	CodeUsersLoggedOn     uint32 = 1191
	CodeNoSuchResource    uint32 = 2150858778 // class, property or WQL not known
	CodeNoSuchEnumeration uint32 = 2150858779
	CodeTimedOut          uint32 = 2150858793 // no answer, or no output, within the operation timeout
	CodeInvalidSelectors  uint32 = 2150858843 // unknown shell or command
	CodeNoSuchInstance    uint32 = 2150858752 // ERROR_WSMAN_RESOURCE_NOT_FOUND
	CodeDeniedByWMI       uint32 = 2150859012 // the account may ask the service, but not WMI
	CodeQueryByClass      uint32 = 2150859003 // a WQL query is for every class ("*"), not for one
	CodeQuota             uint32 = 2150859173
	CodeNotSupported      uint32 = 2150858753
	CodeEnvelopeTooSmall  uint32 = 2150858805
	CodeProviderFails     uint32 = 0x80041013 // WBEM_E_PROVIDER_LOAD_FAILURE
)

// Fault is an error that is answered as a SOAP fault with status 500. Only
// Code is needed: the rest of a known code is filled in.
type Fault struct {
	Code    uint32
	Subcode string // with prefix, as in w:TimedOut
	Text    string // localised
	// WMI asks for the form of newer Windows: an MSFT_WmiError in place of the
	// WSManFault, and no RelatesTo.
	WMI bool
	// Bare asks for what the standard demands and no more: a subcode without a code.
	Bare bool
}

func (f *Fault) Error() string {
	return fmt.Sprintf("fault %d: %s", f.Code, f.text())
}

// known holds what Windows says in German; clients must go by the code.
var known = map[uint32]Fault{
	CodeAccessDenied:      {Subcode: "w:AccessDenied", Text: "Zugriff verweigert"},
	CodeAborted:           {Subcode: "w:InternalError", Text: "Der E/A-Vorgang wurde wegen eines Threadendes oder einer Anwendungsanforderung abgebrochen."},
	CodeShuttingDown:      {Subcode: "w:InternalError", Text: "Das System wird heruntergefahren."},
	CodeShutdownUnderWay:  {Subcode: "w:InternalError", Text: "Ein Herunterfahren des Systems ist bereits geplant."},
	CodeUsersLoggedOn:     {Subcode: "w:InternalError", Text: "Das Herunterfahren kann nicht eingeleitet werden, da noch andere Benutzer am Computer angemeldet sind."},
	CodeNoSuchResource:    {Subcode: "wsa:DestinationUnreachable", Text: "Der Ressourcen-URI ist nicht vorhanden, oder die Abfrage ist ungültig."},
	CodeNoSuchEnumeration: {Subcode: "wsen:InvalidEnumerationContext", Text: "Der bereitgestellte Enumerationskontext ist ungültig."},
	CodeTimedOut:          {Subcode: "w:TimedOut", Text: "Der WS-Verwaltungsdienst kann den Vorgang nicht innerhalb der in OperationTimeout angegebenen Zeit abschließen."},
	CodeInvalidSelectors:  {Subcode: "w:InvalidSelectors", Text: "Die Anforderung für die Windows-Remoteshell ist fehlgeschlagen, weil die Shell auf dem Server nicht gefunden wurde."},
	CodeDeniedByWMI:       {Subcode: "w:AccessDenied", Text: "Der WMI-Dienst hat den Fehler \"Zugriff verweigert\" zurückgegeben."},
	CodeQueryByClass:      {Subcode: "w:InvalidSelectors", Text: "Der Ressourcen-URI für eine Enumeration mit einem WQL-Filter darf keine Schlüssel enthalten, und der Klassenname muss \"*\" sein."},
	CodeNoSuchInstance:    {Subcode: "wsa:DestinationUnreachable", Text: "Das angeforderte Objekt wurde nicht gefunden."},
	CodeQuota:             {Subcode: "w:QuotaLimit", Text: "Die maximale Anzahl von Shells oder gleichzeitigen Vorgängen für diesen Benutzer wurde überschritten."},
	CodeNotSupported:      {Subcode: "wsa:ActionNotSupported", Text: "Die Aktion wird vom Dienst nicht unterstützt."},
	CodeProviderFails:     {Subcode: "w:InternalError", Text: "Fehler beim Laden des Anbieters."},
	CodeEnvelopeTooSmall:  {Subcode: "w:EncodingLimit", Text: "Die Größe des Antwortpakets überschreitet die zulässige maximale Umschlaggröße."},
}

func (f *Fault) text() string {
	return cmp.Or(f.Text, known[f.Code].Text, "Unbekannter Fehler.")
}

// response renders the fault as the answer to the request with messageID.
func (f *Fault) response(messageID, computer string) string {
	var m markup
	m.open("s:Fault")
	m.open("s:Code")
	m.leaf("s:Value", "s:Receiver")
	m.open("s:Subcode")
	m.leaf("s:Value", cmp.Or(f.Subcode, known[f.Code].Subcode, "w:InternalError"))
	m.end("s:Subcode")
	m.end("s:Code")
	m.open("s:Reason")
	m.leaf("s:Text", f.text(), "xml:lang", language)
	m.end("s:Reason")
	m.open("s:Detail")
	switch {
	case f.Bare:
	case f.WMI:
		f.wmiError(&m)
		messageID = ""
	default:
		m.open("f:WSManFault", "xmlns:f", nsFault, "Code", strconv.FormatUint(uint64(f.Code), 10), "Machine", computer)
		m.leaf("f:Message", f.text())
		m.end("f:WSManFault")
	}
	m.end("s:Detail")
	m.end("s:Fault")
	return response(actionFault, messageID, m.String())
}

func (f *Fault) wmiError(m *markup) {
	m.open("p:MSFT_WmiError", "b:IsCIM_Error", "true",
		"xmlns:b", nsBinding,
		"xmlns:p", wmiPrefix+"root/Microsoft/Windows/Management/MSFT_WmiError",
		"xmlns:cim", nsCommon, "xmlns:xsi", nsInstance, "xsi:type", "p:MSFT_WmiError_Type")
	m.leaf("p:CIMStatusCode", "27", "xsi:type", "cim:cimUnsignedInt")
	m.empty("p:CIMStatusCodeDescription", "xsi:type", "cim:cimString", "xsi:nil", "true")
	m.leaf("p:MessageID", fmt.Sprintf("HRESULT 0x%08x", f.Code), "xsi:type", "cim:cimString")
	m.leaf("p:Message", f.text(), "xsi:type", "cim:cimString")
	m.leaf("p:error_Category", "30", "xsi:type", "cim:cimUnsignedInt")
	m.leaf("p:error_Code", strconv.FormatUint(uint64(f.Code), 10), "xsi:type", "cim:cimUnsignedInt")
	m.leaf("p:error_Type", "HRESULT", "xsi:type", "cim:cimString")
	m.leaf("p:error_WindowsErrorMessage", f.text(), "xsi:type", "cim:cimString")
	m.end("p:MSFT_WmiError")
}
