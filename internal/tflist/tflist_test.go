package tflist_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/timago/terraform-provider-timago/internal/tflist"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rooms is a provider of one data source, which does this when it is read.
type rooms struct {
	read func(ctx context.Context, resp *datasource.ReadResponse) error
}

func (rooms) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "school"
}
func (rooms) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse)          {}
func (rooms) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}
func (rooms) Resources(context.Context) []func() resource.Resource                              { return nil }

func (r rooms) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{func() datasource.DataSource { return &source{r} }}
}

type source struct{ of rooms }

func (*source) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "school_rooms"
}

func (*source) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	room := schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
		"name": schema.StringAttribute{Computed: true}, "floor": schema.StringAttribute{Computed: true}, "seats": schema.Int64Attribute{Computed: true},
	}}
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"school": schema.StringAttribute{Computed: true},
		"names":  schema.ListAttribute{Computed: true, ElementType: types.StringType},
		"rooms":  schema.ListNestedAttribute{Computed: true, NestedObject: room},
	}}
}

func (s *source) Read(ctx context.Context, _ datasource.ReadRequest, resp *datasource.ReadResponse) {
	if err := s.of.read(ctx, resp); err != nil {
		resp.Diagnostics.AddError("Unable to list rooms", err.Error())
	}
}

// serve serves a provider whose data source does this; what it gives reads the data source.
func serve(t *testing.T, read func(ctx context.Context, resp *datasource.ReadResponse) error) (func(context.Context) (*tfprotov6.ReadDataSourceResponse, error), tftypes.Object) {
	t.Helper()
	server := tflist.Serve(rooms{read})
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	of, _ := schemas.DataSourceSchemas["school_rooms"].ValueType().(tftypes.Object)
	nothing := map[string]tftypes.Value{}
	for name, attribute := range of.AttributeTypes {
		nothing[name] = tftypes.NewValue(attribute, nil)
	}
	config, err := tfprotov6.NewDynamicValue(of, tftypes.NewValue(of, nothing))
	if err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context) (*tfprotov6.ReadDataSourceResponse, error) {
		return server.ReadDataSource(ctx, &tfprotov6.ReadDataSourceRequest{TypeName: "school_rooms", Config: &config})
	}, of
}

// answered is what Terraform gets of a read, with what was said to it.
func answered(t *testing.T, read func(ctx context.Context, resp *datasource.ReadResponse) error) (state, said string) {
	t.Helper()
	asked, of := serve(t, read)
	resp, err := asked(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, diagnostic := range resp.Diagnostics {
		said += diagnostic.Detail
	}
	value, err := resp.State.Unmarshal(of)
	if err != nil {
		t.Fatal(err)
	}
	var attributes map[string]tftypes.Value
	if err := value.As(&attributes); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"school", "names", "rooms"} {
		state += strings.NewReplacer("tftypes.", "").Replace(fmt.Sprint(attributes[name], "; "))
	}
	return state, said
}

type room struct {
	Name  string  `tfsdk:"name"`
	Floor *string `tfsdk:"floor"`
	Seats int     `tfsdk:"seats"`
}

func TestListsStandBesideWhatTheFrameworkAnswers(t *testing.T) {
	t.Parallel()
	floor := "2"
	all := []room{{Name: "R101", Seats: 30}, {Name: "R201", Floor: &floor, Seats: 300}}
	state, said := answered(t, func(ctx context.Context, resp *datasource.ReadResponse) error {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("school"), "Schule")...)
		return errors.Join(
			tflist.Set(ctx, "names", len(all), func(i int) string { return all[i].Name }),
			tflist.Set(ctx, "rooms", len(all), func(i int) room { return all[i] }),
		)
	})
	for _, want := range []string{`String<"Schule">; `, `List[String]<String<"R101">, String<"R201">>; `, `"floor":String<null>, "name":String<"R101">, "seats":Number<"30">`, `"floor":String<"2">, "name":String<"R201">, "seats":Number<"300">`} {
		if !strings.Contains(state, want) || said != "" {
			t.Errorf("%s is missing in %s: %s", want, state, said)
		}
	}
}

