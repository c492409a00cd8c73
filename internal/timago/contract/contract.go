// Package contract has the types of ../openapi.yaml, generated from it, and the codes that
// it lists. The contract is this project's own; the vendor of Timago publishes none.
package contract

//go:generate go tool -modfile=../../tools/go.mod oapi-codegen -config oapi-codegen.yaml ../openapi.yaml
