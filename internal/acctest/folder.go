package acctest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Copy puts a folder, with all that is in it, into the workspace.
func (w *Workspace) Copy(folder string) {
	w.t.Helper()
	if err := os.CopyFS(w.dir, os.DirFS(folder)); err != nil {
		w.t.Fatal(err)
	}
}

// Matching are the files of the workspace that match a pattern of path/filepath.
func (w *Workspace) Matching(pattern string) []string {
	w.t.Helper()
	found, err := filepath.Glob(filepath.Join(w.dir, pattern))
	if err != nil {
		w.t.Fatal(err)
	}
	for i, file := range found {
		if found[i], err = filepath.Rel(w.dir, file); err != nil {
			w.t.Fatal(err)
		}
	}
	return found
}

// Remove takes files out of the workspace; patterns are those of path/filepath.
func (w *Workspace) Remove(pattern string) {
	w.t.Helper()
	for _, file := range w.Matching(pattern) {
		if err := os.Remove(filepath.Join(w.dir, file)); err != nil {
			w.t.Fatal(err)
		}
	}
}

// Bash runs a line as a runner does, with the CLI on its PATH as terraform. env are further
// variables.
func (w *Workspace) Bash(line string, env ...string) Outcome {
	w.t.Helper()
	bin := filepath.Join(w.dir, "bin")
	if err := os.MkdirAll(bin, 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Symlink(w.cli, filepath.Join(bin, "terraform")); err != nil && !errors.Is(err, fs.ErrExist) {
		w.t.Fatal(err)
	}
	env = append(env, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	shell := *w
	shell.cli, shell.env = "bash", append(slices.Clip(w.env), env...)
	return shell.Run("-e", "-c", line)
}
