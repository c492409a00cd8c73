//go:build unix

package acctest

import (
	"os/exec"
	"syscall"
)

// inOwnGroup keeps the CLI and the providers that it starts together.
func inOwnGroup(command *exec.Cmd) { command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func killGroup(command *exec.Cmd) error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
