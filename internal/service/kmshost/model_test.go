package kmshost

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
)

var noon = time.Date(2026, 9, 7, 12, 0, 0, 0, time.UTC)

func TestNoDataIsNull(t *testing.T) {
	t.Parallel()
	entry := kms.HostProduct{Product: kms.Windows, Status: kms.Notification, Reason: 0xC004FFFF}
	shown, err := json.Marshal(productOf(entry))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"Count":null`, `"Threshold":null`, `"Total":null`, `"Notification":null`, `"Reason":"Notification: 0xC004FFFF"`} {
		if !strings.Contains(string(shown), want) {
			t.Errorf("%s is not in %s", want, shown)
		}
	}
}

func TestALogThatMayNotBeReadTakesTheForecastAlone(t *testing.T) {
	t.Parallel()
	thirty := 30
	var m model
	m.show(pool.HostReading{
		Uptime: kms.Uptime{Now: noon, Boot: noon.Add(-time.Hour)},
		Host:   kms.Host{IsHost: true, Products: []kms.HostProduct{{Product: kms.Windows, Status: kms.Licensed, Count: &thirty}}},
		LogErr: fmt.Errorf("KMS host kms01: %w", kms.ErrDenied),
	})
	if m.Windows == nil || *m.Windows.Count != 30 || m.Windows.Forecast != nil || !m.Windows.RenewalDue.IsNull() ||
		!strings.Contains(*m.Windows.ForecastReason, "log could not be read") {
		t.Errorf("Windows: %+v", m.Windows)
	}
	if m.SharedCMIDs != nil || !m.LogSince.IsNull() || m.LogError.ValueString() != "KMS host kms01: access denied" {
		t.Errorf("what the log would tell: %v %v %v", m.SharedCMIDs, m.LogSince, m.LogError)
	}
}

func TestRecordsOfDNS(t *testing.T) {
	t.Parallel()
	var m model
	m.showRecords(kms.Discovery{Name: "_vlmcs._tcp.schule.example"})
	if m.DNSRecords == nil || m.DNSName.ValueString() != "_vlmcs._tcp.schule.example" {
		t.Error("a name without records is shown as one that was not asked for")
	}
	m.showRecords(kms.Discovery{Records: []kms.ServiceRecord{{Host: "kms01.schule.example", Port: 1688, Priority: 1, Weight: 2}}})
	if len(m.DNSRecords) != 1 || m.DNSRecords[0] != (recordModel{"kms01.schule.example", 1688, 1, 2}) {
		t.Errorf("%v", m.DNSRecords)
	}
}

// As in activationpool.
func TestEveryFamilyIsShownUnderItsName(t *testing.T) {
	t.Parallel()
	r := pool.HostReading{}
	for _, product := range kms.Products() {
		r.Host.Products = append(r.Host.Products, kms.HostProduct{Product: product, Status: kms.Licensed})
	}
	var m model
	m.show(r)
	shown := map[string]any{}
	fields := reflect.ValueOf(m)
	for i := range fields.NumField() {
		shown[fields.Type().Field(i).Tag.Get("tfsdk")] = fields.Field(i).Interface()
	}
	for _, product := range kms.Products() {
		count, is := shown[string(product)].(*countModel)
		if !is || count == nil || int(count.Threshold) != product.Threshold() {
			t.Errorf("%s is not shown as itself: %+v", product, count)
		}
	}
}
