package wsman

import (
	"errors"
	"fmt"
	"strings"
)

// maxElements asks for as many instances in an answer as fit; without it
// an answer may hold just one.
const maxElements = 32000

// Enumerate asks for the instances that a WQL query selects.
func Enumerate(wql string) Message {
	body := fmt.Sprintf(`<n:Enumerate><w:OptimizeEnumeration/><w:MaxElements>%d</w:MaxElements><w:Filter Dialect="%s">%s</w:Filter></n:Enumerate>`,
		maxElements, dialectWQL, escape(wql))
	return cimMessage("Enumerate", actionEnumerate, resourceCIM+"*", nil, body, true)
}

// Pull asks for more of an enumeration.
func Pull(enumeration string) Message {
	body := fmt.Sprintf(`<n:Pull><n:EnumerationContext>%s</n:EnumerationContext><n:MaxElements>%d</n:MaxElements></n:Pull>`,
		escape(enumeration), maxElements)
	return cimMessage("Pull", actionPull, resourceCIM+"*", nil, body, false)
}

// Release gives up an enumeration that is not read to its end.
func Release(enumeration string) Message {
	body := `<n:Release><n:EnumerationContext>` + escape(enumeration) + `</n:EnumerationContext></n:Release>`
	return cimMessage("Release", actionRelease, resourceCIM+"*", nil, body, false)
}

// Page is one answer of an enumeration.
type Page struct {
	Instances []Instance
	Values    int // that they hold together
	// Next is the context to pull with, "" after the last page. It changes with
	// every answer.
	Next string
}

// ReadPage reads the body of an answer to Enumerate or Pull.
func ReadPage(body *Element) (Page, error) {
	response := body.Child("EnumerateResponse")
	if response == nil {
		response = body.Child("PullResponse")
	}
	if response == nil {
		return Page{}, errors.New("the answer holds no part of an enumeration")
	}
	var page Page
	if e := response.Child("EnumerationContext"); e != nil && response.Child("EndOfSequence") == nil {
		page.Next = e.Trimmed()
	}
	if items := response.Child("Items"); items != nil {
		page.Instances = make([]Instance, 0, len(items.Children))
		for _, item := range items.Children {
			page.Instances = append(page.Instances, instanceOf(item))
			page.Values += len(item.Children)
		}
	}
	return page, nil
}

// Quote makes a WQL string literal of s, quotation marks included.
func Quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}
