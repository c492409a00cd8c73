package timagoserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/timago/terraform-provider-timago/internal/timago/contract"
)

const (
	maxIDs     = 500
	maxTargets = 1000
)

// The contract's patterns.
var (
	stationID      = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	idempotencyKey = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
)

// The calls that differ from the others in what they take or can be refused with.
const (
	callInfo  = "GET /info"
	callPatch = "PATCH /stations/{id}/operating-systems/{name}"
	callSend  = "POST /commands"
)

// takes are the query parameters of each call; true where one may be given several times.
var takes = map[string]map[string]bool{
	"GET /stations": {
		"id": true, "name": true, "location": false, "computer_group": false, "online": false, "kms_activation": false,
		"started_after": false, "page_size": false, "page_token": false,
	},
	"GET /locations":       {"page_size": false, "page_token": false},
	"GET /computer-groups": {"page_size": false, "page_token": false},
}

// invalid compares a request with the contract as far as its generated side does not;
// nil where it keeps to it. It is written apart from openapi.yaml on purpose: tests hold
// the client against that, and so a mistake in either shows.
func invalid(e *exchange, r *http.Request) *refusal {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return wrong("query", err.Error())
	}
	if refused := invalidQuery(e.entry.Call, query); refused != nil {
		return refused
	}
	ids := query["id"]
	if strings.HasPrefix(e.entry.Path, "/stations/") {
		ids = e.entry.Stations
	}
	for _, id := range ids {
		if !stationID.MatchString(id) {
			return wrong("id", "no client id: a GUID in lower case")
		}
	}
	switch e.entry.Call {
	case callPatch:
		return invalidPatch(r)
	case callSend:
		var request contract.CommandRequest
		if refused := body(r, &request); refused != nil {
			return refused
		}
		return invalidCommand(request)
	}
	return nil
}

func invalidQuery(call string, query url.Values) *refusal {
	for name, values := range query {
		if !utf8.ValidString(name + strings.Join(values, "")) {
			return wrong("query", "is not UTF-8")
		}
		several, known := takes[call][name]
		switch {
		case !known:
			return wrong(name, "there is no such parameter")
		case len(values) > 1 && !several:
			return wrong(name, "may be given once")
		case len(values) > maxIDs:
			return wrong(name, fmt.Sprintf("at most %d", maxIDs))
		case slices.Contains(values, "") && name != "location" && name != "computer_group":
			return wrong(name, "empty")
		case (name == "online" || name == "kms_activation") && values[0] != "true" && values[0] != "false":
			return wrong(name, "true or false")
		}
	}
	return nil
}

// oneETag is a strong ETag; neither * nor a list.
var oneETag = regexp.MustCompile(`^"[^"]*"$`)

func invalidPatch(r *http.Request) *refusal {
	var settings struct {
		KMSActivation *bool `json:"kms_activation"`
	}
	if refused := body(r, &settings); refused != nil {
		return refused
	}
	given := r.Header.Values("If-Match")
	switch {
	case settings.KMSActivation == nil:
		return wrongField("/kms_activation", "missing")
	case len(given) == 0:
		return refuse(http.StatusPreconditionRequired, contract.ProblemCodePreconditionRequired, "If-Match is missing: send the station's ETag")
	case len(given) > 1 || !oneETag.MatchString(given[0]):
		return wrong("If-Match", "takes one ETag, with its quotes")
	}
	return nil
}

func invalidCommand(request contract.CommandRequest) *refusal {
	switch n := len(request.Stations); {
	case !request.Command.Valid():
		return wrongField("/command", "unknown")
	case n == 0 || n > maxTargets:
		return wrongField("/stations", fmt.Sprintf("1 to %d", maxTargets))
	case request.OperatingSystem != nil && *request.OperatingSystem == "":
		return wrongField("/operating_system", "empty")
	}
	for i, target := range request.Stations {
		switch {
		case !stationID.MatchString(target.ID):
			return wrongField(fmt.Sprintf("/stations/%d/id", i), "no client id: a GUID in lower case")
		case !idempotencyKey.MatchString(target.Key):
			return wrongField(fmt.Sprintf("/stations/%d/key", i), "1 to 64 letters, digits, - and _")
		}
	}
	return nil
}

// body reads the request's body, which takes no field that the contract does not know,
// and leaves it to be read again.
func body(r *http.Request, into any) *refusal {
	text, err := io.ReadAll(r.Body) // in memory already
	if err != nil {
		return wrong("body", err.Error())
	}
	r.Body = io.NopCloser(bytes.NewReader(text))
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return refuse(http.StatusUnsupportedMediaType, contract.ProblemCodeUnsupportedMediaType, "send application/json")
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	err = decoder.Decode(into)
	var field *json.UnmarshalTypeError
	switch {
	case errors.As(err, &field):
		return wrongField("/"+strings.ReplaceAll(field.Field, ".", "/"), "is no "+field.Type.String())
	case err != nil:
		return wrong("body", err.Error())
	}
	return nil
}

func wrong(what, why string) *refusal {
	return refuse(http.StatusBadRequest, contract.ProblemCodeInvalidRequest, what+": "+why)
}

func wrongField(pointer, why string) *refusal {
	return refuse(http.StatusBadRequest, contract.ProblemCodeInvalidRequest, "the body does not keep to the contract",
		contract.FieldError{Pointer: pointer, Detail: why})
}
