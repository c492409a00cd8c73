package kmshost

import (
	"errors"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/service"
)

// model is the data source as Terraform holds it. Nil is null: no data.
type model struct {
	Host              types.String      `tfsdk:"host"`
	Domain            types.String      `tfsdk:"domain"`
	IsKMSHost         types.Bool        `tfsdk:"is_kms_host"`
	Port              types.Int64       `tfsdk:"port"`
	Reachable         types.Bool        `tfsdk:"reachable"`
	UnreachableReason types.String      `tfsdk:"unreachable_reason"`
	DNSPublishing     types.Bool        `tfsdk:"dns_publishing"`
	DNSName           types.String      `tfsdk:"dns_name"`
	DNSRecords        []recordModel     `tfsdk:"dns_records"`
	Clock             timetypes.RFC3339 `tfsdk:"clock"`
	Started           timetypes.RFC3339 `tfsdk:"started"`
	Windows           *countModel       `tfsdk:"windows"`
	Office            *countModel       `tfsdk:"office"`
	Products          []productModel    `tfsdk:"products"`
	LogSince          timetypes.RFC3339 `tfsdk:"log_since"`
	LogError          types.String      `tfsdk:"log_error"`
	SharedCMIDs       []sharedModel     `tfsdk:"shared_cmids"`
}

type recordModel struct {
	Host     string `tfsdk:"host"`
	Port     int64  `tfsdk:"port"`
	Priority int64  `tfsdk:"priority"`
	Weight   int64  `tfsdk:"weight"`
}

// countModel is a product family's count and what will become of it.
type countModel struct {
	Count          *int64            `tfsdk:"count"`
	Threshold      int64             `tfsdk:"threshold"`
	Licensed       bool              `tfsdk:"licensed"`
	RenewalDue     timetypes.RFC3339 `tfsdk:"renewal_due"`
	Forecast       []stepModel       `tfsdk:"forecast"`
	ForecastReason *string           `tfsdk:"forecast_reason"`
}

type stepModel struct {
	From  timetypes.RFC3339 `tfsdk:"from"`
	Count int64             `tfsdk:"count"`
}

// productModel is one KMS host key.
type productModel struct {
	Product      string        `tfsdk:"product"`
	Name         string        `tfsdk:"name"`
	ActivationID string        `tfsdk:"activation_id"`
	Channel      string        `tfsdk:"channel"`
	Licensed     bool          `tfsdk:"licensed"`
	Status       string        `tfsdk:"status"`
	Reason       *string       `tfsdk:"reason"`
	Count        *int64        `tfsdk:"count"`
	Threshold    *int64        `tfsdk:"threshold"`
	Counters     countersModel `tfsdk:"counters"`
}

type countersModel struct {
	Total           *int64 `tfsdk:"total"`
	Failed          *int64 `tfsdk:"failed"`
	Unlicensed      *int64 `tfsdk:"unlicensed"`
	Licensed        *int64 `tfsdk:"licensed"`
	OOBGrace        *int64 `tfsdk:"oob_grace"`
	OOTGrace        *int64 `tfsdk:"oot_grace"`
	NonGenuineGrace *int64 `tfsdk:"non_genuine_grace"`
	Notification    *int64 `tfsdk:"notification"`
}

type sharedModel struct {
	CMID    string   `tfsdk:"cmid"`
	Clients []string `tfsdk:"clients"`
}

// show puts a reading into the model.
func (m *model) show(r pool.HostReading) {
	m.IsKMSHost = types.BoolValue(r.Host.IsHost)
	m.Port = types.Int64Value(int64(r.Host.Port))
	m.DNSPublishing = types.BoolPointerValue(r.Host.DNSPublishing)
	m.Clock, m.Started = service.Moment(r.Now), service.Moment(r.Boot)
	m.Windows, m.Office = countOf(r, kms.Windows), countOf(r, kms.Office)
	m.Products = make([]productModel, 0, len(r.Host.Products))
	for _, entry := range r.Host.Products {
		m.Products = append(m.Products, productOf(entry))
	}
	if r.LogErr != nil {
		m.LogError = types.StringValue(r.LogErr.Error())
		return
	}
	if since := r.Reach(); !since.IsZero() {
		m.LogSince = service.Moment(since)
	}
	m.SharedCMIDs = []sharedModel{}
	for _, clone := range pool.Clones(r.Counted) {
		m.SharedCMIDs = append(m.SharedCMIDs, sharedModel{string(clone.CMID), clone.Clients})
	}
}

// countOf is a product family's part; nil where the host has no key for it.
func countOf(r pool.HostReading, product kms.Product) *countModel {
	if !r.Host.HasKey(product) {
		return nil
	}
	m := &countModel{Threshold: int64(product.Threshold()), Licensed: r.Host.Activated(product)}
	if count, known := r.Host.Count(product); known {
		m.Count = number(&count)
	}
	forecast, err := pool.ForecastOf(r, product, pool.ProductsHeld(nil))
	if err != nil {
		reason := err.Error()
		if none, ok := errors.AsType[*pool.NoForecast](err); ok {
			reason = none.Reason
		}
		m.ForecastReason = &reason
		return m
	}
	if due, falls := forecast.Below(product.Threshold()); falls {
		m.RenewalDue = service.Moment(due)
	}
	for _, step := range forecast.Steps() {
		m.Forecast = append(m.Forecast, stepModel{service.Moment(step.Time), int64(step.Count)})
	}
	return m
}

func productOf(entry kms.HostProduct) productModel {
	c := entry.Counters
	m := productModel{
		Product: string(entry.Product), Name: entry.Name, ActivationID: entry.ID, Channel: entry.Channel.Raw,
		Licensed: entry.Status == kms.Licensed, Status: entry.Status.String(),
		Count: number(entry.Count), Threshold: number(entry.Threshold),
		Counters: countersModel{
			Total: number(c.Total), Failed: number(c.Failed), Unlicensed: number(c.Unlicensed), Licensed: number(c.Licensed),
			OOBGrace: number(c.OOBGrace), OOTGrace: number(c.OOTGrace), NonGenuineGrace: number(c.NonGenuineGrace),
			Notification: number(c.Notification),
		},
	}
	own := kms.Licence{Status: entry.Status, Reason: entry.Reason}
	if why := own.Explanation(); why != "" {
		m.Reason = &why
	}
	return m
}

func number(n *int) *int64 {
	if n == nil {
		return nil
	}
	wide := int64(*n)
	return &wide
}
