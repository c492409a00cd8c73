package kerberos

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// settings are what is used of krb5.conf. Everything else is left out: names are taken as
// they are given, tickets are asked for as they are needed, and of the encryption types the
// strongest that both sides know is used.
type settings struct {
	realm  string              // default_realm
	cache  string              // default_ccache_name
	noDNS  bool                // dns_lookup_kdc = false
	realms []string            // in their order
	kdcs   map[string][]string // by realm, as host:port; a realm may have none
	homes  map[string]string   // the realm of a host, or of a domain with a dot before it
	// ignored are settings of [libdefaults], kinds of KDCs and included files that are
	// not used, sorted.
	ignored []string
}

// Bounds on configuration files: include lines may go in circles.
const (
	maxConfigFiles = 100
	maxConfigDepth = 8
	maxConfigSize  = 1 << 20
	maxIgnored     = 50
)

// loadSettings reads the named file, else those of KRB5_CONFIG, else /etc/krb5.conf, which
// may be missing.
func loadSettings(name string) (*settings, error) {
	s := &settings{kdcs: map[string][]string{}, homes: map[string]string{}}
	names, missing := []string{name}, false
	if name == "" {
		names, missing = filepath.SplitList(os.Getenv("KRB5_CONFIG")), true
		if len(names) == 0 {
			names = []string{"/etc/krb5.conf"}
		} else if len(names) == 1 {
			missing = false
		}
	}
	r := &settingsReader{settings: s}
	for _, file := range names {
		err := r.file(file, 0)
		if missing && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(s.ignored)
	s.ignored = slices.Compact(s.ignored)
	return s, nil
}

// settingsReader reads files in the form of MIT's profile library.
type settingsReader struct {
	*settings
	files int
}

func (r *settingsReader) file(name string, depth int) error {
	if r.files++; r.files > maxConfigFiles || depth > maxConfigDepth {
		return fmt.Errorf("the Kerberos configuration includes too many files, %s at last", name)
	}
	file, err := os.Open(name) //nolint:gosec // the file that the user names, or one that includes it
	if err != nil {
		return fmt.Errorf("the Kerberos configuration cannot be read: %w", err)
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, maxConfigSize+1))
	if err != nil {
		return fmt.Errorf("the Kerberos configuration cannot be read: %w", err)
	}
	if len(text) > maxConfigSize {
		return fmt.Errorf("the Kerberos configuration %s is too large", name)
	}
	f := settingsFile{reader: r, depth: depth}
	for number, line := range strings.Split(strings.TrimPrefix(string(text), "\uFEFF"), "\n") {
		if err := f.line(strings.TrimSpace(line)); errors.Is(err, errNoSetting) {
			return fmt.Errorf("the Kerberos configuration %s is not usable: line %d is no setting", name, number+1)
		} else if err != nil {
			return err
		}
	}
	return nil
}

var errNoSetting = errors.New("no setting")

// settingsFile is a file that is being read. Its sections end with it.
type settingsFile struct {
	reader  *settingsReader
	depth   int
	path    []string // section, then the tags of the groups that are open
	pending string   // a tag whose brace is on the next line
}

func (f *settingsFile) line(line string) error {
	if line == "" || line[0] == '#' || line[0] == ';' {
		return nil
	}
	directive, rest, _ := strings.Cut(line, " ")
	switch {
	case directive == "include" || directive == "includedir":
		return f.reader.include(directive, strings.TrimSpace(rest), f.depth)
	case directive == "module":
		f.reader.ignore(line)
	case line[0] == '[' && strings.Contains(line, "]"):
		f.path = []string{strings.TrimSpace(line[1:strings.IndexByte(line, ']')])}
	case line[0] == '}' && len(f.path) > 1:
		f.path = f.path[:len(f.path)-1]
	case line == "{" && f.pending != "":
		f.path, f.pending = append(f.path, f.pending), ""
	default:
		return f.setting(line)
	}
	return nil
}

