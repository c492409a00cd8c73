package check

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// classes are the assumptions about what Windows' classes answer, one for each question.
func classes(questions []string) []probe {
	var probes []probe
	for _, wql := range questions {
		listed, class := selected(wql)
		probes = append(probes, probe{
			name: class, expected: expectedOf(listed),
			ask: func(ctx context.Context, m *machine) finding { return m.class(ctx, wql) },
		})
	}
	return probes
}

// expectedOf names a few properties, and counts many.
func expectedOf(listed []string) string {
	if len(listed) > 2 {
		return fmt.Sprintf("%d properties", len(listed))
	}
	return strings.Join(listed, ", ")
}

// optional are properties without which the provider reads on, and classes that may be empty.
var (
	optional = []string{"ProductKeyChannel"}
	empty    = []string{"Win32_Process", "SoftwareLicensingProduct"}
)

func (m *machine) class(ctx context.Context, wql string) finding {
	listed, class := selected(wql)
	a := m.question(ctx, wql)
	switch {
	case winrm.IsUnknownClass(a.err):
		return m.lacking(ctx, wql)
	case winrm.IsAccessDenied(a.err):
		return failed(Blocks, a.err, "")
	case winrm.IsUnreachable(a.err):
		return failed(Unanswered, a.err, "The class did not answer, and others did: see that its service runs (sppsvc, winmgmt), then try again.")
	case a.err != nil:
		return failed(Blocks, a.err, "Windows cannot answer for this class: see that WMI is consistent there (winmgmt /verifyrepository).")
	}
	s := shapeOf(class, a.exchanges)
	missing := s.missing(listed)
	f := holds("%s, %s: %s", count(len(a.instances), "instance", "instances"), took(a.took), s.String())
	switch {
	case len(a.instances) == 0 && slices.Contains(empty, class):
		return holds("no instance, %s", took(a.took))
	case len(a.instances) == 0:
		return f.but(Blocks, "Windows always has one: WMI is not consistent there (winmgmt /verifyrepository).")
	case len(s.odd) > 0:
		return f.but(Blocks, "Not of the expected form: "+strings.Join(s.odd, ", ")+". Please send a recording.")
	case len(missing) > 0:
		return f.but(Notable, "Neither given nor null: "+strings.Join(missing, ", ")+". Please send a recording.")
	}
	return f
}

// lacking finds the property that a class lacks: a query that names one fails whole.
func (m *machine) lacking(ctx context.Context, wql string) finding {
	listed, class := selected(wql)
	list, rest, _ := strings.Cut(strings.TrimPrefix(wql, "SELECT "), " FROM ")
	for names := strings.Split(list, ", "); len(names) > 1 && m.wire.requests(m.address) < mostRequests; {
		half := names[:len(names)/2]
		if a := m.question(ctx, "SELECT "+strings.Join(half, ", ")+" FROM "+rest); winrm.IsUnknownClass(a.err) {
			names = half
		} else {
			names = names[len(names)/2:]
		}
		listed = names
	}
	if len(listed) == 1 {
		if a := m.question(ctx, "SELECT "+listed[0]+" FROM "+rest); winrm.IsUnknownClass(a.err) {
			if slices.Contains(optional, listed[0]) {
				return finding{Notable, "no property " + listed[0], "This Windows is older than 8. The channel is read from the description."}
			}
			others := slices.DeleteFunc(strings.Split(list, ", "), func(name string) bool { return name == listed[0] })
			if len(others) == 0 || m.question(ctx, "SELECT "+others[0]+" FROM "+rest).err == nil {
				return finding{Blocks, "no property " + listed[0], "This Windows has not what the provider reads. Please send a recording."}
			}
		}
	}
	return finding{Blocks, "no class " + class, "This Windows has not what the provider reads. Please send a recording."}
}

// batches is how an answer of several instances came.
func batches(_ context.Context, m *machine) finding {
	for _, a := range m.wire.answers {
		_, class := selected(a.wql)
		if a.address != m.address {
			continue
		}
		if s := shapeOf(class, a.exchanges); s.several() {
			words := make([]string, len(s.messages))
			for i, n := range s.messages {
				words[i] = fmt.Sprint(n)
			}
			return holds("%s came as %s", class, strings.Join(words, " + "))
		}
	}
	return finding{Holds, "no answer had several instances", ""}
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
