//go:build unix

package report

import (
	"time"

	"golang.org/x/sys/unix"
)

// processorTime is what this process has used; 0 where that is not known.
func processorTime() time.Duration {
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
