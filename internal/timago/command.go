package timago

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/timago/contract"
)

// CommandName is what stations can be told to do.
type CommandName = contract.CommandName

// The commands.
const (
	Restart    = contract.CommandNameRestart
	ResetImage = contract.CommandNameResetImage
	Wake       = contract.CommandNameWake
	Shutdown   = contract.CommandNameShutdown
)

// CommandState is how far a station is with a command.
type CommandState = contract.CommandState

// The states. The last three are final.
const (
	Queued    = contract.CommandStateQueued
	Sent      = contract.CommandStateSent
	Running   = contract.CommandStateRunning
	Succeeded = contract.CommandStateSucceeded
	Failed    = contract.CommandStateFailed
	Expired   = contract.CommandStateExpired
)

// Reasons of failure that this provider decides by.
const (
	ReasonInUse           = "in_use"
	ReasonStationNotFound = "station_not_found"
	ReasonNotStarted      = "not_started"
)

// MaxTargets is how many stations one command takes.
const MaxTargets = 1000

// Command is told to stations.
type Command struct {
	Name            CommandName
	Stations        []Target  // 1 to MaxTargets
	OperatingSystem string    // "" the last started
	UnlessInUse     bool      // fail where a user is logged on, looked at by the server
	NotBefore       time.Time // zero: at once
}

// Target is a station and the idempotency key of the effect that is meant, see Key.
type Target struct {
	ID  string
	Key string
}

// Wish is what a command is to bring about on a station.
type Wish struct {
	Command         CommandName
	OperatingSystem string // as Station.OperatingSystem takes it; the command is sent with the name it gives
	KMSActivation   bool   // of ResetImage: the option that the new image is to carry
}

// Key derives the idempotency key of a wish from what was last seen of the station, so
// that the same wish in the same situation is the same effect, also after a crash, and
// a new situation is a new one:
//   - a reset is meant for the image that is there: its generation, and the option that
//     the new image is to carry. A plain restart in between changes nothing.
//   - restart, shutdown and wake are meant for the start that was seen last.
//
// The station must have been read fresh: from an old read comes an old key, whose
// effect was had already. The server frees a key whose command failed or expired.
func Key(s Station, w Wish) string {
	situation := []string{strings.ToLower(s.ID), string(w.Command), strings.ToLower(w.OperatingSystem)}
	if w.Command == ResetImage {
		system, err := s.OperatingSystem(w.OperatingSystem)
		if err == nil {
			situation[2] = strings.ToLower(system.Name)
		}
		situation = append(situation, strconv.FormatInt(system.ImageGeneration, 10), strconv.FormatBool(w.KMSActivation))
	} else {
		situation = append(situation, s.LastStart.UTC().Format(time.RFC3339Nano))
	}
	sum := sha256.Sum256([]byte(strings.Join(situation, "\x00")))
	return string(w.Command) + "-" + hex.EncodeToString(sum[:16])
}

// CommandStatus is what has become of a command.
type CommandStatus struct {
	ID       string
	Command  CommandName
	Stations []Outcome // one per target, in its order
}

// Outcome is what has become of a command on one station.
type Outcome struct {
	StationID string
	Key       string
	State     CommandState
	Repeated  bool   // the key was held: this shows what becomes of the first command with it
	Reason    string // code, of Failed only
	Detail    string // for people
}

// Ended tells whether the outcome is final.
func (o Outcome) Ended() bool {
	return o.State == Succeeded || o.State == Failed || o.State == Expired
}

// Ended tells whether every outcome is final.
func (s CommandStatus) Ended() bool {
	return !slices.ContainsFunc(s.Stations, func(o Outcome) bool { return !o.Ended() })
}

// Command tells stations to do something and returns when the server has taken it; the
// status has the id to ask with. Sent again with the same keys it has no second effect.
func (c *Client) Command(ctx context.Context, command Command) (CommandStatus, error) {
	wanted := contract.CommandRequest{Command: command.Name}
	var ids []string
	for _, target := range command.Stations {
		wanted.Stations = append(wanted.Stations, contract.CommandTarget{ID: target.ID, Key: target.Key})
		ids = append(ids, target.ID)
	}
	defer c.reads.forget(ids...)
	if n := len(wanted.Stations); n == 0 || n > MaxTargets {
		return CommandStatus{}, fmt.Errorf("a command takes 1 to %d stations, not %d", MaxTargets, n)
	}
	if command.OperatingSystem != "" {
		wanted.OperatingSystem = &command.OperatingSystem
	}
	if command.UnlessInUse {
		wanted.UnlessInUse = &command.UnlessInUse
	}
	if !command.NotBefore.IsZero() {
		wanted.NotBefore = &command.NotBefore
	}
	post := request{method: http.MethodPost, path: []string{"commands"}, body: wanted}
	taken, err := ask[contract.Command](ctx, c, post)
	if conflict(err) {
		taken, err = ask[contract.Command](ctx, c, post)
	}
	if err != nil {
		return CommandStatus{}, err
	}
	status := statusOf(taken)
	for i, target := range command.Stations {
		if i >= len(status.Stations) || status.Stations[i].StationID != target.ID {
			return status, &Malformed{
				Method: "POST", Path: basePath + "/commands", JSONPath: fmt.Sprintf("$.stations[%d]", i),
				Err: fmt.Errorf("is not about the station %s", target.ID),
			}
		}
	}
	return status, nil
}

// CommandStatus asks what has become of a command.
func (c *Client) CommandStatus(ctx context.Context, id string) (CommandStatus, error) {
	command, err := ask[contract.Command](ctx, c, get("commands", id))
	if err != nil {
		return CommandStatus{}, err
	}
	return statusOf(command), nil
}

// Await asks every so often until the command has ended on every station, and tells
// seen, if set, each status. When it ends before, by an error or the context's end,
// the last status that was seen comes with the error.
func (c *Client) Await(ctx context.Context, id string, every time.Duration, seen func(CommandStatus)) (CommandStatus, error) {
	last := CommandStatus{ID: id}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return last, ctx.Err()
		case <-timer.C:
		}
		status, err := c.CommandStatus(ctx, id)
		if err != nil {
			return last, err
		}
		last = status
		if seen != nil {
			seen(status)
		}
		if status.Ended() {
			for _, outcome := range status.Stations {
				c.reads.forget(outcome.StationID)
			}
			return status, nil
		}
		timer.Reset(cmp.Or(every, time.Second))
	}
}

func statusOf(command contract.Command) CommandStatus {
	status := CommandStatus{ID: command.ID, Command: command.Command}
	for _, s := range command.Stations {
		outcome := Outcome{StationID: s.ID, Key: s.Key, State: s.State, Repeated: s.Repeated}
		if s.Reason != nil {
			outcome.Reason, outcome.Detail = s.Reason.Code, printable(value(s.Reason.Detail))
		}
		status.Stations = append(status.Stations, outcome)
	}
	return status
}