func TestNoElementsAreAnEmptyListAndNoneSetIsNull(t *testing.T) {
	t.Parallel()
	state, said := answered(t, func(ctx context.Context, _ *datasource.ReadResponse) error {
		return tflist.Set(ctx, "names", 0, func(int) string { return "" })
	})
	if !strings.Contains(state, "; List[String]<>; ") || !strings.HasSuffix(state, "<null>; ") || said != "" {
		t.Errorf("%s %s", state, said)
	}
}

func TestAllListsOfAnAnswerHaveOneBound(t *testing.T) {
	t.Parallel()
	half := strings.Repeat("x", tflist.Most/2-100)
	for elements, want := range map[int]error{1: nil, 2: tflist.ErrTooLong} {
		var err error
		_, _ = answered(t, func(ctx context.Context, _ *datasource.ReadResponse) error {
			err = errors.Join(
				tflist.Set(ctx, "names", 1, func(int) string { return half }),
				tflist.Set(ctx, "rooms", elements, func(int) room { return room{Name: half} }),
			)
			return err
		})
		if !errors.Is(err, want) {
			t.Errorf("%d more: %v", elements, err)
		}
	}
}

func TestWhoIsServedOtherwiseIsNotAnsweredWithoutItsLists(t *testing.T) {
	t.Parallel()
	if err := tflist.Set(t.Context(), "names", 0, func(int) string { return "" }); err == nil {
		t.Error("the lists went nowhere, and nothing was said")
	}
	if err := tflist.Alone(t.Context()); err == nil {
		t.Error("others may read beside it, and nothing was said")
	}
}

var errOff = errors.New("the school is closed")

// Long lists are read one after the other, also after one that failed; who waits no longer
// leaves its place to others.
func TestLongListsAreReadOneAfterTheOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reading, reads := 0, 0
		asked, _ := serve(t, func(ctx context.Context, _ *datasource.ReadResponse) error {
			if err := errors.Join(tflist.Alone(ctx), tflist.Alone(ctx)); err != nil {
				return err
			}
			if reading++; reading > 1 {
				t.Errorf("%d lists at once", reading)
			}
			time.Sleep(time.Second)
			reading--
			if reads++; reads == 1 {
				return errOff
			}
			return tflist.Set(ctx, "names", 1, func(int) string { return "R101" })
		})
		began := time.Now()
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				if _, err := asked(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			if resp, err := asked(ctx); err != nil || len(resp.Diagnostics) != 1 || !strings.Contains(resp.Diagnostics[0].Detail, context.DeadlineExceeded.Error()) {
				t.Errorf("who waits no longer: %v, %v", resp, err)
			}
		})
		all.Wait()
		if took := time.Since(began); reads != 5 || took < 5*time.Second || took > 6*time.Second {
			t.Errorf("%d reads took %v", reads, took)
		}
	})
}

// A list is read once the answer before has left the memory, and soon in any case.
func TestAListWaitsForTheAnswerBefore(t *testing.T) {
	t.Parallel()
	for held, most := range map[bool]time.Duration{false: time.Second, true: 15 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			asked, _ := serve(t, func(ctx context.Context, _ *datasource.ReadResponse) error {
				return errors.Join(tflist.Alone(ctx), tflist.Set(ctx, "names", 1, func(int) string { return strings.Repeat("x", 1<<20) }))
			})
			before, err := asked(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if !held {
				before = nil
			}
			began := time.Now()
			if _, err := asked(t.Context()); err != nil {
				t.Error(err)
			}
			if took := time.Since(began); took > most || held && took < 5*time.Second {
				t.Errorf("held %t: it waited %v", held, took)
			}
			runtime.KeepAlive(before)
		})
	}
}
