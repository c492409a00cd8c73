package timago

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/foreign"
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
	ReasonInUse        = "in_use"
	ReasonNotStarted   = "not_started"
	ReasonImageFailed  = "image_failed"
	ReasonNotPermitted = "not_permitted"
	ReasonUnsupported  = "unsupported"
)

// Command is what a station is told to do.
type Command struct {
	Name            CommandName
	OperatingSystem string    // "" the last started
	UnlessInUse     bool      // fail where a user is logged on, looked at by the server
	NotBefore       time.Time // zero: at once
}

// Target is a station and the idempotency key of the effect that is meant, see Key.
type Target struct {
	ID  string
	Key string
}

// Effect is what a command is to bring about on a station.
type Effect struct {
	Command         CommandName
	OperatingSystem string // as Station.OperatingSystem takes it; the command is sent with the name it gives
	KMSActivation   bool   // of ResetImage: the option that the new image is to carry
}

// Key derives the idempotency key of an effect from what was last seen of the station, so
// that the same effect in the same situation has the same key, also after a crash, and
// a new situation a new one:
//   - a reset is meant for the image that is there: its generation, and the option that
//     the new image is to carry. A plain restart in between changes nothing.
//   - restart, shutdown and wake are meant for the start that was seen last.
//
// The station must have been read fresh: from an old read comes an old key, whose
// effect was had already. The server frees a key whose command failed or expired.
func Key(s Station, e Effect) string {
	situation := []string{strings.ToLower(s.ID), string(e.Command), strings.ToLower(e.OperatingSystem)}
	if e.Command == ResetImage {
		system, err := s.OperatingSystem(e.OperatingSystem)
		if err == nil {
			situation[2] = strings.ToLower(system.Name)
		}
		situation = append(situation, strconv.FormatInt(system.ImageGeneration, 10), strconv.FormatBool(e.KMSActivation))
	} else {
		situation = append(situation, s.LastStart.UTC().Format(time.RFC3339Nano))
	}
	sum := sha256.Sum256([]byte(strings.Join(situation, "\x00")))
	return string(e.Command) + "-" + hex.EncodeToString(sum[:16])
}

// Progress is how far a station is with a command.
type Progress struct {
	CommandID string
	Command   CommandName
	Target
	State    CommandState
	Repeated bool   // the key was held: this shows what becomes of the first command with it
	Reason   string // code, of Failed only
	Detail   string // for people
}

// Ended reports whether the state is final.
func (p Progress) Ended() bool {
	return p.State == Succeeded || p.State == Failed || p.State == Expired
}

// Send tells a station to do something and returns when the server has taken it. Sent
// again with the same key it has no second effect. Commands that come together and differ
// in their stations alone are one request.
func (c *Client) Send(ctx context.Context, command Command, target Target) (Progress, error) {
	command.NotBefore = command.NotBefore.UTC().Round(0)
	defer c.reads.forget(target.ID)
	return c.commands.sent.ask(ctx, order{Command: command, Target: target})
}

// Progress asks what has become of a command on its station.
func (c *Client) Progress(ctx context.Context, sent Progress) (Progress, error) {
	got, err := c.commands.asked.ask(ctx, sent.CommandID)
	if err != nil {
		return sent, err
	}
	for i, s := range got.Stations {
		if s.ID == sent.ID && s.Key == sent.Key {
			return progressOf(got, i), nil
		}
	}
	return sent, &Malformed{
		Method: http.MethodGet, Path: c.endpoint.Path + "/commands/" + sent.CommandID, JSONPath: "$.stations",
		Err: fmt.Errorf("lacks the station %s, which the command is for", sent.ID),
	}
}

// Await asks every so often until the command has ended on the station, and tells seen,
// if set, what each look saw. When it ends before, by an error or the context's end, what
// was last seen comes with the error.
func (c *Client) Await(ctx context.Context, sent Progress, every time.Duration, seen func(Progress)) (Progress, error) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return sent, ctx.Err()
		case <-timer.C:
		}
		now, err := c.Progress(ctx, sent)
		if err != nil {
			return sent, err
		}
		sent = now
		if seen != nil {
			seen(now)
		}
		if now.Ended() {
			c.reads.forget(now.ID)
			return now, nil
		}
		timer.Reset(cmp.Or(every, time.Second))
	}
}

func progressOf(command contract.Command, i int) Progress {
	s := command.Stations[i]
	p := Progress{
		CommandID: command.ID, Command: command.Command, Target: Target{ID: s.ID, Key: s.Key}, State: s.State, Repeated: s.Repeated,
	}
	if s.Reason != nil {
		p.Reason, p.Detail = foreign.Text(s.Reason.Code), foreign.Text(value(s.Reason.Detail))
	}
	return p
}
