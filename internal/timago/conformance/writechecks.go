package conformance

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/timago/contract"
)

// option is a change of a station's option; header beside the token.
func option(station, system, body string, header map[string]string) request {
	return request{
		method: http.MethodPatch, body: body, header: header,
		path: "/stations/" + station + "/operating-systems/" + url.PathEscape(system),
	}
}

func to(on bool) string { return fmt.Sprintf(`{"kms_activation": %t}`, on) }

func ifMatch(etag string) map[string]string { return map[string]string{"If-Match": etag} }

func changeChecks() []Check {
	return []Check{
		{Name: "change of nobody", Rule: "404 not_found", run: func(ctx context.Context, s *session) {
			s.refused(s.ask(ctx, option(nobody, "Windows 11", to(true), ifMatch(`"1"`))), http.StatusNotFound, contract.ProblemCodeNotFound)
		}},
		{Name: "change with a wrong form", Rule: "400, 415, 428, before the station is looked for", run: func(ctx context.Context, s *session) {
			for _, body := range []string{`{}`, `{"kms_activation": "yes"}`, `{"kms_activation": null}`, `{"kms_activation": true, "force": true}`, `{`} {
				s.refused(s.ask(ctx, option(nobody, "Windows 11", body, ifMatch(`"1"`))), http.StatusBadRequest, contract.ProblemCodeInvalidRequest)
			}
			for _, etag := range []string{"*", `"1", "2"`, `W/"1"`} {
				s.refused(s.ask(ctx, option(nobody, "Windows 11", to(true), ifMatch(etag))), http.StatusBadRequest, contract.ProblemCodeInvalidRequest)
			}
			s.refused(s.ask(ctx, option(nobody, "Windows 11", to(true), nil)), http.StatusPreconditionRequired, contract.ProblemCodePreconditionRequired)
			s.refused(s.ask(ctx, option(nobody, "Windows 11", to(true), map[string]string{"If-Match": `"1"`, "Content-Type": "text/plain"})),
				http.StatusUnsupportedMediaType, contract.ProblemCodeUnsupportedMediaType)
		}},
		{Name: "option as it is", Rule: "200, and the ETag stays; a stale ETag is 412 all the same", Level: SameValue, run: func(ctx context.Context, s *session) {
			station, ok := s.station(ctx)
			if !ok {
				return
			}
			system := station.OperatingSystems[0]
			a := s.ask(ctx, option(station.ID, strings.ToUpper(system.Name), to(system.KMSActivation), ifMatch(station.ETag)))
			if set, ok := read[contract.Station](s, a, http.StatusOK); ok && (set.ETag != station.ETag || set.ID != station.ID || set.OperatingSystems[0].KMSActivation != system.KMSActivation) {
				s.fail(a, "%s became %s with the option %t", station.ETag, set.ETag, set.OperatingSystems[0].KMSActivation)
			}
			s.refused(s.ask(ctx, option(station.ID, system.Name, to(system.KMSActivation), ifMatch(`"stale"`))), http.StatusPreconditionFailed, contract.ProblemCodePreconditionFailed)
			s.refused(s.ask(ctx, option(station.ID, "Plan 9", to(true), ifMatch(station.ETag))), http.StatusNotFound, contract.ProblemCodeOperatingSystemNotFound)
		}},
		{Name: "option set and set back", Rule: "200 with the new value and a new ETag; the image stays; the old ETag is 412", Level: Changes, run: checkToggle},
	}
}

func checkToggle(ctx context.Context, s *session) {
	before, ok := s.station(ctx)
	if !ok {
		return
	}
	was := before.OperatingSystems[0]
	a := s.ask(ctx, option(before.ID, was.Name, to(!was.KMSActivation), ifMatch(before.ETag)))
	set, ok := read[contract.Station](s, a, http.StatusOK)
	if !ok {
		return
	}
	now := set.OperatingSystems[0]
	if now.KMSActivation == was.KMSActivation || set.ETag == before.ETag || now.ImageGeneration != was.ImageGeneration {
		s.fail(a, "option %t, ETag %s, image %d; they were %t, %s, %d", now.KMSActivation, set.ETag, now.ImageGeneration, was.KMSActivation, before.ETag, was.ImageGeneration)
	}
	if read, ok := s.station(ctx); ok && (read.OperatingSystems[0].KMSActivation != now.KMSActivation || read.ETag != set.ETag) {
		s.wrong = append(s.wrong, "the list does not show the change")
	}
	s.refused(s.ask(ctx, option(before.ID, was.Name, to(was.KMSActivation), ifMatch(before.ETag))), http.StatusPreconditionFailed, contract.ProblemCodePreconditionFailed)
	read[contract.Station](s, s.ask(ctx, option(before.ID, was.Name, to(was.KMSActivation), ifMatch(set.ETag))), http.StatusOK)
}

// command is what is sent to POST /commands; more are fields beside the stations.
func command(name, more string, targets ...contract.CommandTarget) request {
	var entries []string
	for _, target := range targets {
		entries = append(entries, fmt.Sprintf(`{"id": %q, "key": %q}`, target.ID, target.Key))
	}
	return request{
		method: http.MethodPost, path: "/commands",
		body: fmt.Sprintf(`{"command": %q, "stations": [%s]%s}`, name, strings.Join(entries, ", "), more),
	}
}

func key(name string) string { return "check-" + name + "-" + rand.Text() }

