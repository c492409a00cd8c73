package inventory

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/foreign"
)

// dates are the German notations, and what databases write. A day takes one digit or two.
var dates = withTimes("2.1.2006", "2.1.06", "2006-01-02", "2006/1/2", "2006.1.2")

// ordered are those in which either the day or the month may stand first.
var (
	dayFirst   = withTimes("2/1/2006", "2-1-2006", "2/1/06", "2-1-06")
	monthFirst = withTimes("1/2/2006", "1-2-2006", "1/2/06", "1-2-06")
	ordered    = regexp.MustCompile(`^(\d{1,2})[/-](\d{1,2})[/-](\d{4}|\d{2})( |$)`)
)

func withTimes(days ...string) []string {
	layouts := []string{time.RFC3339, "2006-01-02T15:04:05"}
	for _, day := range days {
		for _, clock := range []string{"", " 15:04:05", " 15:04", " 3:04:05 PM", " 3:04 PM"} {
			layouts = append(layouts, day+clock)
		}
	}
	return layouts
}

var (
	errDate  = errors.New("expected a date such as 07.09.2026 08:15")
	errOrder = errors.New("day and month cannot be told apart, in no row of the file: expected a date such as 07.09.2026 08:15 or 2026-09-07 08:15")
)

// undecided is a date in which day and month cannot be told apart by itself.
type undecided struct {
	written       string
	first, second int
	row           int // of the inventory
	place         Error
}

func (u *undecided) Error() string { return errOrder.Error() }

func readLastStart(row *Row, value string) error {
	written := strings.TrimSuffix(strings.Join(strings.Fields(strings.ReplaceAll(value, ",", " ")), " "), " Uhr")
	if absent(written) || strings.Trim(written, "0 .:/-") == "" {
		return nil
	}
	if at, is := spreadsheetDate(value); is {
		row.LastStart = at
		return nil
	}
	if at, err := parseDate(written, dates); err == nil {
		row.LastStart = at
		return nil
	}
	if parts := ordered.FindStringSubmatch(written); parts != nil {
		first, _ := strconv.Atoi(parts[1])
		second, _ := strconv.Atoi(parts[2])
		if at, err := parseDate(written, dayFirst); first == second && err == nil {
			row.LastStart = at
			return nil
		}
		if first <= 31 && second <= 31 && min(first, second) <= 12 {
			return &undecided{written: written, first: first, second: second}
		}
	}
	return noDate(value, errDate)
}

func noDate(value string, why error) error {
	return fmt.Errorf("%q is no date: %w", foreign.Short(value, 120), why)
}

// orderDates decides by the other rows whether the day or the month stands first.
func (t *table) orderDates() {
	var day, month bool
	for _, date := range t.dates {
		day, month = day || date.first > 12, month || date.second > 12
	}
	layouts := dayFirst
	if month {
		layouts = monthFirst
	}
	for _, date := range t.dates {
		at, err := parseDate(date.written, layouts)
		if err != nil || day == month {
			date.place.Err = noDate(date.written, errOrder)
			t.note(&date.place)
			continue
		}
		t.found.Rows[date.row].LastStart = at
	}
}

// parseDate reads what the machine's own time zone means where none is named: it stands in
// the school's network. A date before all stations, or after all, means never.
func parseDate(written string, layouts []string) (time.Time, error) {
	for _, layout := range layouts {
		if at, err := time.ParseInLocation(layout, strings.ToUpper(written), time.Local); err == nil {
			if at.Year() < 1995 || at.Year() > 9000 {
				return time.Time{}, nil
			}
			return at, nil
		}
	}
	return time.Time{}, errDate
}

var serial = regexp.MustCompile(`^\d{5}([.,]\d+)?$`)

// spreadsheetDate is a date that a spreadsheet wrote as its number: days since the end of
// 1899.
func spreadsheetDate(value string) (time.Time, bool) {
	if !serial.MatchString(value) {
		return time.Time{}, false
	}
	days, err := strconv.ParseFloat(strings.ReplaceAll(value, ",", "."), 64)
	if err != nil || days < 35_000 || days > 80_000 { // 1995 to 2119
		return time.Time{}, false
	}
	midnight := time.Date(1899, 12, 30+int(days), 0, 0, 0, 0, time.Local)
	return midnight.Add(time.Duration((days - float64(int(days))) * float64(24*time.Hour))).Round(time.Second), true
}
