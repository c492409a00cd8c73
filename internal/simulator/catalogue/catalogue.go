// Package catalogue has the products and host keys that a simulated site knows.
package catalogue

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// Title is a product as Windows lists it.
type Title struct {
	Kind        string // as scenarios name it
	ID          string // activation id
	Application string
	Name        string
	Product     kms.Product
	HostKey     string // the host key that activates it
	Enough      int    // its threshold, where that is not the family's
}

// Wants is the count that the product wants to see.
func (t Title) Wants() int { return cmp.Or(t.Enough, t.Product.Threshold()) }

// Application ids of SoftwareLicensingProduct; Office's host entries bear their own.
const (
	applicationWindows    = "55c92734-d682-4d71-983e-d6ec3f16059f"
	applicationOffice     = "0ff1ce15-a989-479d-af46-f275c6370663"
	applicationOfficeHost = "0ff1ce16-a989-479d-af46-f275c6370663"
)

// Titles are the products that a station can have, by their names in scenarios.
var Titles = map[string]Title{
	"windows-11-education": {
		ID: "e0c42288-980c-4788-a014-c080d2e1926e", Application: applicationWindows,
		Name: "Windows(R), Education edition", Product: kms.Windows, HostKey: "windows",
	},
	"windows-11-enterprise": {
		ID: "73111121-5638-40f6-bc11-f1d7b0d64300", Application: applicationWindows,
		Name: "Windows(R), Enterprise edition", Product: kms.Windows, HostKey: "windows",
	},
	"windows-server-2022": {
		ID: "9bd77860-9b31-4b7b-96ad-2564017315bf", Application: applicationWindows,
		Name: "Windows(R), ServerStandard edition", Product: kms.Windows, HostKey: "windows", Enough: 5,
	},
	"office-2019": {
		ID: "85dd8b5f-eaa4-4af3-a628-cce9e77c9a03", Application: applicationOffice,
		Name: "Office 19, Office19ProPlus2019VL_KMS_Client_AE edition", Product: kms.Office, HostKey: "office-2019",
	},
	"office-2021": {
		ID: "fbdb3e18-a8ef-4fb3-9183-dffd60bd0984", Application: applicationOffice,
		Name: "Office 21, Office21ProPlus2021VL_KMS_Client_AE edition", Product: kms.Office, HostKey: "office-2021",
	},
	"office-2024": {
		ID: "8d368fc1-9470-4be2-8d66-90e836cbb051", Application: applicationOffice,
		Name: "Office 24, Office24ProPlus2024VL_KMS_Client_AE edition", Product: kms.Office, HostKey: "office-2024",
	},
	// A host key for Office activates Visio and Project of its generation, too.
	"visio-2024": {
		ID: "fa187091-8246-47b1-964f-80a0b1e5d69a", Application: applicationOffice,
		Name: "Office 24, Office24VisioPro2024VL_KMS_Client_AE edition", Product: kms.Office, HostKey: "office-2024",
	},
	"project-2024": {
		ID: "f510af75-8ab7-4426-a236-1bfb95c34ff8", Application: applicationOffice,
		Name: "Office 24, Office24ProjectPro2024VL_KMS_Client_AE edition", Product: kms.Office, HostKey: "office-2024",
	},
}

// HostKeys are the KMS host keys that can be installed. Their ids are made up.
var HostKeys = map[string]Title{
	"windows": {
		ID: "5a2d1c3e-7b64-4f0a-9c1d-2f6e8b3a4d51", Application: applicationWindows,
		Name: "Windows(R), ServerStandard edition", Product: kms.Windows, HostKey: "windows",
	},
	"office-2019": {
		ID: "3e8b5f17-6c2d-4a94-b0e3-71d9c4a8f526", Application: applicationOfficeHost,
		Name: "Office 19, Office19KMSHost2019VL_KMS_Host edition", Product: kms.Office, HostKey: "office-2019",
	},
	"office-2021": {
		ID: "9d3f6b82-41c7-4e5b-8a90-6c7d1e2f3a4b", Application: applicationOfficeHost,
		Name: "Office 21, Office21KMSHost2021VL_KMS_Host edition", Product: kms.Office, HostKey: "office-2021",
	},
	"office-2024": {
		ID: "c1e4a7d0-3b58-4d62-9f17-8e2b5c6d7a90", Application: applicationOfficeHost,
		Name: "Office 24, Office24KMSHost2024VL_KMS_Host edition", Product: kms.Office, HostKey: "office-2024",
	},
}

// Names lists what a scenario may name.
func Names(of map[string]Title) string { return strings.Join(slices.Sorted(maps.Keys(of)), ", ") }

// Of is the title that a scenario names.
func Of(kind string) Title {
	t := Titles[kind]
	t.Kind = kind
	return t
}
