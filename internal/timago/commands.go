package timago

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/timago/terraform-provider-timago/internal/foreign"
	"github.com/timago/terraform-provider-timago/internal/timago/contract"
)

const (
	// maxTargets is how many stations one command takes.
	maxTargets = 1000
	// commandWindow is how long a command waits for others: longer than a read, since what
	// it starts takes minutes, and those who send it have each set an option before.
	commandWindow = 2 * readWindow
)

// commands gathers what is told to stations, and the questions what became of it.
type commands struct {
	client *Client
	sent   *gatherer[order, Progress]
	asked  *gatherer[string, contract.Command] // by the command's id
}

// order is a command for one station.
type order struct {
	Command
	Target
}

type orderCaller = caller[order, Progress]

func newCommands(c *Client) commands {
	all := commands{client: c}
	all.sent = &gatherer[order, Progress]{window: commandWindow, serve: all.send}
	all.asked = &gatherer[string, contract.Command]{window: readWindow, serve: all.poll}
	return all
}

// send makes one request of all commands that differ in their stations alone.
func (all commands) send(ctx context.Context, callers []*orderCaller) {
	var kinds []Command
	alike := map[Command][]*orderCaller{}
	for _, c := range callers {
		kind := c.query.Command
		if alike[kind] == nil {
			kinds = append(kinds, kind)
		}
		alike[kind] = append(alike[kind], c)
	}
	for _, kind := range kinds {
		for part := range slices.Chunk(alike[kind], maxTargets) {
			all.post(ctx, kind, part)
		}
	}
}

// post sends a command for several stations. A server refuses it as a whole: what is wrong
// with one of them must not keep the others, so a refused one is sent in halves.
func (all commands) post(ctx context.Context, command Command, callers []*orderCaller) {
	got, err := all.client.post(ctx, command, callers)
	if len(callers) > 1 && ofEntry(err) {
		half := len(callers) / 2
		all.post(ctx, command, callers[:half])
		all.post(ctx, command, callers[half:])
		return
	}
	for i, c := range callers {
		if err != nil {
			c.reply(Progress{}, err)
			continue
		}
		c.reply(progressOf(got, i), nil)
	}
}

// ofEntry reports whether a command may have been refused for one of its stations.
func ofEntry(err error) bool {
	var problem *Problem
	if !errors.As(err, &problem) || problem.Code == contract.ProblemCodeUnsupported {
		return false
	}
	switch problem.Status {
	case http.StatusBadRequest, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

func (c *Client) post(ctx context.Context, command Command, callers []*orderCaller) (contract.Command, error) {
	wanted := contract.CommandRequest{Command: command.Name}
	for _, caller := range callers {
		wanted.Stations = append(wanted.Stations, contract.CommandTarget{ID: caller.query.ID, Key: caller.query.Key})
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
	got, err := ask[contract.Command](ctx, c, post)
	if conflict(err) {
		got, err = ask[contract.Command](ctx, c, post)
	}
	if err != nil {
		return got, err
	}
	wrong := func(path string, err error) error {
		return &Malformed{Method: http.MethodPost, Path: c.endpoint.Path + "/commands", JSONPath: path, Err: err}
	}
	switch {
	case got.ID == "":
		return got, wrong("$.id", errors.New("is empty"))
	case got.Command != command.Name:
		return got, wrong("$.command", fmt.Errorf("is %q, which was not sent", got.Command))
	case len(got.Stations) != len(callers):
		return got, wrong("$.stations", fmt.Errorf("has %d entries for %d stations", len(got.Stations), len(callers)))
	}
	for i, caller := range callers {
		if entry := got.Stations[i]; entry.ID != caller.query.ID || entry.Key != caller.query.Key {
			return got, wrong(fmt.Sprintf("$.stations[%d]", i), fmt.Errorf("is not about the station %s with the key that was sent", caller.query.ID))
		}
	}
	return got, nil
}

// poll asks once for each command that somebody wants to know of.
func (all commands) poll(ctx context.Context, callers []*caller[string, contract.Command]) {
	var ids []string
	alike := map[string][]*caller[string, contract.Command]{}
	for _, c := range callers {
		if alike[c.query] == nil {
			ids = append(ids, c.query)
		}
		alike[c.query] = append(alike[c.query], c)
	}
	for _, id := range ids {
		got, err := ask[contract.Command](ctx, all.client, get("commands", id))
		if err == nil && got.ID != id {
			err = &Malformed{
				Method: http.MethodGet, Path: all.client.endpoint.Path + "/commands/" + id, JSONPath: "$.id",
				Err: fmt.Errorf("is %q, which was not asked for", foreign.Text(got.ID)),
			}
		}
		for _, c := range alike[id] {
			c.reply(got, err)
		}
	}
}
