package recording

import (
	"regexp"

	"github.com/timago/terraform-provider-timago/internal/check/schema"
)

// What answers are made of, apart from the site's own values.
var (
	knownNames = []string{
		"Envelope", "Header", "Body", "EnumerateResponse", "PullResponse", "EnumerationContext", "Items", "EndOfSequence", "XmlFragment",
		"Datetime", "Date", "Time", "Interval", "Fault", "Code", "Subcode", "Value", "Reason", "Text", "Detail", "FaultDetail",
		"WSManFault", "Message", "ProviderFault", "ExtendedError", "__ExtendedStatus", "StatusCode", "MSFT_WmiError", "error_Code", "MessageID",
		"ReturnValue", "Activate_OUTPUT", "Win32ShutdownTracker_OUTPUT", "ResourceCreated", "Shell", "ShellId",
		"Event", "System", "Provider", "EventID", "Version", "Level", "Task", "Opcode", "Keywords", "TimeCreated", "EventRecordID",
		"Correlation", "Execution", "Channel", "Computer", "Security", "EventData", "UserData", "Data", "Binary",
		"xmlns", "nil", "type", "lang", "Name", "Guid", "EventSourceName", "Qualifiers", "SystemTime", "UserID", "ProcessID", "ThreadID", "Machine", "Path", "provider", "providerId",
		"xsi", "s", "a", "n", "w", "p", "x", "rsp", "cim", "wsa", "wsen", "f", "m", "b", "xml", "wxf", "wsman", "env",
	}
	knownPrefixes = []string{"xmlns", "xml", "xsi", "s", "a", "n", "w", "p", "x", "rsp", "cim", "wsa", "wsen", "f", "m", "b", "wxf", "wsman", "env"}

	// numeric elements of faults, methods and commands.
	numeric = []string{"error_Code", "StatusCode", "ReturnValue"}

	eventProperties = map[string]schema.Kind{
		"EventID": schema.Number, "Version": schema.Number, "Level": schema.Number, "Task": schema.Number, "Opcode": schema.Number,
		"EventRecordID": schema.Number, "Channel": schema.Product, "Data": schema.Fields, "UserData": schema.Fields,
	}

	namespaces = []string{
		"http://www.w3.org/2003/05/soap-envelope", "http://www.w3.org/2001/XMLSchema-instance",
		"http://schemas.xmlsoap.org/ws/2004/08/addressing", "http://schemas.xmlsoap.org/ws/2004/09/enumeration", "http://schemas.xmlsoap.org/ws/2004/09/transfer",
		"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd", "http://schemas.dmtf.org/wbem/wscim/1/common", "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd",
		"http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd", "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault", "http://schemas.microsoft.com/wbem/wsman/1/windows/shell",
		"http://schemas.microsoft.com/win/2004/08/events/event", "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/",
	}

	hresult  = regexp.MustCompile(`^HRESULT 0x[0-9A-Fa-f]{8}$`)
	subcode  = regexp.MustCompile(`^(s|w|a|n|wsa|wsen|wsman|env):(Sender|Receiver|InternalError|AccessDenied|QuotaLimit|TimedOut|CannotProcessFilter|InvalidEnumerationContext|DestinationUnreachable|UnsupportedFeature|EncodingLimit|SchemaValidationError)$`)
	language = regexp.MustCompile(`^[a-z]{2}(-[A-Z]{2})?$`)
)
