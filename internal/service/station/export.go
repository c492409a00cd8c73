package station

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/timago/terraform-provider-timago/internal/inventory"
	"github.com/timago/terraform-provider-timago/internal/service"
	"github.com/timago/terraform-provider-timago/internal/tfdiag"
)

// Export is the data source timago_station_export: a Datenexport file.
type Export struct{}

// NewExport returns the data source for registration.
func NewExport() datasource.DataSource { return &Export{} }

// Metadata names the data source.
func (d *Export) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_station_export"
}

type exportModel struct {
	Path     types.String `tfsdk:"path"`
	Columns  []string     `tfsdk:"columns"`
	Names    []string     `tfsdk:"names"`
	Stations []rowModel   `tfsdk:"stations"`
}

type rowModel struct {
	Name                string            `tfsdk:"name"`
	Location            *string           `tfsdk:"location"`
	ComputerGroup       *string           `tfsdk:"computer_group"`
	MAC                 *string           `tfsdk:"mac"`
	Address             *string           `tfsdk:"address"`
	ClientID            *string           `tfsdk:"client_id"`
	Online              *bool             `tfsdk:"online"`
	LastStart           timetypes.RFC3339 `tfsdk:"last_start"`
	LastOperatingSystem *string           `tfsdk:"last_operating_system"`
	LastUser            *string           `tfsdk:"last_user"`
	Extra               map[string]string `tfsdk:"extra"`
}

// Schema describes the data source.
func (d *Export) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A file that lists stations, as Timago's button *Datenexport* writes it, or any CSV with a column for the names. Nothing but the file is read.\n\n" +
			"The vendor has not published the export's format, so that many forms are read: semicolon, comma or tab; UTF-8, UTF-16 or a code page of Windows, DOS or the Mac; " +
			"German or English labels in any order; dates as several countries write them. Other columns are kept in `extra`. A cell that is not understood is null, and a warning names its place.",
		Attributes: map[string]schema.Attribute{
			"path": schema.StringAttribute{
				Required: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "Path of the file, from where Terraform runs: `\"${path.module}/stationen.csv\"`.",
			},
			"columns": schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "The columns' labels as they are written, in the file's order."},
			"names":   schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "The stations' computer names, in the file's order."},
			"stations": schema.ListNestedAttribute{
				Computed: true, MarkdownDescription: "The stations, in the file's order. What the file does not say is null.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"name":                  schema.StringAttribute{Computed: true, MarkdownDescription: "Computer name (*Bezeichnung*)."},
					"location":              schema.StringAttribute{Computed: true, MarkdownDescription: "Room (*Standort*)."},
					"computer_group":        schema.StringAttribute{Computed: true, MarkdownDescription: "Computer group (*Rechnergruppe*)."},
					"mac":                   schema.StringAttribute{Computed: true, MarkdownDescription: "MAC address, as `02:00:5E:10:01:01`."},
					"address":               schema.StringAttribute{Computed: true, MarkdownDescription: "Host name or IP address."},
					"client_id":             schema.StringAttribute{Computed: true, MarkdownDescription: "Client id (*Client*)."},
					"online":                schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether it was on."},
					"last_start":            service.MomentAttribute("When it was last started (*Letzter Startvorgang*, RFC 3339), in this machine's time zone if the file names none."),
					"last_operating_system": schema.StringAttribute{Computed: true, MarkdownDescription: "The operating system that was started last (*Letztes Betriebssystem*)."},
					"last_user":             schema.StringAttribute{Computed: true, MarkdownDescription: "Who was logged on last (*Benutzer*)."},
					"extra": schema.MapAttribute{
						Computed: true, ElementType: types.StringType, MarkdownDescription: "The values of all other columns, by their labels.",
					},
				}},
			},
		},
	}
}

// Read reads the file.
func (d *Export) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m exportModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	table, err := inventory.ReadFile(m.Path.ValueString())
	if err != nil {
		resp.Diagnostics.Append(tfdiag.Failure{Verb: "read", Noun: "export of stations", Name: m.Path.ValueString(), Err: err}.Error())
		return
	}
	if odd := table.Odd; odd != nil {
		resp.Diagnostics.Append(tfdiag.Failure{
			Verb: "understand", Noun: "all of the export of stations", Name: odd.File, Attempted: odd.Attempted(), Err: odd,
		}.Warning())
	}
	m.Columns, m.Names, m.Stations = table.Columns, make([]string, 0, len(table.Rows)), make([]rowModel, 0, len(table.Rows))
	for _, row := range table.Rows {
		m.Names = append(m.Names, row.Name)
		m.Stations = append(m.Stations, rowOf(row))
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func rowOf(row inventory.Row) rowModel {
	m := rowModel{
		Name: row.Name, Location: text(row.Location), ComputerGroup: text(row.ComputerGroup), MAC: text(row.MAC), Address: text(row.Address),
		ClientID: text(row.ClientID), Online: row.Online, LastOperatingSystem: text(row.LastOperatingSystem), LastUser: text(row.User), Extra: row.Extra,
	}
	if !row.LastStart.IsZero() {
		m.LastStart = service.Moment(row.LastStart)
	}
	return m
}
