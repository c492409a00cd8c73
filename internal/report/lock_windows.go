package report

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// lock locks a file for this process: a byte far behind its end, since on Windows nobody
// can read what is locked. Where the file system knows no locks, nobody is kept out.
func lock(file *os.File) error {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err := windows.LockFileEx(windows.Handle(file.Fd()), flags, 0, 1, 0, &windows.Overlapped{OffsetHigh: 1 << 30})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return errTaken
	}
	return nil
}
