package simulator

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator/eventlog"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/simulator/wsman"
)

// Run runs a command that the machine knows; cmd.exe says of any other that it does
// not.
func (m machine) Run(_ context.Context, command wsman.Command) wsman.Output {
	line := command.CommandLine()
	if script, found := wsman.DecodePowerShell(line); found {
		return m.runScript(script, command)
	}
	return m.runLine(line, command.User)
}

func (m machine) runLine(line, user string) wsman.Output {
	words := split(line)
	if len(words) == 0 {
		return wsman.Output{}
	}
	name := strings.ToLower(words[0])
	name = strings.TrimSuffix(name[strings.LastIndexAny(name, `\/`)+1:], ".exe")
	switch name {
	case "hostname":
		return said(m.name)
	case "whoami":
		return said(strings.ToLower(user))
	case "shutdown":
		return m.runShutdown(words[1:])
	case "wevtutil":
		return m.runEvents(words[1:])
	}
	return failed(1, fmt.Sprintf("Der Befehl \"%s\" ist entweder falsch geschrieben oder\r\nkonnte nicht gefunden werden.", words[0]))
}

func said(line string) wsman.Output { return wsman.Output{Stdout: []byte(line + "\r\n")} }

func failed(exit int, text string) wsman.Output {
	return wsman.Output{Exit: exit, Stderr: []byte(text + "\r\n")}
}

var word = regexp.MustCompile(`(?:"[^"]*"|[^\s"])+`)

// split takes a line apart as a Windows program does, as far as it matters here.
func split(line string) []string {
	words := word.FindAllString(line, -1)
	for i := range words {
		words[i] = strings.ReplaceAll(words[i], `"`, "")
	}
	return words
}

// noticeOf is how long `shutdown` waits unless told otherwise.
const noticeOf = 30 * time.Second

func (m machine) runShutdown(arguments []string) wsman.Output {
	var restart, off, force bool
	notice := noticeOf
	for i := 0; i < len(arguments); i++ {
		switch option := strings.ToLower(strings.Replace(arguments[i], "-", "/", 1)); option {
		case "/a":
			return m.runAbort()
		case "/r", "/g":
			restart = true
		case "/s":
			off = true
		case "/f":
			force = true
		case "/t", "/c", "/d":
			if i++; i == len(arguments) {
				return failed(errorInvalidParameter, "Falscher Parameter.(87)")
			}
			if option != "/t" {
				continue
			}
			seconds, err := strconv.Atoi(arguments[i])
			if err != nil || seconds < 0 {
				return failed(errorInvalidParameter, "Falscher Parameter.(87)")
			}
			notice = time.Duration(seconds) * time.Second
			force = force || seconds > 0 // a notice implies /f
		}
	}
	v, err := m.world.View(m.name)
	switch {
	case restart == off:
		return failed(errorInvalidParameter, "Falscher Parameter.(87)")
	case err != nil, v.IsHost, v.Denied:
		return failed(errorAccessDenied, "Zugriff verweigert(5)")
	}
	err = m.world.Shutdown(m.name, notice, force, restart)
	var refused *world.CommandError
	switch {
	case errors.As(err, &refused):
		return failed(int(refused.Code), fmt.Sprintf("Fehler (%d)", refused.Code))
	case errors.Is(err, kms.ErrInUse):
		return failed(errorShutdownUsersLogOn, "Es sind noch andere Benutzer angemeldet.(1191)")
	case errors.Is(err, world.ErrShutdownUnderWay):
		return failed(errorShutdownScheduled, "Ein Herunterfahren des Systems ist bereits geplant.(1190)")
	case err != nil:
		return failed(1, err.Error())
	}
	return wsman.Output{}
}

// What an XPath query of wevtutil may say, as far as it is understood here.
var (
	eventIDs   = regexp.MustCompile(`EventID\s*=\s*(\d+)`)
	eventSince = regexp.MustCompile(`@SystemTime\s*>=?\s*'([^']+)'`)
	eventAge   = regexp.MustCompile(`timediff\(@SystemTime\)\s*<=?\s*(\d+)`)
)

