// Package schema says which classes and properties of Windows are read, and what each
// property holds. The check judges answers by it, and a recording keeps what it lists.
package schema

import (
	"regexp"
	"strings"
	"time"
)

// Kind is what a property holds.
type Kind string

// The kinds of properties.
const (
	Number  Kind = "number"
	Boolean Kind = "boolean"
	Date    Kind = "date"
	Token   Kind = "token"   // Volume:GVLK, de-DE, 10.0.26100: never localised
	Product Kind = "product" // what Microsoft calls a product
	SKU     Kind = "sku"     // the id of a product, the same everywhere
	Private Kind = "private" // names, ids and addresses of the site and its people
	Fields  Kind = "fields"  // the fields of an event
)

// Classes lists what is read of each class, by its name as Windows writes it.
var Classes = map[string]map[string]Kind{
	"Win32_OperatingSystem": {
		"CSName": Private, "LastBootUpTime": Date, "LocalDateTime": Date, "Version": Token, "OSLanguage": Number,
		"MUILanguages": Token, "Locale": Token, "CodeSet": Token, "CurrentTimeZone": Number, "ProductType": Number,
	},
	"Win32_ComputerSystem":              {"Name": Private, "UserName": Private},
	"Win32_Process":                     {"SessionId": Number},
	"Win32_NetworkAdapterConfiguration": {"MACAddress": Private, "IPAddress": Private, "DefaultIPGateway": Private},
	"SoftwareLicensingService": {
		"ClientMachineID": Private, "KeyManagementServiceMachine": Private, "KeyManagementServicePort": Number,
		"DiscoveredKeyManagementServiceMachineName": Private, "DiscoveredKeyManagementServiceMachinePort": Number,
		"IsKeyManagementServiceMachine": Number, "KeyManagementServiceListeningPort": Number, "KeyManagementServiceDnsPublishing": Boolean,
	},
	"SoftwareLicensingProduct": {
		"ID": SKU, "ApplicationID": SKU, "Name": Product, "Description": Product, "LicenseIsAddon": Boolean,
		"LicenseStatus": Number, "LicenseStatusReason": Number, "GracePeriodRemaining": Number, "VLActivationType": Number,
		"KeyManagementServiceMachine": Private, "KeyManagementServicePort": Number,
		"DiscoveredKeyManagementServiceMachineName": Private, "DiscoveredKeyManagementServiceMachinePort": Number,
		"ProductKeyChannel": Token, "KeyManagementServiceCurrentCount": Number, "RequiredClientCount": Number,
		"KeyManagementServiceTotalRequests": Number, "KeyManagementServiceFailedRequests": Number,
		"KeyManagementServiceUnlicensedRequests": Number, "KeyManagementServiceLicensedRequests": Number,
		"KeyManagementServiceOOBGraceRequests": Number, "KeyManagementServiceOOTGraceRequests": Number,
		"KeyManagementServiceNonGenuineGraceRequests": Number, "KeyManagementServiceNotificationRequests": Number,
	},
	"Win32_NTLogEvent": {"RecordNumber": Number, "TimeGenerated": Date, "EventCode": Number, "InsertionStrings": Fields},
}

// Of is the kind of a property of a class, in any case; false where it is not listed.
func Of(class, property string) (Kind, bool) {
	for name, properties := range Classes {
		if !strings.EqualFold(name, class) {
			continue
		}
		for listed, kind := range properties {
			if strings.EqualFold(listed, property) {
				return kind, true
			}
		}
	}
	return "", false
}

var shapes = map[Kind]*regexp.Regexp{
	Number:  regexp.MustCompile(`^-?[0-9]{1,20}$`),
	Boolean: regexp.MustCompile(`^(?i:true|false)$`),
	Token:   regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9:.-]{0,40}$`),
	Product: regexp.MustCompile(`^[A-Za-z0-9(),._® -]{1,160}$`),
	SKU:     regexp.MustCompile(`^\{?[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?$`),
}

// Fits reports whether a value has the form of its kind.
func (k Kind) Fits(value string) bool {
	if k == Date {
		return isDate(value)
	}
	shape := shapes[k]
	return shape == nil || shape.MatchString(value)
}

var cimDate = regexp.MustCompile(`^[0-9]{14}\.[0-9*]{6}[+-][0-9*]{3}$`)

func isDate(value string) bool {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if _, err := time.Parse(layout, value); err == nil {
			return true
		}
	}
	return cimDate.MatchString(value)
}
