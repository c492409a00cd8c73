// Package contract is what ../openapi.yaml says, as Go: types, the raw client, and the
// server's side with its routes. Everything in it is generated. The contract is this
// project's own; the vendor of Timago publishes none.
package contract

//go:generate go tool -modfile=../../tools/go.mod oapi-codegen -config oapi-codegen.yaml ../openapi.yaml
