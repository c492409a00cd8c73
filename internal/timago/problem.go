package timago

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/timago/terraform-provider-timago/internal/foreign"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/timago/contract"
)

// Problem is a refusal. It is kms.ErrDenied for 401 and 403, kms.ErrUnreachable where the
// server is away. A 404 says nothing about a station: see Client.Station.
type Problem struct {
	Status      int
	Code        contract.ProblemCode // "" where the answer was no problem document
	Title       string
	Detail      string
	Errors      []contract.FieldError
	Method      string
	RequestPath string
	Location    string // where a redirect points
}

const codePageTokenEnded = contract.ProblemCodePageTokenEnded

// maxProblem bounds what is read of a refusal. A longer one is told by its status alone.
const maxProblem = 64 << 10

func problemOf(response *http.Response, body []byte) *Problem {
	problem := &Problem{
		Status:      response.StatusCode,
		Title:       cmp.Or(http.StatusText(response.StatusCode), "status unknown"),
		Method:      response.Request.Method,
		RequestPath: response.Request.URL.Path,
	}
	if response.StatusCode < http.StatusBadRequest {
		if location, err := response.Location(); err == nil {
			problem.Location = location.Scheme + "://" + location.Host
		}
		return problem
	}
	var document struct { // lenient: a refusal is told however poorly it is written
		Code   contract.ProblemCode  `json:"code"`
		Title  string                `json:"title"`
		Detail string                `json:"detail"`
		Errors []contract.FieldError `json:"errors"`
	}
	if len(body) > maxProblem || json.Unmarshal(body, &document) != nil {
		return problem
	}
	problem.Code = foreign.Text(document.Code)
	problem.Title = cmp.Or(foreign.Text(document.Title), problem.Title)
	problem.Detail = foreign.Text(document.Detail)
	for _, field := range document.Errors[:min(len(document.Errors), 10)] {
		problem.Errors = append(problem.Errors, contract.FieldError{Pointer: foreign.Text(field.Pointer), Detail: foreign.Text(field.Detail)})
	}
	return problem
}

func (p *Problem) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s: %d %s", p.Method, p.RequestPath, p.Status, p.Title)
	if p.Code != "" {
		fmt.Fprintf(&text, " (%s)", p.Code)
	}
	if p.Location != "" {
		text.WriteString(": redirected to " + p.Location)
	}
	if p.Detail != "" {
		text.WriteString(": " + p.Detail)
	}
	for _, field := range p.Errors {
		text.WriteString("; " + field.Pointer + ": " + field.Detail)
	}
	return text.String()
}

// Is makes the sentinels work.
func (p *Problem) Is(target error) bool {
	switch target {
	case kms.ErrDenied:
		return p.Status == http.StatusUnauthorized || p.Status == http.StatusForbidden
	case kms.ErrUnreachable:
		return p.Status == http.StatusBadGateway || p.Status == http.StatusServiceUnavailable || p.Status == http.StatusGatewayTimeout
	}
	return false
}

// Advice says what to do next: by the code where it is known, else by the status.
func (p *Problem) Advice() string {
	switch {
	case p.Location != "":
		return "Redirects are not followed, so that the token reaches nobody else: set endpoint to the address where the interface itself answers."
	case p.Conflict():
		return "Somebody else is changing the same station. Run the apply again when they have finished."
	case p.Code == contract.ProblemCodeUnsupported:
		return "This server cannot do it. Do it in Timago's own window, or choose another method."
	case p.Code == contract.ProblemCodeKeyReused:
		return "The server takes this for another command than the one that the key stood for: look at the station in Timago, and at the server's log."
	case p.Code == contract.ProblemCodeInvalidValue:
		return "This is not possible for the station's image: look at the station in Timago, under Stationen > Betriebssystem."
	}
	switch p.Status {
	case http.StatusUnauthorized:
		return "The server does not accept the provider's token: check token (TIMAGO_TOKEN), whether it has ended, and whether endpoint is the server that issued it."
	case http.StatusForbidden:
		return "The token (token, TIMAGO_TOKEN) is valid, but has not the right for this. Rights are given per computer group: give its account the right, or use the token of one that has it."
	case http.StatusNotFound:
		return p.adviceNotFound()
	case http.StatusMethodNotAllowed:
		return fmt.Sprintf("Something refuses the method %s, which the interface must have: a proxy before the server, or endpoint is not the address of the interface.", p.Method)
	case http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong:
		return "The server, or a proxy before it, takes less than the contract demands: request lines of 32 KiB and bodies of 256 KiB."
	case http.StatusPreconditionRequired:
		return "The provider sends If-Match with every change. Something between, such as a proxy, takes it out, or the server does not read it."
	case http.StatusTooManyRequests:
		return "The server limits its requests: raise max_retries, or run Terraform with a lower -parallelism."
	}
	if p.Status >= http.StatusInternalServerError {
		return "The fault is the server's: look into its log, then run the apply again."
	}
	return "The server refuses what its contract has (internal/timago/openapi.yaml): the interface wants mending, or was made for another version of it."
}

func (p *Problem) adviceNotFound() string {
	switch p.Code {
	case contract.ProblemCodeNotFound, contract.ProblemCodeOperatingSystemNotFound:
		return "This says nothing about whether the station exists, which only GET /stations/{id} does. Run the apply again; if it stays, the server's interface wants mending."
	}
	return "The server does not know this path at all: check that endpoint is the address of the HTTP interface in front of the Timago server."
}

// Conflict reports whether somebody else changed, or is changing, the object.
func (p *Problem) Conflict() bool {
	return p.Status == http.StatusConflict || p.Status == http.StatusPreconditionFailed
}

// conflict reports whether a write may be tried again on what is there now.
func conflict(err error) bool {
	var problem *Problem
	return errors.As(err, &problem) && problem.Conflict()
}

// answered reports whether the server refused with a status and a code.
func answered(err error, status int, code contract.ProblemCode) bool {
	var problem *Problem
	return errors.As(err, &problem) && problem.Status == status && problem.Code == code
}
