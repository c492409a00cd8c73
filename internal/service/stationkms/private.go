package stationkms

import (
	"context"
	"crypto/rand"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// What is kept beside the state and shown to nobody.
const (
	keyInstance = "instance" // tells this instance from others: Terraform shows no address
	keyReset    = "reset"    // the last reset that was commanded
	keyKept     = "kept"     // in a plan that destroys: another instance keeps the station
)

// privateReader and privateWriter are how the framework hands private data out.
type privateReader interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

type privateWriter interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// load reads a value. What is not there, or cannot be read, is the zero value.
func load[T any](ctx context.Context, from privateReader, key string) T {
	var value, none T
	content, diags := from.GetKey(ctx, key)
	if diags.HasError() || len(content) == 0 || json.Unmarshal(content, &value) != nil {
		return none
	}
	return value
}

func save(ctx context.Context, to privateWriter, key string, value any) diag.Diagnostics {
	content, err := json.Marshal(value)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Unable to keep what is known of a station", err.Error())}
	}
	return to.SetKey(ctx, key, content)
}

// instance is this instance's name among the others; one that has none gets one.
func instance(ctx context.Context, from privateReader, to privateWriter) (string, diag.Diagnostics) {
	if name := load[string](ctx, from, keyInstance); name != "" {
		return name, nil
	}
	name := rand.Text()
	return name, save(ctx, to, keyInstance, name)
}

func lastReset(ctx context.Context, from privateReader) resetMemory {
	return load[resetMemory](ctx, from, keyReset)
}

func rememberReset(ctx context.Context, to privateWriter, reset resetMemory) diag.Diagnostics {
	if reset == (resetMemory{}) {
		return nil
	}
	return save(ctx, to, keyReset, reset)
}

func isKept(ctx context.Context, from privateReader) bool { return load[bool](ctx, from, keyKept) }