func (f *settingsFile) setting(line string) error {
	tag, value, found := strings.Cut(line, "=")
	if !found || len(f.path) == 0 {
		return errNoSetting
	}
	tag, value = strings.TrimSuffix(strings.TrimSpace(tag), "*"), strings.TrimSpace(value)
	switch value {
	case "{":
		f.path = append(f.path, tag)
	case "":
		f.pending = tag
	default:
		f.reader.set(f.path, tag, unquote(value))
	}
	return nil
}

// includable are the names of files in a folder that are read (krb5.conf(5)).
var includable = regexp.MustCompile(`^([A-Za-z0-9_-]+|[^.].*\.conf)$`)

// include reads a file, or a folder's files. What is not there is ignored: a package that
// was removed may have left the line behind.
func (r *settingsReader) include(directive, name string, depth int) error {
	names := []string{name}
	if directive == "includedir" {
		names = nil
		entries, err := os.ReadDir(name)
		if err != nil {
			r.ignore(directive + " " + name)
		}
		for _, entry := range entries {
			if includable.MatchString(entry.Name()) {
				names = append(names, filepath.Join(name, entry.Name()))
			}
		}
	}
	for _, file := range names {
		err := r.file(file, depth+1)
		if errors.Is(err, fs.ErrNotExist) {
			r.ignore(directive + " " + name)
		} else if err != nil {
			return err
		}
	}
	return nil
}

func (r *settingsReader) ignore(what string) {
	if len(r.ignored) < maxIgnored {
		r.ignored = append(r.ignored, what)
	}
}

// set takes one setting over. Of several, the first counts; KDCs add up.
func (r *settingsReader) set(path []string, tag, value string) {
	switch {
	case len(path) == 1 && path[0] == "libdefaults":
		r.setDefault(tag, value)
	case len(path) == 1 && path[0] == "domain_realm":
		if _, known := r.homes[strings.ToLower(tag)]; !known {
			r.homes[strings.ToLower(tag)] = value
		}
	case len(path) == 2 && path[0] == "realms":
		realm := path[1]
		if _, known := r.kdcs[realm]; !known {
			r.realms, r.kdcs[realm] = append(r.realms, realm), nil
		}
		if tag != "kdc" {
			return
		}
		if kdc := addressOfKDC(value); kdc != "" {
			r.kdcs[realm] = append(r.kdcs[realm], kdc)
		} else {
			r.ignore("kdc = " + value)
		}
	}
}

func (r *settingsReader) setDefault(tag, value string) {
	switch tag {
	case "default_realm":
		if r.realm == "" {
			r.realm = value
		}
	case "default_ccache_name":
		if r.cache == "" {
			r.cache = value
		}
	case "dns_lookup_kdc":
		r.noDNS = slices.Contains([]string{"n", "no", "false", "f", "nil", "0", "off"}, strings.ToLower(value))
	default:
		r.ignore(tag)
	}
}

// addressOfKDC is a KDC as host:port; "" for one that is not reached over TCP.
func addressOfKDC(value string) string {
	if transport, rest, found := strings.Cut(value, "/"); found {
		if transport != "tcp" {
			return ""
		}
		value = rest
	}
	host, port := value, "88"
	if strings.HasPrefix(value, "[") {
		inside, rest, _ := strings.Cut(value[1:], "]")
		host = inside
		if after, found := strings.CutPrefix(rest, ":"); found {
			port = after
		}
	} else if before, after, found := strings.Cut(value, ":"); found && !strings.Contains(after, ":") {
		host, port = before, after
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil || host == "" {
		return ""
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + port
}

// unquote takes the quotation marks off a value.
func unquote(value string) string {
	if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
		return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(value[1 : len(value)-1])
	}
	return value
}

// realmOf is the realm that a host is in by the configuration, "" where that says nothing:
// the host's own, else that of the longest of its domains.
func (s *settings) realmOf(host string) string {
	for name := strings.ToLower(host); name != ""; {
		if realm := s.homes[name]; realm != "" {
			return realm
		}
		if rest, dotted := strings.CutPrefix(name, "."); dotted {
			name = rest
		} else if i := strings.IndexByte(name, '.'); i >= 0 {
			name = name[i:]
		} else {
			return ""
		}
	}
	return ""
}
