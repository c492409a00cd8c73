package report

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// Variables by which a test starts this program as a process that writes a report.
const (
	actVariable  = "TIMAGO_TEST_REPORT_ACT"
	pathVariable = "TIMAGO_TEST_REPORT_PATH"
)

// acts are what such a process does.
var acts = map[string]func(path string){}

// TestMain lets the tests start themselves as a process that writes a report.
func TestMain(m *testing.M) {
	if act := acts[os.Getenv(actVariable)]; act != nil {
		act(os.Getenv(pathVariable))
		return
	}
	goleak.VerifyTestMain(m)
}
