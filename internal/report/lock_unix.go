//go:build unix

package report

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// lock locks a file for this process. Where the file system knows no locks, nobody is
// kept out.
func lock(file *os.File) error {
	err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return errTaken
	}
	return nil
}
