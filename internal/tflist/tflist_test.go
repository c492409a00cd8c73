package tflist_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

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

// answered is what Terraform gets of a read, with what was said to it.
func answered(t *testing.T, read func(ctx context.Context, resp *datasource.ReadResponse) error) (state, said string) {
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
	resp, err := server.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: "school_rooms", Config: &config})
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
}
