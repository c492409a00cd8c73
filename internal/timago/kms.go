package timago

import (
	"context"
	"slices"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/timago/contract"
)

// KMSStatus is what Timago shows for a product.
type KMSStatus = contract.KMSProductStatus

// What Timago shows: aktiviert, nicht aktiviert, unbekannt.
const (
	KMSActivated    = contract.KMSProductStatusActivated
	KMSNotActivated = contract.KMSProductStatusNotActivated
	KMSUnknown      = contract.KMSProductStatusUnknown
)

// KMS is activation as Timago sees it.
type KMS struct {
	Host     string // that the site's images are set to; "" where they find it by DNS
	Port     int
	Products []KMSProduct
	// NoStatus: the server says that it shows no activation, so that no products mean nothing.
	NoStatus bool
}

// KMSProduct is a product and its status.
type KMSProduct struct {
	Product kms.Product
	Name    string
	Status  KMSStatus
}

const (
	kmsPort          = 1688 // the contract's default, and Microsoft's
	featureKMSStatus = "kms_status"
)

// KMS asks for the KMS host of the images and the status that Timago shows. Products
// that are neither Windows nor Office are left out. Where it shows none at all, the
// server's features report whether it could.
func (c *Client) KMS(ctx context.Context) (KMS, error) {
	got, err := ask[contract.KMS](ctx, c, get("kms"))
	if err != nil {
		return KMS{}, err
	}
	shown := KMS{Host: value(got.Host), Port: kmsPort}
	if got.Port != nil {
		shown.Port = *got.Port
	}
	for _, p := range got.Products {
		if product := kms.Product(p.Product); slices.Contains(kms.Products(), product) {
			shown.Products = append(shown.Products, KMSProduct{Product: product, Name: p.Name, Status: p.Status})
		}
	}
	if len(got.Products) == 0 {
		info, err := c.Info(ctx)
		if err != nil {
			return KMS{}, err
		}
		shown.NoStatus = !slices.Contains(info.Features, featureKMSStatus)
	}
	return shown, nil
}
