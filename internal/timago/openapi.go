package timago

import _ "embed"

// OpenAPI is the contract that the client keeps to, in YAML: this project's own, not
// the vendor's.
//
//go:embed openapi.yaml
var OpenAPI string
