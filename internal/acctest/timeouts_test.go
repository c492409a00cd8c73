package acctest_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/cycle"
	timago "github.com/timago/terraform-provider-timago/internal/provider"
	"github.com/timago/terraform-provider-timago/internal/service"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/site"
	"github.com/timago/terraform-provider-timago/internal/tfduration"
	"github.com/timago/terraform-provider-timago/internal/tflist"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// drifted is what a resource's state says before it is changed.
var drifted = map[string]map[string]any{
	"timago_activation_pool": {"status": "not_activated"},
	"timago_station_kms":     {"id": "2d4d7fde-e2c3-4ad2-9e58-e55beca11f18", "operating_system": "Windows 11", "effective": false},
}

// An operation lasts as long as its page says where nothing is set, and as long as is set:
// Timago's server refuses every connection, is asked again and again, and the time that passes
// is not this machine's.
func TestAnOperationEndsWhenItsPageSays(t *testing.T) {
	t.Parallel()
	stated := statedTimeouts(t)
	for name, configured := range map[string]map[string]string{
		"by default": nil, "as configured": {"create": "31m", "read": "32m", "update": "33m", "delete": "34m"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBounds(t, site.Config{
					Timago: &site.TimagoConfig{Endpoint: "http://127.0.0.1:1", Token: "token", RequestTimeout: time.Hour, MaxRetries: 1 << 30},
					WinRM:  &winrm.Config{Username: "kms-admin", Password: "password"}, KMSHost: "127.0.0.1:1",
				})
				want := maps.Clone(stated)
				for at := range want {
					resource, operation, _ := strings.Cut(at, " ")
					if _, set := configured[operation]; set && drifted[resource] != nil {
						want[at] = configured[operation]
					}
				}
				for resource := range drifted {
					b.resource(resource, configured)
					want[resource+" plan of create"] = want[resource+" read"]
				}
				want["timago_activation_pool plan of update"] = want["timago_activation_pool read"]
				b.dataSource("timago_station")
				b.dataSource("timago_stations")
				b.action("timago_station_reset_image")
				b.action("timago_station_wake")
				// These ask Windows, which refuses at once here: the next test has them.
				for _, at := range []string{"timago_kms_host read", "timago_station_restart invoke", "timago_station_activate invoke"} {
					delete(want, at)
				}
				b.holds(want)
				time.Sleep(time.Minute) // whoever waited for others to come along does so no longer
			})
		})
	}
}

// Windows is asked with the time that the operation's page gives, where nothing is set.
func TestWindowsIsAskedForAsLongAsThePagesSay(t *testing.T) {
	t.Parallel()
	scenario := acctest.Classroom(1, world.Station{}, acctest.Counted(30))
	s := acctest.NewSite(t, scenario)
	ready := s.Plain()
	b := newBounds(t, site.Config{
		WinRM:   &winrm.Config{Username: ready.WinRM.Username, Password: ready.WinRM.Password},
		KMSHost: ready.KMSHost, MaxAge: time.Hour,
	})
	b.station, b.byDeadline = ready.Stations[0].Address, true
	for resource := range drifted {
		b.resource(resource, nil)
	}
	b.dataSource("timago_station")
	b.dataSource("timago_kms_host")
	b.action("timago_station_restart")
	b.action("timago_station_activate")
	want := statedTimeouts(t)
	for _, operation := range []string{"create", "update"} {
		want["timago_activation_pool plan of "+operation] = want["timago_activation_pool read"]
	}
	for _, at := range []string{ // that ask Timago, or nobody in direct mode
		"timago_station_kms update", "timago_station_kms delete", "timago_stations read", "timago_station_reset_image invoke", "timago_station_wake invoke",
	} {
		delete(want, at)
	}
	b.holds(want)
}

