package timagoserver

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/timago/contract"
	"github.com/timago/terraform-provider-timago/internal/timago/contract/contractserver"
)

// furthestAhead is how far ahead not_before may lie.
const furthestAhead = 7 * 24 * time.Hour

// commands are those that were taken. They are kept as long as the server runs.
type commands struct {
	mu   sync.Mutex
	all  []command
	held map[held]entry // the first entry that bore the key, or the last that was given it free
}

// held is an idempotency key, which belongs to one station.
type held struct{ station, key string }

type command struct {
	id      string
	name    contract.CommandName
	entries []entry
}

// entry is a command for one station.
type entry struct {
	held
	order    int // in the world
	refused  *contract.FailureReason
	repeated bool
}

func newCommands() commands { return commands{held: map[held]entry{}} }

// SendCommand takes a command for every station, or refuses it as a whole.
func (c calls) SendCommand(_ context.Context, request contractserver.SendCommandRequestObject) (contractserver.SendCommandResponseObject, error) {
	body := request.Body
	if !c.can(string(body.Command)) {
		return nil, refuse(http.StatusUnprocessableEntity, contract.ProblemCodeUnsupported, "this server has no "+string(body.Command))
	}
	if body.NotBefore != nil && !c.can(featureNotBefore) {
		return nil, refuse(http.StatusUnprocessableEntity, contract.ProblemCodeUnsupported, "this server has no not_before")
	}
	if body.NotBefore != nil && body.NotBefore.After(c.config.World.Now().Add(furthestAhead)) {
		return nil, refuse(http.StatusUnprocessableEntity, contract.ProblemCodeInvalidValue, "not_before lies more than 7 days ahead",
			contract.FieldError{Pointer: "/not_before", Detail: "at most 7 days ahead"})
	}
	c.commands.mu.Lock()
	defer c.commands.mu.Unlock()
	if err := c.reused(body); err != nil {
		return nil, err
	}
	taken := command{id: fmt.Sprintf("c-%06d", len(c.commands.all)+1), name: body.Command}
	for _, target := range body.Stations {
		taken.entries = append(taken.entries, c.take(taken.id, body, held{target.ID, target.Key}))
	}
	c.commands.all = append(c.commands.all, taken)
	return contractserver.SendCommand202JSONResponse(c.outcomes(taken)), nil
}

// reused refuses a key that is held for something else on the same station. Who names no
// operating system means the first one's.
func (c calls) reused(body *contract.CommandRequest) error {
	system := systemOf(body)
	for i, target := range body.Stations {
		first, isHeld := c.holder(held{target.ID, target.Key})
		if _, refused := c.listing(target.ID); !isHeld || refused != nil {
			continue
		}
		meant := c.config.World.Progress(first.order)
		if string(meant.Kind) != string(body.Command) || system != "" && !strings.EqualFold(meant.System, system) {
			return refuse(http.StatusUnprocessableEntity, contract.ProblemCodeKeyReused, "the key was used for another command",
				contract.FieldError{Pointer: fmt.Sprintf("/stations/%d/key", i), Detail: "stands for " + string(meant.Kind) + " of " + meant.System})
		}
	}
	return nil
}

// systemOf is the operating system that a command names; "" where it names none, or is for
// none.
func systemOf(body *contract.CommandRequest) string {
	if body.OperatingSystem == nil || body.Command == contract.CommandNameShutdown {
		return ""
	}
	return *body.OperatingSystem
}

// take gives the station its order, unless the key is held.
func (c calls) take(id string, body *contract.CommandRequest, key held) entry {
	l, found := c.config.World.Listing(key.station)
	if found && !c.permitted(l) {
		return entry{held: key, refused: &contract.FailureReason{Code: "not_permitted", Detail: new("no right on the computer group " + l.Group)}}
	}
	if first, isHeld := c.holder(key); isHeld && found {
		first.repeated = true
		return first
	}
	order := world.Order{ID: id, Station: key.station, Kind: world.OrderKind(body.Command), TakenWithin: c.config.TakenWithin,
		StartedWithin: c.config.StartedWithin, System: systemOf(body),
	}
	if body.UnlessInUse != nil {
		order.UnlessInUse = *body.UnlessInUse
	}
	if body.NotBefore != nil {
		order.NotBefore = *body.NotBefore
	}
	taken := entry{held: key, order: c.config.World.Give(order)}
	c.commands.held[key] = taken
	return taken
}

// holder is the entry that holds a key; false where the key is free. It is free again
// when the command came to nothing: failed, expired, or a wake that started nothing.
func (c calls) holder(key held) (entry, bool) {
	first, used := c.commands.held[key]
	if !used {
		return entry{}, false
	}
	switch p := c.config.World.Progress(first.order); {
	case p.State == world.OrderFailed, p.State == world.OrderExpired,
		p.Kind == world.OrderWake && p.State == world.OrderSucceeded && !p.Started:
		return entry{}, false
	}
	return first, true
}

// GetCommand says what has become of a command.
func (c calls) GetCommand(_ context.Context, request contractserver.GetCommandRequestObject) (contractserver.GetCommandResponseObject, error) {
	c.commands.mu.Lock()
	defer c.commands.mu.Unlock()
	for _, known := range c.commands.all {
		if known.id == request.ID {
			return contractserver.GetCommand200JSONResponse(c.outcomes(known)), nil
		}
	}
	return nil, refuse(http.StatusNotFound, contract.ProblemCodeNotFound, "there is no such command")
}

func (c calls) outcomes(known command) contract.Command {
	shown := contract.Command{ID: known.id, Command: known.name}
	for _, e := range known.entries {
		outcome := contract.CommandOutcome{ID: e.station, Key: e.key, Repeated: e.repeated}
		if e.refused != nil {
			outcome.State, outcome.Reason = contract.CommandStateFailed, e.refused
		} else {
			p := c.config.World.Progress(e.order)
			outcome.State = contract.CommandState(p.State)
			if p.State == world.OrderFailed {
				outcome.Reason = &contract.FailureReason{Code: p.Reason}
				if p.Detail != "" {
					outcome.Reason.Detail = &p.Detail
				}
			}
		}
		shown.Stations = append(shown.Stations, outcome)
	}
	return shown
}
