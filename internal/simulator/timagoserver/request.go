package timagoserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"

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

// invalid compares a request with the contract as far as its generated side does not;
// nil where it keeps to it. It is written apart from openapi.yaml on purpose: tests hold
// the client against that, and so a mistake in either shows.
func invalid(e *exchange, r *http.Request) *refusal {
	query := r.URL.Query()
	for _, name := range []string{"id", "name"} {
		if len(query[name]) > maxIDs {
			return wrong(name, fmt.Sprintf("at most %d", maxIDs))
		}
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
	for _, name := range []string{"name", "page_token"} {
		if slices.Contains(query[name], "") {
			return wrong(name, "empty")
		}
	}
	switch e.entry.Call {
	case callPatch:
		var settings struct {
			KMSActivation *bool `json:"kms_activation"`
		}
		if refused := body(r, &settings); refused != nil {
			return refused
		}
		if settings.KMSActivation == nil {
			return wrongField("/kms_activation", "missing")
		}
	case callSend:
		var request contract.CommandRequest
		if refused := body(r, &request); refused != nil {
			return refused
		}
		return invalidCommand(request)
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
	if media := r.Header.Get("Content-Type"); media != "application/json" {
		return wrong("Content-Type", "application/json")
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
