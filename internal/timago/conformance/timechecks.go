package conformance

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/timago/contract"
)

func timeChecks() []Check {
	return []Check{
		{Name: "one key, one restart", Rule: "the second entry is repeated and has no effect; another command with the key is 422 key_reused", Level: Changes, run: checkOneRestart},
		{Name: "key without a system", Rule: "is for the first one's, whatever started since; another system is 422 key_reused", Level: Changes, run: checkKeyWithoutSystem},
		{Name: "off and on", Rule: "a shutdown, and a wake with a later last_start; what needs no command succeeds, and frees a wake's key", Level: Changes, run: checkOffAndOn},
		{Name: "reset of an image", Rule: "the image's number rises by one, and it carries the option as it is set", Level: Changes, run: checkReset},
		{Name: "command for another system", Rule: "fails with operating_system_not_found", Level: Changes, run: func(ctx context.Context, s *session) {
			station, ok := s.station(ctx)
			if !ok || !s.has(ctx, "reset_image") {
				return
			}
			taken, ok := read[contract.Command](s, s.ask(ctx, command("reset_image", `, "operating_system": "Plan 9"`, contract.CommandTarget{ID: station.ID, Key: key("reset")})), http.StatusAccepted)
			if !ok {
				return
			}
			s.follow(ctx, taken.ID, func(entry contract.CommandOutcome) string {
				if entry.Reason == nil || entry.Reason.Code != "operating_system_not_found" {
					return "it did not fail with operating_system_not_found"
				}
				return ""
			})
		}},
	}
}

// has reports whether the server has a command, and skips the check where it has not.
func (s *session) has(ctx context.Context, name string) bool {
	info, ok := read[contract.Info](s, s.get(ctx, "/info"), http.StatusOK)
	if ok && !slices.Contains(info.Features, name) {
		s.skip("the server has no " + name)
		return false
	}
	return ok
}

func succeeded(entry contract.CommandOutcome) string {
	if entry.State != contract.CommandStateSucceeded {
		return "it has not succeeded"
	}
	return ""
}

func checkOneRestart(ctx context.Context, s *session) {
	before, ok := s.station(ctx)
	if !ok || !s.has(ctx, "restart") {
		return
	}
	target := contract.CommandTarget{ID: before.ID, Key: key("restart")}
	a := s.ask(ctx, command("restart", "", target, target)) // twice in one request, too
	taken, ok := read[contract.Command](s, a, http.StatusAccepted)
	if !ok || len(taken.Stations) != 2 {
		return
	}
	if taken.Stations[0].Repeated || !taken.Stations[1].Repeated {
		s.fail(a, "of two entries with one key the first is repeated: %t, the second: %t", taken.Stations[0].Repeated, taken.Stations[1].Repeated)
	}
	b := s.ask(ctx, command("restart", "", target))
	if again, ok := read[contract.Command](s, b, http.StatusAccepted); ok && !again.Stations[0].Repeated {
		s.fail(b, "the same key again is not repeated")
	}
	s.refused(s.ask(ctx, command("shutdown", "", target)), http.StatusUnprocessableEntity, contract.ProblemCodeKeyReused, contract.ProblemCodeUnsupported)
	s.follow(ctx, taken.ID, succeeded)
	after, ok := s.station(ctx)
	if ok && !startedSince(after, before) {
		s.wrong = append(s.wrong, "it has restarted, and last_start has not risen")
	}
	if ok && after.ETag != before.ETag {
		s.wrong = append(s.wrong, "a restart changed the ETag")
	}
}

func startedSince(now, before contract.Station) bool {
	return now.LastStart != nil && (before.LastStart == nil || now.LastStart.After(*before.LastStart))
}

// command sends a command for a station and follows it to its success.
func (s *session) command(ctx context.Context, name, more string, target contract.CommandTarget) (contract.CommandOutcome, bool) {
	taken, ok := read[contract.Command](s, s.ask(ctx, command(name, more, target)), http.StatusAccepted)
	if !ok || len(taken.Stations) != 1 {
		return contract.CommandOutcome{}, false
	}
	s.follow(ctx, taken.ID, succeeded)
	return taken.Stations[0], len(s.wrong) == 0
}

func checkKeyWithoutSystem(ctx context.Context, s *session) {
	before, ok := s.station(ctx)
	if !ok || !s.has(ctx, "restart") {
		return
	}
	made := slices.DeleteFunc(before.OperatingSystems, func(system contract.OperatingSystem) bool { return system.ImageGeneration == 0 })
	first := slices.IndexFunc(made, func(system contract.OperatingSystem) bool {
		return before.LastOperatingSystem != nil && strings.EqualFold(system.Name, *before.LastOperatingSystem)
	})
	if len(made) < 2 || first < 0 {
		s.skip("the station has no two operating systems to start")
		return
	}
	target := contract.CommandTarget{ID: before.ID, Key: key("restart")}
	named := func(system string) string { return fmt.Sprintf(`, "operating_system": %q`, system) }
	other := made[(first+1)%len(made)].Name
	if _, ok := s.command(ctx, "restart", "", target); !ok {
		return
	}
	if _, ok := s.command(ctx, "restart", named(other), contract.CommandTarget{ID: before.ID, Key: key("restart")}); !ok {
		return
	}
	if again, ok := s.command(ctx, "restart", "", target); ok && !again.Repeated {
		s.wrong = append(s.wrong, "a key that named no system is not repeated after another system has started")
	}
	s.refused(s.ask(ctx, command("restart", named(other), target)), http.StatusUnprocessableEntity, contract.ProblemCodeKeyReused)
	s.command(ctx, "restart", named(made[first].Name), contract.CommandTarget{ID: before.ID, Key: key("restart")})
}

