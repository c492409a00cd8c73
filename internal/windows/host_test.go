package windows_test

import (
	"maps"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/windows"
	"github.com/timago/terraform-provider-timago/internal/winrm"
	"github.com/timago/terraform-provider-timago/internal/winrm/wsman"
)

// An entry that no KMS host counts must not pass for a key of the host, with no count.
func TestOnlyWhatIsCountedIsAnEntryOfTheHost(t *testing.T) {
	t.Parallel()
	const office, antivirus = "0ff1ce16-a989-479d-af46-f275c6370663", "0f000000-0000-4000-8000-000000000001"
	entry := func(id, application, count string, more map[string][]string) winrm.Instance {
		properties := map[string][]string{
			"ID": {id}, "ApplicationID": {application}, "LicenseStatus": {"1"}, "KeyManagementServiceCurrentCount": {count},
		}
		maps.Copy(properties, more)
		return wsman.NewInstance("SoftwareLicensingProduct", properties)
	}
	host, err := windows.New(listing{classes: map[string][]winrm.Instance{
		"SoftwareLicensingService": {wsman.NewInstance("SoftwareLicensingService", map[string][]string{"IsKeyManagementServiceMachine": {"1"}})},
		"SoftwareLicensingProduct": {
			entry("foreign", antivirus, "3", nil),
			entry("add-on", office, "4", map[string][]string{"LicenseIsAddon": {"true"}}),
			entry("office", office, "7", nil),
		},
	}}).Host(t.Context(), "kms01")
	if err != nil || len(host.Products) != 1 || host.Products[0].ID != "office" || host.Products[0].Product != kms.Office || host.HasKey(kms.Windows) {
		t.Errorf("%+v, %v", host, err)
	}
	if count, known := host.Count(kms.Office); count != 7 || !known {
		t.Errorf("Office: %d, %t", count, known)
	}
}
