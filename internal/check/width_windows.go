package check

import (
	"os"

	"golang.org/x/sys/windows"
)

// widthOf is how many characters a terminal shows in a line; 0 where it is none.
func widthOf(file *os.File) int {
	var info windows.ConsoleScreenBufferInfo
	if windows.GetConsoleScreenBufferInfo(windows.Handle(file.Fd()), &info) != nil {
		return 0
	}
	return int(info.Window.Right-info.Window.Left) + 1
}
