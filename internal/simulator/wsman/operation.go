package wsman

import (
	"cmp"
	"errors"
	"net/http"
	"strings"

	"github.com/timago/terraform-provider-timago/internal/simulator/wql"
)

// operation is a parsed request with what it takes to answer it.
type operation struct {
	*exchange
	*envelope
	namespace string     // of a WMI resource, as the client spells it: root/cimv2
	query     *wql.Query // of an Enumerate
}

// operate answers the SOAP request in the body; anonymous clients may only
// ask who is there.
func (x *exchange) operate(anonymous bool) {
	e, err := parseEnvelope(x.body)
	if err != nil {
		x.send(status(http.StatusBadRequest))
		return
	}
	o := &operation{exchange: x, envelope: e}
	fault := o.classify()
	if anonymous && x.entry.Kind != Identify {
		fault = &Fault{Code: CodeAccessDenied}
	}
	o.underCondition(fault)
}

// underCondition answers as far as the endpoint's condition lets it; fault is
// what is wrong with the request itself.
func (o *operation) underCondition(fault *Fault) {
	condition := o.condition()
	var result answer
	if condition.After || condition.Trouble.corruptsTheAnswer() {
		result = o.execute(fault)
	}
	switch condition.Trouble {
	case None:
		o.send(o.execute(fault))
	case Unauthorized:
		o.unauthorized()
	case Unavailable:
		o.send(status(http.StatusServiceUnavailable))
	case Quota, QuotaWMI:
		o.send(o.faulted(&Fault{Code: CodeQuota, WMI: condition.Trouble == QuotaWMI}))
	case ShuttingDown:
		o.send(o.faulted(&Fault{Code: CodeAborted}))
	case Faulted:
		o.send(o.faulted(cmp.Or(condition.Fault, &Fault{})))
	case Reset, Hang:
		o.vanish(condition.Trouble)
	case EmptyBody:
		o.send(answer{status: http.StatusOK, other: soapType})
	case TruncatedXML:
		result.body = strings.ToValidUTF8(result.body[:len(result.body)/2], "")
		o.send(result)
	case Garbage:
		o.send(answer{status: http.StatusOK, body: "<!DOCTYPE html><title>Service</title><p>&nbsp;<br>", other: "text/html"})
	}
}

// classify finds out what is asked, for the log and for the condition.
func (o *operation) classify() *Fault {
	r, body := &o.entry.Request, o.content()
	if body.XMLName.Space == nsIdentity && body.XMLName.Local == "Identify" {
		r.Kind = Identify
		return nil
	}
	action, resource := o.Header.Action, o.Header.ResourceURI
	if resource == shellCmd {
		return o.classifyShell()
	}
	path, ok := cutPrefixFold(resource, wmiPrefix)
	if !ok {
		r.Kind = Unknown
		return &Fault{Code: CodeNoSuchResource}
	}
	at := strings.LastIndexByte(path, '/')
	o.namespace, r.Class = path[:max(at, 0)], path[at+1:]
	verb, isEnumeration := strings.CutPrefix(action, nsEnumeration+"/")
	method, isMethod := cutPrefixFold(action, resource+"/")
	switch {
	case action == nsTransfer+"/Get":
		r.Kind = Get
	case isEnumeration && verb == "Enumerate":
		r.Kind = Enumerate
		if fault := o.classifyEnumerate(body); fault != nil {
			return fault
		}
	case isEnumeration && verb == "Pull":
		r.Kind = Pull
		return nil
	case isEnumeration && verb == "Release":
		r.Kind = Release
		return nil
	case isMethod && method != "":
		r.Kind, r.Method = Invoke, method
	default:
		r.Kind = Unknown
		return &Fault{Code: CodeNotSupported}
	}
	if !strings.EqualFold(o.namespace, "root/cimv2") {
		return &Fault{Code: CodeNoSuchResource}
	}
	return nil
}

func (o *operation) classifyEnumerate(body element) *Fault {
	r := &o.entry.Request
	o.query = wql.All(r.Class)
	filter := body.child("Filter")
	if !filter.present() {
		if r.Class == "*" {
			return &Fault{Code: CodeNoSuchResource}
		}
		return nil
	}
	r.Query = filter.text()
	if dialect := filter.attribute("Dialect"); dialect != dialectWQL {
		return &Fault{Code: CodeNoSuchResource}
	}
	keys := o.selectors()
	delete(keys, "__cimnamespace")
	if r.Class != "*" || len(keys) > 0 {
		return &Fault{Code: CodeQueryByClass}
	}
	query, err := wql.Parse(r.Query)
	if err != nil {
		return &Fault{Code: CodeNoSuchResource, Text: known[CodeNoSuchResource].Text + " " + err.Error()}
	}
	o.query, r.Class = query, query.Class
	return nil
}

// cutPrefixFold is strings.CutPrefix without regard to case: resource URIs
// are compared so.
func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// execute carries the operation out, unless the request itself is at fault.
func (o *operation) execute(fault *Fault) answer {
	if fault != nil {
		return o.faulted(fault)
	}
	body, action, err := o.perform()
	if errors.Is(err, errGone) {
		o.abandon()
	}
	if errors.Is(err, ErrNoSuchClass) {
		err = &Fault{Code: CodeNoSuchResource}
	}
	if errors.As(err, &fault) {
		return o.faulted(fault)
	}
	if err != nil {
		return o.faulted(&Fault{Text: err.Error()})
	}
	text := response(action, o.Header.MessageID, body)
	if sizeOf(text) > o.envelopeSize() {
		return o.faulted(&Fault{Code: CodeEnvelopeTooSmall})
	}
	return answer{status: http.StatusOK, body: text}
}

// perform returns the body of the answer and its action.
func (o *operation) perform() (body, action string, err error) {
	action = o.Header.Action + "Response"
	switch o.entry.Kind {
	case Identify:
		return o.identify(), "", nil
	case Enumerate:
		body, err = o.enumerate()
	case Pull:
		body, err = o.pull()
	case Release:
		err = o.release()
	case Get:
		body, err = o.get()
	case Invoke:
		body, err = o.invoke()
	default:
		return o.performShell()
	}
	return body, action, err
}

func (o *operation) faulted(fault *Fault) answer {
	return answer{
		status: http.StatusInternalServerError,
		body:   fault.response(o.Header.MessageID, o.server.config.Name),
		fault:  fault.Code,
	}
}

func (o *operation) identify() string {
	var m markup
	m.open("wsmid:IdentifyResponse", "xmlns:wsmid", nsIdentity)
	m.leaf("wsmid:ProtocolVersion", nsManagement)
	m.leaf("wsmid:ProductVendor", "Microsoft Corporation")
	m.leaf("wsmid:ProductVersion", "OS: 10.0.19045 SP: 0.0 Stack: 3.0")
	m.end("wsmid:IdentifyResponse")
	return m.String()
}
