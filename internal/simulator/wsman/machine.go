package wsman

import (
	"context"
	"errors"
)

// Machine is what an endpoint shows. Its methods are called from several
// goroutines; they return soon after their context ends.
type Machine interface {
	// Instances returns all instances of a class, ErrNoSuchClass where the
	// machine has no such class. The server filters and projects.
	Instances(ctx context.Context, class string) ([]Instance, error)
	// Invoke calls a method; a *Fault as error becomes that SOAP fault.
	Invoke(ctx context.Context, call Call) (Result, error)
	// Run runs a command to its end; a cancelled context means that the client
	// ended the command or its shell.
	Run(ctx context.Context, command Command) Output
}

// ErrNoSuchClass is what Machine.Instances and Machine.Invoke return for a
// class or a method that the machine does not have; it is answered as fault
// CodeNoSuchResource.
var ErrNoSuchClass = errors.New("no such class")

// Instance is one CIM instance.
type Instance struct {
	Class      string     // its own class, which may be a subclass of the one asked for
	Properties []Property // in the order of the class
	Keys       []string   // names of the key properties
}

// Property is one property of an instance. Value is nil (null), string, bool,
// a signed or unsigned integer, float64, time.Time (CIM datetime), or a slice
// of those; a nil slice is null.
type Property struct {
	Name  string
	Value any
}

// Call is a method call. Selectors name the instance and are empty for a call
// by class; argument values are the text of the request's elements.
type Call struct {
	Class, Method string
	Selectors     map[string]string
	Arguments     map[string]string
	User          string
}

// Result is what a method gives back: out parameters, with values as in
// Property, and the return value.
type Result struct {
	Out         map[string]any
	ReturnValue uint32
}

// Command is a command of a shell: a line for cmd.exe or, with SkipCmdShell,
// a program that is started with Arguments.
type Command struct {
	Line         string
	Arguments    []string
	Stdin        []byte
	SkipCmdShell bool
	User         string
}

// Output is what a command wrote and how it ended.
type Output struct {
	Stdout, Stderr []byte
	Exit           int
}