// statedTimeouts are what the generated pages say, by type and operation.
func statedTimeouts(t *testing.T) map[string]string {
	t.Helper()
	stated := map[string]string{}
	page := func(kind, name string) string {
		text, err := os.ReadFile(filepath.Join("../../docs", kind, strings.TrimPrefix(name, "timago_")+".md"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	r := readReference(t)
	line := regexp.MustCompile("(?m)^- `(create|read|update|delete|station_timeout)` .* Default: `([^`]+)`.$")
	for name := range r.schemas.ResourceSchemas {
		_, nested, _ := strings.Cut(page("resources", name), "### Nested Schema for `timeouts`")
		nested, _, _ = strings.Cut(nested, "\n#")
		for _, said := range line.FindAllStringSubmatch(nested, -1) {
			stated[name+" "+said[1]] = said[2]
		}
	}
	for name := range r.schemas.ActionSchemas {
		if said := line.FindStringSubmatch(page("actions", name)); said != nil {
			stated[name+" invoke"] = said[2]
		}
	}
	said := regexp.MustCompile(`A data source reads for at most ([0-9]+) minutes`).FindStringSubmatch(page("guides", "limits"))
	for name := range r.schemas.DataSourceSchemas {
		if name != "timago_station_export" && said != nil { // which asks nobody
			stated[name+" read"] = said[1] + "m"
		}
	}
	if len(stated) != 14 {
		t.Fatalf("the pages state %d timeouts, and this test knows 14: %v", len(stated), stated)
	}
	return stated
}

// bounds sees how long each operation of a provider may take at most.
type bounds struct {
	*reference
	config     site.Config
	station    string // "": as in needed
	byDeadline bool   // by the time that Windows was asked with, else by the time that passed
	found      map[string]string

	mu    sync.Mutex
	began time.Time
	until time.Time // the latest deadline with which Windows was asked
}

func newBounds(t *testing.T, config site.Config) *bounds {
	t.Helper()
	b := &bounds{reference: readReference(t), config: config, found: map[string]string{}}
	b.config.WinRM.Timeout = 6 * time.Hour // longer than any operation
	b.config.WinRM.Log = func(ctx context.Context, _ string, _ map[string]any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		if deadline, bounded := ctx.Deadline(); bounded && deadline.After(b.until) {
			b.until = deadline
		}
	}
	return b
}

// openedProvider is the provider with all that it offers, at a site that a test has opened.
type openedProvider struct {
	*timago.Provider
	site *site.Site
}

// Configure hands the site on, whatever is configured.
func (p openedProvider) Configure(_ context.Context, _ provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	data := service.Data{Site: p.site, Reads: service.NewReads(p.site), Engine: cycle.New(), Claims: service.NewClaims(), Names: service.NewNames()}
	resp.ResourceData, resp.DataSourceData, resp.ListResourceData, resp.ActionData = data, data, data, data
}

// see lets a new provider do something, and notes how long that might have taken.
func (b *bounds) see(operation string, do func() error) {
	b.t.Helper()
	opened, err := site.Open(b.config)
	if err != nil {
		b.t.Fatal(err)
	}
	defer opened.Close()
	b.ProviderServer = tflist.Serve(openedProvider{timago.NewIn(func(string) string { return "" }, "test"), opened})
	none := setting(b.schemas.Provider.ValueType(), nil, noAttribute, nil)
	if _, err := b.ConfigureProvider(b.t.Context(), &tfprotov6.ConfigureProviderRequest{Config: b.packed(none)}); err != nil {
		b.t.Fatal(err)
	}
	b.starts()
	if err := do(); err != nil {
		b.t.Fatalf("%s: %v", operation, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	took := time.Since(b.began)
	if b.byDeadline {
		took = max(0, b.until.Sub(b.began)).Round(time.Minute) // of this machine's time some has passed before
	}
	if took > 0 {
		b.found[operation] = tfduration.Shortest(took)
	}
}

func (b *bounds) starts() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.began, b.until = time.Now(), time.Time{}
}

// holds compares what was seen.
func (b *bounds) holds(want map[string]string) {
	b.t.Helper()
	for _, at := range slices.Sorted(maps.Keys(want)) {
		if b.found[at] != want[at] {
			b.t.Errorf("%s may take %q, want %q", at, b.found[at], want[at])
		}
		delete(b.found, at)
	}
	if len(b.found) > 0 {
		b.t.Errorf("these may take so long, which no page says: %v", b.found)
	}
}

// resource drives a resource from nothing to its end.
func (b *bounds) resource(name string, timeouts map[string]string) {
	b.t.Helper()
	of := b.schemas.ResourceSchemas[name].ValueType()
	config := b.configured(name, of, timeouts)
	null := b.packed(tftypes.NewValue(of, nil))
	plan := func(operation string, prior, proposed *tfprotov6.DynamicValue) (planned *tfprotov6.PlanResourceChangeResponse) {
		b.see(name+" "+operation, func() (err error) {
			planned, err = b.PlanResourceChange(b.t.Context(), &tfprotov6.PlanResourceChangeRequest{TypeName: name, PriorState: prior, ProposedNewState: proposed, Config: config})
			return err
		})
		return planned
	}
	apply := func(operation string, prior *tfprotov6.DynamicValue, planned *tfprotov6.PlanResourceChangeResponse) {
		b.see(name+" "+operation, func() error {
			_, err := b.ApplyResourceChange(b.t.Context(), &tfprotov6.ApplyResourceChangeRequest{
				TypeName: name, PriorState: prior, Config: config, PlannedState: planned.PlannedState, PlannedPrivate: planned.PlannedPrivate,
			})
			return err
		})
	}
	planned := plan("plan of create", null, config)
	apply("create", null, planned)
	state := b.drifted(of, planned.PlannedState, drifted[name])
	b.see(name+" read", func() error {
		_, err := b.ReadResource(b.t.Context(), &tfprotov6.ReadResourceRequest{TypeName: name, CurrentState: state})
		return err
	})
	apply("update", state, plan("plan of update", state, state))
	apply("delete", state, plan("plan of delete", state, null))
}

// drifted is a state that a plan has led to, but for what has changed since.
func (b *bounds) drifted(of tftypes.Type, planned *tfprotov6.DynamicValue, changed map[string]any) *tfprotov6.DynamicValue {
	b.t.Helper()
	var attributes map[string]tftypes.Value
	state, err := planned.Unmarshal(of)
	if err == nil {
		err = state.As(&attributes)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	for name, value := range attributes {
		if is, changes := changed[name]; changes || !value.IsFullyKnown() {
			attributes[name] = tftypes.NewValue(value.Type(), is)
		}
	}
	return b.packed(tftypes.NewValue(of, attributes))
}

func (b *bounds) dataSource(name string) {
	b.t.Helper()
	config := b.configured(name, b.schemas.DataSourceSchemas[name].ValueType(), nil)
	b.see(name+" read", func() error {
		_, err := b.ReadDataSource(b.t.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: name, Config: config})
		return err
	})
}

// action invokes an action for one station, whose turn comes with the first message.
func (b *bounds) action(name string) {
	b.t.Helper()
	config := b.configured(name, b.schemas.ActionSchemas[name].Schema.ValueType(), nil)
	b.see(name+" invoke", func() error {
		actions, _ := b.ProviderServer.(tfprotov6.ActionServer)
		stream, err := actions.InvokeAction(b.t.Context(), &tfprotov6.InvokeActionRequest{ActionType: name, Config: config})
		if err != nil {
			return err
		}
		begun := false
		for range stream.Events {
			if !begun {
				begun = true
				b.starts()
			}
		}
		return nil
	})
}

// noAttribute is the path of none: what is needed is set, and nothing beside it.
var noAttribute = []string{"none of its attributes"}

// configured is a configuration with what is needed, and these timeouts.
func (b *bounds) configured(name string, of tftypes.Type, timeouts map[string]string) *tfprotov6.DynamicValue {
	b.t.Helper()
	beside := maps.Clone(needed[name])
	for attribute, value := range beside {
		switch {
		case b.station == "":
		case fmt.Sprint(value) == "[PC01]":
			beside[attribute] = []string{b.station}
		case value == "PC01":
			beside[attribute] = b.station
		}
	}
	value := setting(of, beside, noAttribute, nil)
	if timeouts != nil {
		var attributes map[string]tftypes.Value
		if err := value.As(&attributes); err != nil {
			b.t.Fatal(err)
		}
		set := map[string]tftypes.Value{}
		for operation, duration := range timeouts {
			set[operation] = tftypes.NewValue(tftypes.String, duration)
		}
		attributes["timeouts"] = tftypes.NewValue(attributes["timeouts"].Type(), set)
		value = tftypes.NewValue(of, attributes)
	}
	return b.packed(value)
}

func (b *bounds) packed(value tftypes.Value) *tfprotov6.DynamicValue {
	b.t.Helper()
	packed, err := tfprotov6.NewDynamicValue(value.Type(), value)
	if err != nil {
		b.t.Fatal(err)
	}
	return &packed
}
