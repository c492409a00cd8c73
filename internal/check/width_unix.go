//go:build unix

package check

import (
	"os"

	"golang.org/x/sys/unix"
)

// widthOf is how many characters a terminal shows in a line; 0 where it is none.
func widthOf(file *os.File) int {
	size, err := unix.IoctlGetWinsize(int(file.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0
	}
	return int(size.Col)
}
