package conformance

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/timago/terraform-provider-timago/internal/timago/contract"
)

func timeChecks() []Check {
	return []Check{
		{Name: "one key, one restart", Rule: "the second entry is repeated and has no effect; another command with the key is 422 key_reused", Level: Changes, run: checkOneRestart},
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

// has tells whether the server has a command, and skips the check where it has not.
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
	if ok && before.LastStart != nil && after.LastStart != nil && !after.LastStart.After(*before.LastStart) {
		s.wrong = append(s.wrong, "it has restarted, and last_start is as it was")
	}
	if ok && after.ETag != before.ETag {
		s.wrong = append(s.wrong, "a restart changed the ETag")
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
	s.follow(ctx, taken.ID, succeeded)
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

// follow asks until a command has ended for every station, and holds the ends against what
// is wanted of them.
func (s *session) follow(ctx context.Context, id string, wrong func(contract.CommandOutcome) string) {
	patience, pause := s.config.Patience, s.config.Pause
	if patience == 0 {
		patience = time.Hour
	}
	if pause == 0 {
		pause = 5 * time.Second
	}
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		a := s.get(ctx, "/commands/"+url.PathEscape(id))
		now, ok := read[contract.Command](s, a, http.StatusOK)
		if !ok {
			return
		}
		ended := func(entry contract.CommandOutcome) bool {
			return slices.Contains([]contract.CommandState{contract.CommandStateSucceeded, contract.CommandStateFailed, contract.CommandStateExpired}, entry.State)
		}
		if !slices.ContainsFunc(now.Stations, func(entry contract.CommandOutcome) bool { return !ended(entry) }) {
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
