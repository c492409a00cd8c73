package acctest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
)

// Copy puts a folder, with all that is in it, into the workspace.
func (w *Workspace) Copy(folder string) {
	w.t.Helper()
	if err := os.CopyFS(w.dir, os.DirFS(folder)); err != nil {
		w.t.Fatal(err)
	}
}

// Remove takes files out of the workspace; patterns are those of path/filepath.
func (w *Workspace) Remove(pattern string) {
	w.t.Helper()
	files, err := filepath.Glob(filepath.Join(w.dir, pattern))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, file := range files {
		if err := os.Remove(file); err != nil {
			w.t.Fatal(err)
		}
	}
}

// Script runs a script of the folder as a pipeline does, with the CLI under the name that
// the variable TERRAFORM gives. env are further variables.
func (w *Workspace) Script(env []string, script string, args ...string) Outcome {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), runLimit)
	w.t.Cleanup(cancel)
	r := &Running{t: w.t, command: exec.CommandContext(ctx, "bash", append([]string{script}, args...)...)}
	r.command.Dir, r.command.Env = w.dir, append(append(w.env, "TERRAFORM="+w.cli), env...)
	r.command.Stdout, r.command.Stderr = &r.output, &r.output
	inOwnGroup(r.command)
	if err := r.command.Start(); err != nil {
		w.t.Fatal(err)
	}
	return r.Wait()
}
