package station

import (
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/service"
	"github.com/timago/terraform-provider-timago/internal/tfduration"
)

// model is the data source as Terraform holds it. Nil is null: no data.
type model struct {
	Name         types.String      `tfsdk:"name"`
	ComputerName types.String      `tfsdk:"computer_name"`
	Started      timetypes.RFC3339 `tfsdk:"started"`
	Uptime       tfduration.Value  `tfsdk:"uptime"`
	User         types.String      `tfsdk:"user"`
	InUse        types.Bool        `tfsdk:"in_use"`
	Sessions     types.Int64       `tfsdk:"sessions"`
	CMID         types.String      `tfsdk:"cmid"`
	KMSHost      types.String      `tfsdk:"kms_host"`
	KMSPort      types.Int64       `tfsdk:"kms_port"`
	FromDNS      types.Bool        `tfsdk:"kms_host_from_dns"`
	Licences     []licenceModel    `tfsdk:"licences"`
	Requests     []requestModel    `tfsdk:"requests"`
}

type licenceModel struct {
	Product        string           `tfsdk:"product"`
	Name           string           `tfsdk:"name"`
	ActivationID   string           `tfsdk:"activation_id"`
	Channel        string           `tfsdk:"channel"`
	Status         string           `tfsdk:"status"`
	LicensedBy     *string          `tfsdk:"licensed_by"`
	ActivationType *int64           `tfsdk:"activation_type"`
	Reason         *string          `tfsdk:"reason"`
	NeverCounts    *string          `tfsdk:"never_counts"`
	Grace          tfduration.Value `tfsdk:"grace"`
	KMSHost        *string          `tfsdk:"kms_host"`
}

type requestModel struct {
	Time         timetypes.RFC3339 `tfsdk:"time"`
	Product      *string           `tfsdk:"product"`
	ActivationID string            `tfsdk:"activation_id"`
	KMSHost      string            `tfsdk:"kms_host"`
	CMID         string            `tfsdk:"cmid"`
	Threshold    int64             `tfsdk:"threshold"`
	Answered     bool              `tfsdk:"answered"`
	Activated    bool              `tfsdk:"activated"`
	Count        *int64            `tfsdk:"count"`
	Reason       *string           `tfsdk:"reason"`
}

// means are the words for how a product was licensed; none where it is not.
var means = map[kms.Means]string{kms.ByKMS: "kms", kms.ByActiveDirectory: "active_directory", kms.ByOther: "other"}

// show puts a reading into the model.
func (m *model) show(s kms.Station, used kms.Presence) {
	m.ComputerName = types.StringValue(s.Name)
	m.Started = service.Moment(s.Boot)
	m.Uptime = tfduration.Of(s.Duration().Truncate(time.Second))
	m.User = known(used.User)
	m.InUse = types.BoolValue(used.InUse(nil) != "")
	m.Sessions = types.Int64Value(int64(used.Desktops))
	m.CMID = known(string(s.CMID))
	m.KMSHost = known(s.KMSHost)
	if s.KMSHost != "" {
		m.KMSPort, m.FromDNS = types.Int64Value(int64(s.KMSPort)), types.BoolValue(s.KMSFound)
	}
	m.Licences = make([]licenceModel, 0, len(s.Licences))
	for _, licence := range s.Licences {
		m.Licences = append(m.Licences, licenceOf(licence))
	}
}

func licenceOf(l kms.Licence) licenceModel {
	m := licenceModel{
		Product: string(l.Product), Name: l.Name, ActivationID: l.ID, Channel: l.Channel.Raw, Status: l.Status.String(),
		LicensedBy: text(means[l.LicensedBy()]), Reason: text(l.Explanation()), NeverCounts: text(l.NeverCounts()), KMSHost: text(l.KMSHost),
	}
	if l.ActivationType != 0 {
		kind := int64(l.ActivationType)
		m.ActivationType = &kind
	}
	if l.Grace > 0 {
		m.Grace = tfduration.Of(l.Grace)
	}
	return m
}

// lastRequests is how many requests are shown, the newest first.
const lastRequests = 20

// showRequests puts requests into the model, which are in the order in which they were
// written.
func (m *model) showRequests(exchanges []kms.Exchange, licensing kms.Licensing) {
	m.Requests = []requestModel{}
	for _, e := range slices.Backward(exchanges) {
		if len(m.Requests) == lastRequests {
			return
		}
		request := requestModel{
			Time: service.Moment(e.Time), ActivationID: e.ActivationID, KMSHost: e.Host, CMID: string(e.CMID), Threshold: int64(e.Threshold),
			Answered: e.Answer != nil,
		}
		for _, licence := range licensing.Licences {
			if licence.ID == e.ActivationID {
				request.Product = text(string(licence.Product))
			}
		}
		code := e.Code
		if e.Answer != nil {
			count := int64(e.Answer.Count)
			request.Activated, request.Count, code = e.Answer.Activated, &count, e.Answer.Code
		}
		if !code.Informational() {
			request.Reason = text(code.Words())
		}
		m.Requests = append(m.Requests, request)
	}
}

// text is null where there is nothing to say.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func known(s string) types.String { return types.StringPointerValue(text(s)) }
