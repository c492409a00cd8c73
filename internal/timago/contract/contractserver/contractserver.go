// Package contractserver is a server's side of ../../openapi.yaml: its routes and the
// answers of each call, generated. Only tests and the simulated site use it; nothing that
// ships imports it.
package contractserver

//go:generate go tool -modfile=../../../tools/go.mod oapi-codegen -config oapi-codegen.yaml ../../openapi.yaml
