package world

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// title is a product as Windows lists it.
type title struct {
	kind        string // as scenarios name it
	id          string // activation id
	application string
	name        string
	product     kms.Product
	key         string // the host key that activates it
	enough      int    // its threshold, where that is not the family's
}

// threshold is the count that the product wants to see.
func (t title) threshold() int { return cmp.Or(t.enough, t.product.Threshold()) }

// Application ids of SoftwareLicensingProduct; Office's host entries bear their own.
const (
	applicationWindows    = "55c92734-d682-4d71-983e-d6ec3f16059f"
	applicationOffice     = "0ff1ce15-a989-479d-af46-f275c6370663"
	applicationOfficeHost = "0ff1ce16-a989-479d-af46-f275c6370663"
)

var titles = map[string]title{
	"windows-11-education": {
		id: "e0c42288-980c-4788-a014-c080d2e1926e", application: applicationWindows,
		name: "Windows(R), Education edition", product: kms.Windows, key: "windows",
	},
	"windows-11-enterprise": {
		id: "73111121-5638-40f6-bc11-f1d7b0d64300", application: applicationWindows,
		name: "Windows(R), Enterprise edition", product: kms.Windows, key: "windows",
	},
	"windows-server-2022": {
		id: "9bd77860-9b31-4b7b-96ad-2564017315bf", application: applicationWindows,
		name: "Windows(R), ServerStandard edition", product: kms.Windows, key: "windows", enough: 5,
	},
	"office-2019": {
		id: "85dd8b5f-eaa4-4af3-a628-cce9e77c9a03", application: applicationOffice,
		name: "Office 19, Office19ProPlus2019VL_KMS_Client_AE edition", product: kms.Office, key: "office-2019",
	},
	"office-2021": {
		id: "fbdb3e18-a8ef-4fb3-9183-dffd60bd0984", application: applicationOffice,
		name: "Office 21, Office21ProPlus2021VL_KMS_Client_AE edition", product: kms.Office, key: "office-2021",
	},
	"office-2024": {
		id: "8d368fc1-9470-4be2-8d66-90e836cbb051", application: applicationOffice,
		name: "Office 24, Office24ProPlus2024VL_KMS_Client_AE edition", product: kms.Office, key: "office-2024",
	},
	// A host key for Office activates Visio and Project of its generation, too.
	"visio-2024": {
		id: "fa187091-8246-47b1-964f-80a0b1e5d69a", application: applicationOffice,
		name: "Office 24, Office24VisioPro2024VL_KMS_Client_AE edition", product: kms.Office, key: "office-2024",
	},
	"project-2024": {
		id: "f510af75-8ab7-4426-a236-1bfb95c34ff8", application: applicationOffice,
		name: "Office 24, Office24ProjectPro2024VL_KMS_Client_AE edition", product: kms.Office, key: "office-2024",
	},
}

// hostKeys are the KMS host keys that can be installed. Their ids are made up.
var hostKeys = map[string]title{
	"windows": {
		id: "5a2d1c3e-7b64-4f0a-9c1d-2f6e8b3a4d51", application: applicationWindows,
		name: "Windows(R), ServerStandard edition", product: kms.Windows, key: "windows",
	},
	"office-2019": {
		id: "3e8b5f17-6c2d-4a94-b0e3-71d9c4a8f526", application: applicationOfficeHost,
		name: "Office 19, Office19KMSHost2019VL_KMS_Host edition", product: kms.Office, key: "office-2019",
	},
	"office-2021": {
		id: "9d3f6b82-41c7-4e5b-8a90-6c7d1e2f3a4b", application: applicationOfficeHost,
		name: "Office 21, Office21KMSHost2021VL_KMS_Host edition", product: kms.Office, key: "office-2021",
	},
	"office-2024": {
		id: "c1e4a7d0-3b58-4d62-9f17-8e2b5c6d7a90", application: applicationOfficeHost,
		name: "Office 24, Office24KMSHost2024VL_KMS_Host edition", product: kms.Office, key: "office-2024",
	},
}

func namesOf(names map[string]title) string {
	return strings.Join(slices.Sorted(maps.Keys(names)), ", ")
}

func titleOf(kind string) title {
	t := titles[kind]
	t.kind = kind
	return t
}

// server tells whether the products are those of Windows Server.
func server(products []Product) bool {
	return slices.ContainsFunc(products, func(p Product) bool { return titles[p.Title].enough != 0 })
}
