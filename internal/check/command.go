package check

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"

	"github.com/timago/terraform-provider-timago/internal/check/recording"
	"github.com/timago/terraform-provider-timago/internal/site"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// Exit codes.
const (
	exitWorks = iota
	exitNotAsked
	exitBlocked
)

// Command is the subcommand "check" as a user calls it.
type Command struct {
	Args           []string // after the word check
	Stdin          *os.File
	Stdout, Stderr io.Writer
	// Settings are the provider's, as its environment has them, completed by what is given
	// here.
	Settings func(kmsHost string) (site.Config, error)
}

// names collects a flag that may be given several times.
type names []string

func (n *names) String() string { return strings.Join(*n, ",") }

func (n *names) Set(value string) error {
	value = strings.TrimSpace(value)
	switch {
	case value == "":
		return errors.New("it is empty")
	case strings.ContainsAny(value, ",;"):
		return errors.New("it is no name of one machine: give -station NAME for each")
	case slices.ContainsFunc(*n, func(other string) bool { return strings.EqualFold(other, value) }):
		return errors.New("it is given twice")
	}
	*n = append(*n, value)
	return nil
}

// Run gives the exit code.
func (c Command) Run(ctx context.Context) int {
	config, record, err := c.parse()
	if errors.Is(err, flag.ErrHelp) {
		return exitWorks
	}
	if err == nil {
		err = c.confirm(ctx, config)
	}
	var sections []Section
	if err == nil {
		sections, err = c.check(ctx, config, record)
	}
	if err != nil {
		fmt.Fprintln(c.Stderr, "terraform-provider-timago check:", err)
		return exitNotAsked
	}
	return Exit(sections)
}

const usage = `usage: terraform-provider-timago check -station NAME [-station NAME ...] [-kms-host HOST] [-activate] [-restart] [-record FOLDER]

It asks the stations and the KMS host what the provider's assumptions are about, and shows a
line for each. It changes nothing, unless -activate or -restart is given. The account and the
way to the machines are taken from the provider's environment variables: TIMAGO_WINRM_USERNAME,
TIMAGO_WINRM_PASSWORD, TIMAGO_WINRM_AUTH, TIMAGO_WINRM_USE_TLS, TIMAGO_KMS_HOST and the others.
With TIMAGO_ENDPOINT or TIMAGO_INVENTORY it also says how the stations are listed there.

It ends with 0 where a pool would work, with 2 where something stands in its way, and with 1
where something could not be asked, or Ctrl-C ended it.

`

func (c Command) parse() (config Config, record string, err error) {
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	flags.SetOutput(c.Stderr)
	flags.Usage = func() {
		fmt.Fprint(c.Stderr, usage)
		flags.PrintDefaults()
	}
	var stations names
	flags.Var(&stations, "station", "a station by `NAME`, with :port where it differs; may be given several times")
	host := flags.String("kms-host", "", "the KMS `HOST`; default TIMAGO_KMS_HOST, else the one that the stations name")
	flags.BoolVar(&config.Activate, "activate", false, "have unlicensed products with a KMS client key activated, after a question")
	flags.BoolVar(&config.Restart, "restart", false, "restart the stations that nobody uses, after a question")
	flags.StringVar(&record, "record", "", "write down what was answered, without names and ids, to a `FOLDER`")
	if err = flags.Parse(c.Args); err != nil {
		return config, record, err
	}
	if flags.NArg() > 0 {
		return config, record, fmt.Errorf("%q is no option: see -help", flags.Arg(0))
	}
	if config.Stations = stations; len(stations) == 0 {
		return config, record, errors.New("no station is named: give -station NAME")
	}
	config.Site, err = c.Settings(*host)
	return config, record, err
}

// confirm asks before anything is changed. Nobody answers where there is no terminal.
func (c Command) confirm(ctx context.Context, config Config) error {
	if !config.Activate && !config.Restart {
		return nil
	}
	if !term.IsTerminal(int(c.Stdin.Fd())) {
		return errors.New("-activate and -restart ask before they do anything, and there is no terminal to ask at")
	}
	answers, stations := bufio.NewReader(c.Stdin), strings.Join(config.Stations, ", ")
	if config.Activate {
		if err := c.ask(ctx, answers, "Products with a KMS client key that are not licensed are asked to activate on "+stations+". This raises the KMS host's count."); err != nil {
			return err
		}
	}
	if config.Restart {
		return c.ask(ctx, answers, "These stations are restarted where nobody is logged on: "+stations+".")
	}
	return nil
}

// ask takes nothing but a whole line for a yes: one that the end of the file cuts off is none.
func (c Command) ask(ctx context.Context, answers *bufio.Reader, question string) error {
	const nothing = "nothing was sent to any machine"
	fmt.Fprint(c.Stdout, question, " Type yes to go on: ")
	lines := make(chan string, 1)
	go func() { // a read of a terminal cannot be broken off
		defer close(lines)
		if line, err := answers.ReadString('\n'); err == nil {
			lines <- line
		}
	}()
	var answer string
	var answered bool
	select {
	case answer, answered = <-lines:
	case <-ctx.Done():
	}
	if !answered {
		fmt.Fprintln(c.Stdout) // what follows is no part of the question's line
	}
	switch {
	case ctx.Err() != nil:
		return errors.New("interrupted: " + nothing)
	case !answered:
		return errors.New(nothing + ": there was no answer")
	case strings.TrimSpace(answer) != "yes":
		return errors.New(nothing + ": the answer was not yes")
	}
	return nil
}

var errInterrupted = errors.New("interrupted: what is not shown was not asked")

func (c Command) check(ctx context.Context, config Config, folder string) ([]Section, error) {
	shown := newTable(c.Stdout)
	config.Show = shown.show
	var recorder *recording.Recorder
	if folder != "" {
		var err error
		if recorder, err = record(&config, folder); err != nil {
			return nil, fmt.Errorf("recording: %w", err)
		}
	}
	sections, err := Run(ctx, config)
	interrupted := ctx.Err() != nil
	switch {
	case interrupted:
		err = errInterrupted
	case err != nil:
		return nil, err
	default:
		shown.end(sections)
	}
	if recorder == nil || len(sections) == 0 {
		return sections, err
	}
	for _, section := range sections {
		if section.Address == "" {
			continue
		}
		for _, line := range section.Lines {
			if line.brokenOff() {
				continue
			}
			recorder.Line(section.Address, line.Name, string(line.Verdict))
		}
	}
	if err := recorder.Save(); err != nil {
		return nil, fmt.Errorf("recording: %w", err)
	}
	fmt.Fprintf(c.Stdout, "Recorded%s. Read %s and %s in %s, then send the first.\n", map[bool]string{true: " up to there"}[interrupted], recording.FileName, recording.ListName, folder)
	return sections, err
}

// record has every answer recorded.
func record(config *Config, folder string) (*recording.Recorder, error) {
	if config.Site.WinRM == nil {
		return nil, errNoAccount
	}
	private := append(slices.Clone(config.Stations), config.Site.KMSHost, config.Site.DomainSuffix, config.Site.HostSuffix)
	accounts := []*winrm.Config{config.Site.WinRM, config.Site.HostWinRM}
	for _, account := range accounts {
		if account != nil {
			private = append(private, account.Username)
		}
	}
	recorder, err := recording.New(folder, private...)
	if err != nil {
		return nil, err
	}
	for _, account := range accounts {
		if account != nil {
			account.Observe = recorder.Observe
		}
	}
	return recorder, nil
}
