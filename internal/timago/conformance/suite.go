package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Level is how far a check goes.
type Level int

// The levels, each with those before it.
const (
	// Reads changes nothing: it reads, asks for what must be refused, and sends commands to a
	// station that does not exist.
	Reads Level = iota
	// SameValue sets the option of a station to the value that it has.
	SameValue
	// Changes sets the option of a station and sets it back, restarts the station, switches
	// it off and on, and resets its image.
	Changes
)

// Config says which server is checked.
type Config struct {
	URL     string // with or without /api/v1
	Token   string
	HTTP    *http.Client // nil: http.DefaultClient
	Station string       // name of the station that SameValue and Changes are about
	Level   Level
	// Patience is how long a command may take; 0: an hour.
	Patience time.Duration
	// Pause is between two looks at a command; 0: 5 s.
	Pause time.Duration
	// Check is the name of the only check to make; "": all are made.
	Check string
}

// Check is one thing that the contract says.
type Check struct {
	Name  string
	Rule  string // what must hold, in a sentence
	Level Level
	run   func(ctx context.Context, s *session)
}

// Checks are all, in their order.
func Checks() []Check {
	return slices.Concat(serverChecks(), listChecks(), stationChecks(), changeChecks(), commandChecks(), timeChecks())
}

// Result is what came of a check.
type Result struct {
	Check
	Skipped string   // why it was not made; "" where it was
	Wrong   []string // what does not hold
}

// Run makes every check that the configuration allows, one after the other. Its error says
// that the server cannot be checked at all.
func Run(ctx context.Context, config Config) ([]Result, error) {
	checks, err := config.checks()
	if err != nil {
		return nil, err
	}
	s, err := newSession(config)
	if err != nil {
		return nil, err
	}
	first := s.ask(ctx, request{method: http.MethodGet, path: "/info"})
	switch {
	case first.err != nil:
		return nil, fmt.Errorf("the server does not answer GET /info: %w", first.err)
	case first.status == http.StatusUnauthorized:
		return nil, errors.New("the server does not accept the token")
	}
	var results []Result
	for _, check := range checks {
		result := Result{Check: check}
		s.skipped, s.wrong = "", nil
		switch {
		case check.Level > config.Level && check.Level == Changes:
			result.Skipped = "it would change a station"
		case check.Level > Reads && config.Station == "":
			result.Skipped = "no station is named for it"
		default:
			check.run(ctx, s)
			result.Skipped, result.Wrong = s.skipped, s.wrong
		}
		results = append(results, result)
		if ctx.Err() != nil {
			return results, ctx.Err()
		}
	}
	return results, nil
}

// checks are those to make.
func (c Config) checks() ([]Check, error) {
	all := Checks()
	if c.Check == "" {
		return all, nil
	}
	i := slices.IndexFunc(all, func(check Check) bool { return check.Name == c.Check })
	if i < 0 {
		return nil, fmt.Errorf("there is no check %q", c.Check)
	}
	return all[i : i+1], nil
}

// Failed counts the checks that did not hold.
func Failed(results []Result) int {
	failed := 0
	for _, r := range results {
		if len(r.Wrong) > 0 {
			failed++
		}
	}
	return failed
}

// Table writes the results for people.
func Table(w io.Writer, results []Result) error {
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "CHECK\tRESULT\tRULE, OR WHAT WAS SEEN")
	held, skipped := 0, 0
	for _, r := range results {
		switch {
		case len(r.Wrong) > 0:
			fmt.Fprintf(table, "%s\tFAILED\t%s\n", r.Name, r.Rule)
			for _, wrong := range r.Wrong {
				fmt.Fprintf(table, "\t\t- %s\n", strings.Join(strings.Fields(wrong), " "))
			}
		case r.Skipped != "":
			skipped++
			fmt.Fprintf(table, "%s\tskipped\t%s\n", r.Name, r.Skipped)
		default:
			held++
			fmt.Fprintf(table, "%s\tok\t%s\n", r.Name, r.Rule)
		}
	}
	fmt.Fprintf(table, "\n%d ok, %d failed, %d skipped\n", held, Failed(results), skipped)
	return table.Flush()
}