func checkOffAndOn(ctx context.Context, s *session) {
	before, ok := s.station(ctx)
	if !ok || !s.has(ctx, "shutdown") || !s.has(ctx, "wake") {
		return
	}
	command := func(name, more, key string) bool {
		_, ok := s.command(ctx, name, more, contract.CommandTarget{ID: before.ID, Key: key})
		return ok
	}
	// No system of that name is there, and a shutdown is for none.
	if !command("shutdown", `, "operating_system": "Plan 9"`, key("shutdown")) {
		return
	}
	if off, ok := s.station(ctx); ok && off.Online {
		s.wrong = append(s.wrong, "the shutdown has succeeded, and the station is online")
	}
	wake := key("wake")
	if !command("shutdown", "", key("shutdown")) || !command("wake", "", wake) {
		return
	}
	on, ok := s.station(ctx)
	if ok && (!on.Online || !startedSince(on, before)) {
		s.wrong = append(s.wrong, fmt.Sprintf("the wake has succeeded; online %t, last start %v, before %v", on.Online, on.LastStart, before.LastStart))
	}
	idle := contract.CommandTarget{ID: before.ID, Key: key("wake")}
	if _, ok := s.command(ctx, "wake", "", idle); !ok {
		return
	}
	if after, ok := s.station(ctx); ok && startedSince(after, on) {
		s.wrong = append(s.wrong, "a wake restarted a station that was on")
	}
	if again, ok := s.command(ctx, "wake", "", idle); ok && again.Repeated {
		s.wrong = append(s.wrong, "the key of a wake that found the station on is held")
	}
	if again, ok := s.command(ctx, "wake", "", contract.CommandTarget{ID: before.ID, Key: wake}); ok && !again.Repeated {
		s.wrong = append(s.wrong, "the key of a wake that has started the station is free")
	}
}

func checkReset(ctx context.Context, s *session) {
	before, ok := s.station(ctx)
	if !ok || !s.has(ctx, "reset_image") {
		return
	}
	was := before.OperatingSystems[0]
	named := fmt.Sprintf(`, "operating_system": %q`, was.Name)
	taken, ok := read[contract.Command](s, s.ask(ctx, command("reset_image", named, contract.CommandTarget{ID: before.ID, Key: key("reset")})), http.StatusAccepted)
	if !ok {
		return
	}
	if pending, ok := s.station(ctx); ok && pending.PendingCommand == nil && pending.OperatingSystems[0].ImageGeneration == was.ImageGeneration {
		s.wrong = append(s.wrong, "the station shows no pending command while its image is reset")
	}
	s.follow(ctx, taken.ID, succeeded, func() {
		if now, ok := s.station(ctx); ok && now.OperatingSystems[0].ImageGeneration > was.ImageGeneration && !startedSince(now, before) {
			s.wrong = append(s.wrong, "the image's number has risen before the station started from it")
		}
	})
	after, ok := s.station(ctx)
	if !ok {
		return
	}
	now := after.OperatingSystems[0]
	if now.ImageGeneration != was.ImageGeneration+1 || now.ImageKMSActivation == nil || *now.ImageKMSActivation != now.KMSActivation {
		s.wrong = append(s.wrong, fmt.Sprintf("the image has the number %d, and had %d; it was made with the option %v, which is %t",
			now.ImageGeneration, was.ImageGeneration, now.ImageKMSActivation, now.KMSActivation))
	}
}

// underWay reports whether a command has not ended for a station.
func underWay(entry contract.CommandOutcome) bool {
	return !slices.Contains([]contract.CommandState{contract.CommandStateSucceeded, contract.CommandStateFailed, contract.CommandStateExpired}, entry.State)
}

// follow asks until a command has ended for every station, and holds the ends against what
// is wanted of them. looks, if any, are made each time.
func (s *session) follow(ctx context.Context, id string, wrong func(contract.CommandOutcome) string, looks ...func()) {
	patience, pause := cmp.Or(s.config.Patience, time.Hour), cmp.Or(s.config.Pause, 5*time.Second)
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		a := s.get(ctx, "/commands/"+url.PathEscape(id))
		now, ok := read[contract.Command](s, a, http.StatusOK)
		if !ok {
			return
		}
		for _, look := range looks {
			if look(); len(s.wrong) > 0 {
				return
			}
		}
		if !slices.ContainsFunc(now.Stations, underWay) {
			for _, entry := range now.Stations {
				if text := wrong(entry); text != "" {
					s.fail(a, "%s: it is %s %+v", text, entry.State, entry.Reason)
					return
				}
			}
			return
		}
		next := time.NewTimer(pause)
		select {
		case <-next.C:
		case <-limit.C:
			next.Stop()
			s.fail(a, "it has not ended within %s", patience)
			return
		case <-ctx.Done():
			next.Stop()
			return
		}
	}
}
