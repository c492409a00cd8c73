//go:build !unix

package acctest

import "os/exec"

func inOwnGroup(*exec.Cmd) {}

func killGroup(command *exec.Cmd) error { return command.Process.Kill() }