func commandChecks() []Check {
	return []Check{
		{Name: "command with a wrong form", Rule: "400, 415", run: func(ctx context.Context, s *session) {
			one := contract.CommandTarget{ID: nobody, Key: "k"}
			for _, q := range []request{
				{method: http.MethodPost, path: "/commands", body: `{`},
				{method: http.MethodPost, path: "/commands", body: `{"command": "wake"}`},
				command("wake", ""), command("explode", "", one), command("wake", `, "now": true`, one), command("wake", `, "operating_system": ""`, one),
				command("wake", "", contract.CommandTarget{ID: "PC01", Key: "k"}),
				command("wake", "", contract.CommandTarget{ID: strings.ToUpper("6f1c1c52-6c1e-4f0a-9d57-0b1c5f3f0a01"), Key: "k"}),
				command("wake", "", contract.CommandTarget{ID: nobody, Key: "!"}),
				command("wake", "", contract.CommandTarget{ID: nobody, Key: strings.Repeat("k", 65)}),
			} {
				s.refused(s.ask(ctx, q), http.StatusBadRequest, contract.ProblemCodeInvalidRequest)
			}
			text := command("wake", "", one)
			text.header = map[string]string{"Content-Type": "text/plain"}
			s.refused(s.ask(ctx, text), http.StatusUnsupportedMediaType, contract.ProblemCodeUnsupportedMediaType)
		}},
		{Name: "command for a thousand", Rule: "202 in the same order; who does not exist fails alone", run: checkThousand},
		{Name: "command without the feature", Rule: "422 unsupported, and nothing is taken", run: func(ctx context.Context, s *session) {
			info, ok := read[contract.Info](s, s.get(ctx, "/info"), http.StatusOK)
			lacks := false
			for _, name := range []string{"restart", "reset_image", "wake", "shutdown"} {
				if ok && !slices.Contains(info.Features, name) {
					lacks = true
					s.refused(s.ask(ctx, command(name, "", contract.CommandTarget{ID: nobody, Key: key(name)})), http.StatusUnprocessableEntity, contract.ProblemCodeUnsupported)
				}
			}
			if !lacks {
				s.skip("the server has every command")
			}
		}},
		{Name: "command that does not exist", Rule: "404 not_found, also for what can be no id", run: func(ctx context.Context, s *session) {
			for _, id := range []string{"no-such-command", "no%20command"} {
				s.refused(s.get(ctx, "/commands/"+id), http.StatusNotFound, contract.ProblemCodeNotFound)
			}
		}},
		{Name: "command too far ahead", Rule: "422 invalid_value from 7 days on, so that every command ends", run: func(ctx context.Context, s *session) {
			name, ok := s.anyCommand(ctx)
			if !ok || !s.has(ctx, "not_before") {
				return
			}
			info, ok := read[contract.Info](s, s.get(ctx, "/info"), http.StatusOK)
			if !ok {
				return
			}
			for days, send := range map[int]func(answer){
				6: func(a answer) { read[contract.Command](s, a, http.StatusAccepted) },
				8: func(a answer) { s.refused(a, http.StatusUnprocessableEntity, contract.ProblemCodeInvalidValue) },
			} {
				when := info.ServerTime.AddDate(0, 0, days).Format(time.RFC3339)
				send(s.ask(ctx, command(name, fmt.Sprintf(`, "not_before": %q`, when), contract.CommandTarget{ID: nobody, Key: key(name)})))
			}
		}},
	}
}

// anyCommand is one that the server has.
func (s *session) anyCommand(ctx context.Context) (string, bool) {
	info, ok := read[contract.Info](s, s.get(ctx, "/info"), http.StatusOK)
	for _, name := range []string{"wake", "restart", "reset_image", "shutdown"} {
		if ok && slices.Contains(info.Features, name) {
			return name, true
		}
	}
	s.skip("the server has no command")
	return "", false
}

func checkThousand(ctx context.Context, s *session) {
	name, ok := s.anyCommand(ctx)
	if !ok {
		return
	}
	var targets []contract.CommandTarget
	for i := range 1000 {
		targets = append(targets, contract.CommandTarget{ID: fmt.Sprintf("00000000-0000-4000-8000-%012x", i+1), Key: key(name)})
	}
	a := s.ask(ctx, command(name, "", targets...))
	taken, ok := read[contract.Command](s, a, http.StatusAccepted)
	if !ok {
		return
	}
	if len(taken.Stations) != len(targets) {
		s.fail(a, "%d entries for %d stations", len(taken.Stations), len(targets))
		return
	}
	for i, entry := range taken.Stations {
		if entry.ID != targets[i].ID || entry.Key != targets[i].Key || entry.Repeated {
			s.fail(a, "entry %d is about %s with the key %s, repeated %t", i, entry.ID, entry.Key, entry.Repeated)
			return
		}
	}
	s.follow(ctx, taken.ID, func(entry contract.CommandOutcome) string {
		if entry.State != contract.CommandStateFailed || entry.Reason == nil || entry.Reason.Code != "station_not_found" {
			return "a station that does not exist is not failed with station_not_found"
		}
		return ""
	})
	s.refused(s.ask(ctx, command(name, "", append(targets, contract.CommandTarget{ID: nobody, Key: "k"})...)), http.StatusBadRequest, contract.ProblemCodeInvalidRequest)
}
