package contract

// The codes of problem documents that the contract lists. The set is open.
const (
	ProblemCodeInvalidRequest          ProblemCode = "invalid_request"
	ProblemCodePageTokenEnded          ProblemCode = "page_token_ended"
	ProblemCodeUnauthorized            ProblemCode = "unauthorized"
	ProblemCodeForbidden               ProblemCode = "forbidden"
	ProblemCodeNotFound                ProblemCode = "not_found"
	ProblemCodeOperatingSystemNotFound ProblemCode = "operating_system_not_found"
	ProblemCodeUnknownPath             ProblemCode = "unknown_path"
	ProblemCodeMethodNotAllowed        ProblemCode = "method_not_allowed"
	ProblemCodeConflict                ProblemCode = "conflict"
	ProblemCodePreconditionFailed      ProblemCode = "precondition_failed"
	ProblemCodeTooLarge                ProblemCode = "too_large"
	ProblemCodeURITooLong              ProblemCode = "uri_too_long"
	ProblemCodeUnsupportedMediaType    ProblemCode = "unsupported_media_type"
	ProblemCodeInvalidValue            ProblemCode = "invalid_value"
	ProblemCodeUnsupported             ProblemCode = "unsupported"
	ProblemCodeKeyReused               ProblemCode = "key_reused"
	ProblemCodePreconditionRequired    ProblemCode = "precondition_required"
	ProblemCodeRateLimited             ProblemCode = "rate_limited"
	ProblemCodeInternalError           ProblemCode = "internal_error"
	ProblemCodeUnavailable             ProblemCode = "unavailable"
)
