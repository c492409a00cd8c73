package report

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain lets the tests start themselves as a process that writes a report.
func TestMain(m *testing.M) {
	if act := acts[os.Getenv(actVariable)]; act != nil {
		act(os.Getenv(pathVariable))
		return
	}
	goleak.VerifyTestMain(m)
}
