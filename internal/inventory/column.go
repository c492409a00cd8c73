package inventory

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// column is what a label stands for.
type column struct {
	label string
	read  func(row *Row, value string) error
}

// meanings are the fields of a row with their labels, normalised; where several
// columns mean one field the label that stands first here is taken.
var meanings = []struct {
	labels []string
	read   func(row *Row, value string) error
}{
	{nameLabels, text(func(r *Row) *string { return &r.Name })},
	{[]string{"standort", "location", "raum", "room"}, text(func(r *Row) *string { return &r.Location })},
	{[]string{"rechnergruppe", "computer group", "computergroup", "gruppe", "group"}, text(func(r *Row) *string { return &r.ComputerGroup })},
	{[]string{"mac", "mac adresse", "macadresse", "mac address", "physische adresse", "physical address"}, readMAC},
	{[]string{"adresse", "address", "fqdn", "dns name", "hostname", "host", "ip adresse", "ip address", "ipadresse", "ip"}, text(func(r *Row) *string { return &r.Address })},
	{[]string{"client", "client id", "clientid", "guid", "uuid", "id"}, readClientID},
	{[]string{"letzter startvorgang", "letzter start", "last start", "last started"}, readLastStart},
	{[]string{"letztes betriebssystem", "last operating system", "betriebssystem", "operating system"}, text(func(r *Row) *string { return &r.LastOperatingSystem })},
	{[]string{"online"}, readOnline},
	{[]string{"benutzer", "letzter benutzer", "user", "last user"}, text(func(r *Row) *string { return &r.User })},
}

var nameLabels = []string{"bezeichnung", "name", "computername", "computer name", "rechnername", "station"}

// named reports whether one of the labels is that of the name.
func named(labels []string) bool {
	return slices.ContainsFunc(labels, func(label string) bool { return slices.Contains(nameLabels, normalised(label)) })
}

// normalised makes "MAC-Adresse", "mac_adresse" and " MAC Adresse: " one.
func normalised(label string) string {
	words := strings.FieldsFunc(strings.ToLower(label), func(r rune) bool { return strings.ContainsRune(" \t\n-_:.\u00a0\"", r) })
	return strings.Join(words, " ")
}

var errLocations = errors.New("this is Timago's list of locations (Standorte); export the list of stations (Stationen) instead")

// label finds out what each column stands for.
func (t *table) label(labels []string) error {
	given := make([]string, len(labels))
	for i, label := range labels {
		given[i] = normalised(label)
	}
	if slices.Contains(given, "clients up2date") {
		line, _ := t.csv.FieldPos(0)
		return &Error{Line: t.above + line, Column: 1, Err: errLocations}
	}
	t.columns = make([]column, len(labels))
	kept := map[string]bool{}
	for i, label := range labels {
		label = strings.TrimSpace(label)
		switch {
		case label == "":
			label = fmt.Sprintf("column %d", i+1)
		case kept[label]:
			label = fmt.Sprintf("%s (column %d)", label, i+1)
		}
		kept[label] = true
		t.columns[i] = column{label: label, read: func(row *Row, value string) error {
			row.Extra[label] = value
			return nil
		}}
	}
	for _, meaning := range meanings {
		for _, label := range meaning.labels {
			if i := slices.Index(given, label); i >= 0 {
				t.columns[i].read = meaning.read
				break
			}
		}
	}
	return nil
}
