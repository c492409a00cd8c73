package check

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/site"
)

// listing asks what is known of the stations beside Windows, from Timago's interface or an
// inventory, and gives where each is asked. It is nil where there is neither.
func (c *checker) listing(ctx context.Context) (*Section, map[string]string) {
	config := c.Site
	config.WinRM, config.HostWinRM = nil, nil
	l := &list{checker: c, addresses: map[string]string{}}
	switch {
	case config.Timago != nil:
		l.section.Title = "Timago's interface " + config.Timago.Endpoint
	case config.Inventory != "":
		l.section.Title = "Inventory " + config.Inventory
	default:
		return nil, nil
	}
	opened, err := site.Open(config)
	if err != nil {
		l.add("Opened", "the settings fit", failed(Blocks, err, ""))
		return &l.section, nil
	}
	defer opened.Close()
	l.site = opened
	if f := l.source(ctx); f.verdict == Blocks || f.verdict == Unanswered {
		l.add(fmt.Sprintf("%d more", len(c.Stations)), "", finding{verdict: Unanswered, Found: "not asked", Means: "see the line above"})
		return &l.section, nil
	}
	for _, name := range c.Stations {
		l.add("Listed", name+", once, with all that a cycle needs", l.station(ctx, name))
	}
	return &l.section, l.addresses
}

// list is what the stations are listed in.
type list struct {
	*checker
	site      *site.Site
	section   Section
	addresses map[string]string // by station, where the list has one
}

func (l *list) add(name, expected string, f finding) {
	l.section.add(l.checker, name, expected, f)
}

// source says whether the list itself can be read.
func (l *list) source(ctx context.Context) finding {
	if !l.site.HasTimago() {
		f := holds("%s", count(len(l.site.ListedStations()), "station", "stations"))
		if odd := l.site.Oddities(); odd != nil {
			f = f.but(Notable, odd.Error())
		}
		l.add("Inventory", "is read, each cell understood", f)
		return f
	}
	began := time.Now()
	now, err := l.site.Ago(ctx, 0)
	var f finding
	switch ahead := time.Until(now).Round(time.Second); {
	case err != nil:
		f = failed(unlistedFor(err), err, "")
	case ahead.Abs() > time.Minute:
		f = holds("answers, %s; its clock differs by %s", took(time.Since(began)), ahead).but(Notable, "started_within counts on its clock.")
	default:
		f = holds("answers, %s", took(time.Since(began)))
	}
	l.add("Interface", "answers, and takes the token", f)
	return f
}

// unlistedFor is the verdict on an answer that did not come, or was no answer.
func unlistedFor(err error) Verdict {
	var certificate *tls.CertificateVerificationError
	if errors.Is(err, kms.ErrUnreachable) && !errors.As(err, &certificate) {
		return Unanswered
	}
	return Blocks
}

// station says how a station is listed.
func (l *list) station(ctx context.Context, name string) finding {
	found, err := l.site.Find(ctx, name)
	if err == nil && !l.site.HasTimago() {
		found, err = l.site.Listed(name)
	}
	switch {
	case errors.Is(err, site.ErrNotFound) && !l.site.HasTimago():
		return finding{Notable, "not listed", "It is asked by its name, and cannot be woken unless it was seen before."}
	case err != nil:
		return failed(unlistedFor(err), err, "")
	}
	l.addresses[name] = site.Complete(cmp.Or(found.Address, found.Name), l.Site.DomainSuffix)
	said := []string{"in " + cmp.Or(found.Location, "no room"), "asked at " + l.addresses[name]}
	for _, system := range found.OperatingSystems {
		said = append(said, fmt.Sprintf("%s with KMS-Aktivierung %s", system.Name, map[bool]string{true: "on", false: "off"}[system.KMSActivation]))
	}
	f := holds("%s", strings.Join(said, ", "))
	if found.MAC == "" && !l.site.HasTimago() {
		return f.but(Notable, "Without a MAC address there it cannot be woken unless it was seen before.")
	}
	return f
}
