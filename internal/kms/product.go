// Package kms holds the words of volume activation through a key management
// service (KMS): products and thresholds, licences and channels, client machine
// ids, what a station and a KMS host report of themselves, the event records in which
// both write down what was asked and counted, and the outcomes of asking a machine that
// all packages share as errors.
//
// It does no I/O and reads no clock. Everything here was read from documents of
// Microsoft; the ones that matter for a number are named where it stands.
package kms

import "strings"

// Product is a family of volume licensed products that a KMS host counts by itself.
type Product string

// The families that a KMS host counts. Their names are the ones users write.
const (
	Windows Product = "windows"
	Office  Product = "office"
)

// Products lists every family in the order in which it is shown.
func Products() []Product { return []Product{Windows, Office} }

// Title is the product's name in a sentence.
func (p Product) Title() string {
	switch p {
	case Windows:
		return "Windows"
	case Office:
		return "Office"
	}
	return string(p)
}

// Threshold is the count from which a KMS host activates the product's clients
// (learn.microsoft.com, kms-activation-planning): 25 for Windows clients, 5 for Office.
func (p Product) Threshold() int {
	if p == Office {
		return 5
	}
	return 25
}

// Cap is where a KMS host stops counting: twice the threshold (same source).
func (p Product) Cap() int { return 2 * p.Threshold() }

// Application ids of SoftwareLicensingProduct.ApplicationID. Office shows another
// one for the host's own entry (kms-host) than for its clients.
const (
	applicationWindows    = "55c92734-d682-4d71-983e-d6ec3f16059f"
	applicationOffice     = "0ff1ce15-a989-479d-af46-f275c6370663"
	applicationOfficeHost = "0ff1ce16-a989-479d-af46-f275c6370663"
)

// ProductOf says which family an application id stands for; false for one that
// no KMS host counts.
func ProductOf(applicationID string) (Product, bool) {
	switch strings.ToLower(strings.Trim(applicationID, "{}")) {
	case applicationWindows:
		return Windows, true
	case applicationOffice, applicationOfficeHost:
		return Office, true
	}
	return "", false
}
