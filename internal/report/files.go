package report

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// files are the three files of a report in their folder. As long as log is open they are
// held by this process alone.
type files struct {
	folder     *os.Root
	page, data string
	log        *os.File
}

// TakenError says that another process writes, or wrote in this very apply, the report
// that was configured, so that this one stands beside it.
type TakenError struct{ Path, Instead string }

func (e *TakenError) Error() string {
	return fmt.Sprintf("%s belongs to another provider process of this apply, or of one that still runs; this one's report is %s", e.Path, e.Instead)
}

// Advice says what to do about it.
func (*TakenError) Advice() string {
	return "Give each alias of the provider a report of its own, and let one apply run at a time."
}

// WriteError says that what was shown last is not the end.
type WriteError struct {
	Path string
	Err  error
}

func (e *WriteError) Error() string { return e.Err.Error() }

func (e *WriteError) Unwrap() error { return e.Err }

// Advice says what to do about it.
func (*WriteError) Advice() string {
	return "The apply itself is not touched by that. See that the folder exists, can be written to and has room, or choose another path."
}

// mostNames bounds the search for a name that nobody else holds.
const mostNames = 99

var errTaken = errors.New("another process writes it")

// claim takes the names for a report: those of path, or with -2, -3, … where another
// process holds them, or has written them since a moment. A page that was its own before
// is taken up again.
func claim(path string, since time.Time, own string) (*files, error) {
	folder, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	extension := filepath.Ext(path)
	stem := strings.TrimSuffix(filepath.Base(path), extension)
	err = fmt.Errorf("%s and %d more names: %w", path, mostNames-1, errTaken)
	for n := 1; n <= mostNames; n++ {
		name := stem
		if n > 1 {
			name = fmt.Sprintf("%s-%d", stem, n)
		}
		log, busy := hold(folder, name+".txt", since, own == name+extension)
		if busy == nil {
			return &files{folder: folder, page: name + extension, data: name + ".json", log: log}, nil
		}
		if !errors.Is(busy, errTaken) {
			err = busy
			break
		}
	}
	return nil, errors.Join(err, folder.Close())
}

// hold opens the plain lines and locks them: the lock goes with the process, however that
// ends. Those of others are emptied.
func hold(folder *os.Root, name string, since time.Time, own bool) (*os.File, error) {
	file, err := folder.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	if err = lock(file); err == nil && !own {
		err = empty(file, since)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// empty empties the file, unless it was written since this provider was configured: then
// another one of this apply has written it and ended.
func empty(file *os.File, since time.Time) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if info.Size() > 0 && info.ModTime().After(since) {
		return errTaken
	}
	if err := file.Chmod(0o600); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return file.Truncate(0)
}

// replace writes a file so that whoever reads it finds it whole, the old or the new one,
// whenever this process is ended.
func (f *files) replace(name string, content []byte) error {
	draft := "." + name + ".new"
	_ = f.folder.Remove(draft) // one that a killed process left, and nothing else's
	file, err := f.folder.OpenFile(draft, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err = errors.Join(err, file.Close()); err == nil {
		err = f.folder.Rename(draft, name)
	}
	if err != nil {
		_ = f.folder.Remove(draft)
	}
	return err
}

// close lets others have the files.
func (f *files) close() error { return errors.Join(f.log.Close(), f.folder.Close()) }

// add adds lines and gives those that were not written.
func (f *files) add(lines []byte) ([]byte, error) {
	n, err := f.log.Write(lines)
	if err == nil && n < len(lines) {
		err = io.ErrShortWrite
	}
	return lines[n:], err
}
