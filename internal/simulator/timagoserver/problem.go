package timagoserver

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/timago/terraform-provider-timago/internal/timago/contract"
)

// refusal is a problem document on its way.
type refusal struct {
	contract.Problem
	retryAfter int      // seconds; -1: none is given
	allow      []string // methods, of 405
}

func (r *refusal) Error() string { return r.Code }

func refuse(status int, code contract.ProblemCode, detail string, fields ...contract.FieldError) *refusal {
	r := &refusal{Problem: contract.Problem{Status: status, Code: code, Title: http.StatusText(status)}, retryAfter: -1}
	if detail != "" {
		r.Detail = &detail
	}
	if len(fields) > 0 {
		r.Errors = &fields
	}
	return r
}

func (r *refusal) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/problem+json")
	if r.retryAfter >= 0 {
		w.Header().Set("Retry-After", strconv.Itoa(r.retryAfter))
	}
	if r.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	if r.allow != nil {
		w.Header().Set("Allow", strings.Join(r.allow, ", "))
	}
	w.WriteHeader(r.Status)
	_ = json.NewEncoder(w).Encode(r.Problem) // a client that has gone has its own problem
}

func badRequest(w http.ResponseWriter, _ *http.Request, err error) {
	refuse(http.StatusBadRequest, contract.ProblemCodeInvalidRequest, err.Error()).write(w)
}

// failed answers what a call returned instead of an answer.
func failed(w http.ResponseWriter, _ *http.Request, err error) {
	var refused *refusal
	if !errors.As(err, &refused) {
		refused = refuse(http.StatusInternalServerError, contract.ProblemCodeInternalError, err.Error())
	}
	refused.write(w)
}
