package activationpool

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

// Rooms are waited for most of the time, so that more of them are open at once than there are
// cores.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}