// runEvents is `wevtutil qe LOG /q:XPATH /f:xml /c:N /rd:true`.
func (m machine) runEvents(arguments []string) wsman.Output {
	if len(arguments) < 2 || !slices.Contains([]string{"qe", "query-events"}, strings.ToLower(arguments[0])) {
		return failed(errorInvalidParameter, "Der angegebene Befehl ist ungültig.")
	}
	v, err := m.world.View(m.name)
	if err != nil || v.Denied {
		return failed(errorAccessDenied, "Zugriff verweigert")
	}
	log := "Application"
	if v.IsHost {
		log = "Key Management Service"
	}
	var query string
	limit, newestFirst, asXML := 0, false, false
	for _, argument := range arguments[2:] {
		name, value, _ := strings.Cut(argument, ":")
		switch strings.ToLower(name) {
		case "/q", "/query":
			query = value
		case "/c", "/count":
			limit, err = strconv.Atoi(value)
		case "/rd", "/reversedirection":
			newestFirst = strings.EqualFold(value, "true")
		case "/f", "/format":
			asXML = strings.EqualFold(value, "xml")
		}
	}
	if err != nil || !asXML {
		return failed(errorInvalidParameter, "Falscher Parameter.")
	}
	if !strings.EqualFold(arguments[1], log) {
		if strings.EqualFold(arguments[1], "Application") || strings.EqualFold(arguments[1], "System") {
			return wsman.Output{}
		}
		return failed(15007, "Der angegebene Kanal wurde nicht gefunden.")
	}
	events, err := m.world.Events(m.name)
	if err != nil {
		return failed(1, err.Error())
	}
	wanted, err := filter(query, v.Now)
	if err != nil {
		return failed(15001, "Die angegebene Abfrage ist ungültig.")
	}
	events = slices.DeleteFunc(events, func(e eventlog.Record) bool { return !wanted(e) })
	if newestFirst {
		slices.Reverse(events)
	}
	if limit > 0 && len(events) > limit {
		events = events[:limit]
	}
	var text strings.Builder
	for _, e := range events {
		writeEvent(&text, v.Name, log, e)
	}
	return wsman.Output{Stdout: []byte(text.String())}
}

func filter(query string, now time.Time) (func(eventlog.Record) bool, error) {
	var ids []int
	for _, found := range eventIDs.FindAllStringSubmatch(query, -1) {
		id, err := strconv.Atoi(found[1])
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	since := time.Time{}
	if found := eventSince.FindStringSubmatch(query); found != nil {
		var err error
		if since, err = time.Parse(time.RFC3339Nano, found[1]); err != nil {
			return nil, err
		}
	}
	if found := eventAge.FindStringSubmatch(query); found != nil {
		age, err := time.ParseDuration(found[1] + "ms")
		if err != nil {
			return nil, err
		}
		since = now.Add(-age)
	}
	return func(e eventlog.Record) bool {
		return (len(ids) == 0 || slices.Contains(ids, e.ID)) && !e.Time.Before(since)
	}, nil
}

func writeEvent(text *strings.Builder, computer, log string, e eventlog.Record) {
	source := sourceLicensing
	if log != "Application" {
		source = sourceRequests
	}
	fmt.Fprintf(text, "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"+
		"<Provider Name='%s' Guid='{E23B33B0-C8C9-472C-A5F9-F2BDFEA0F156}' EventSourceName='%s'/>"+
		"<EventID Qualifiers='16384'>%d</EventID><Version>0</Version><Level>4</Level><Task>0</Task><Opcode>0</Opcode>"+
		"<Keywords>0x80000000000000</Keywords><TimeCreated SystemTime='%s'/><EventRecordID>%d</EventRecordID>"+
		"<Channel>%s</Channel><Computer>%s</Computer><Security/></System><EventData><Data>",
		publisherSPP, source, e.ID, e.Time.UTC().Format("2006-01-02T15:04:05.0000000Z"), e.Number, log, computer)
	_ = xml.EscapeText(text, []byte(e.Insertions)) // a Builder takes everything
	text.WriteString("</Data></EventData></Event>\r\n")
}
