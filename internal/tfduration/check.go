package tfduration

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Check says why text is no duration above 0, the units and an example that fits; nil where
// it is one.
func Check(text string) error {
	d, err := time.ParseDuration(text)
	switch {
	case err == nil && d > 0:
		return nil
	case err == nil && d < 0:
		return fmt.Errorf("%q is not above 0. Write %q, if that is meant", text, Shortest(-d))
	case err == nil:
		return fmt.Errorf("%q is not above 0. Write a duration such as \"90s\", \"15m\" or \"72h\"", text)
	}
	const units = "The units are h, m and s"
	if meant := guess(text); meant > 0 {
		return fmt.Errorf("%q is no duration. %s: write %q", text, units, Shortest(meant))
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return fmt.Errorf("%q has no unit. %s: write \"%ss\", \"%sm\" or \"%sh\"", text, units, text, text, text)
	}
	return fmt.Errorf("%q is no duration. %s: write it as \"90s\", \"15m\" or \"72h\"", text, units)
}

// others are the units in which people write durations too, in English and German.
var others = map[string]time.Duration{
	"w": 7 * day, "week": 7 * day, "woche": 7 * day, "d": day, "day": day, "tag": day, "t": day,
	"h": time.Hour, "hr": time.Hour, "hour": time.Hour, "stunde": time.Hour, "std": time.Hour,
	"m": time.Minute, "min": time.Minute, "minute": time.Minute, "s": time.Second, "sec": time.Second, "sek": time.Second, "second": time.Second, "sekunde": time.Second,
}

const day = 24 * time.Hour

var (
	part  = regexp.MustCompile(`([0-9]+(?:\.[0-9]+)?)\s*(\p{L}+)\s*`)
	whole = regexp.MustCompile(`^(?:` + part.String() + `)+$`)
)

// guess reads what somebody may have meant; 0 where that is not to be seen.
func guess(text string) time.Duration {
	text = strings.ToLower(strings.TrimSpace(text))
	if !whole.MatchString(text) {
		return 0
	}
	var sum float64
	for _, found := range part.FindAllStringSubmatch(text, -1) {
		unit := others[found[2]]
		for _, plural := range []string{"s", "en", "n", "e"} {
			if unit == 0 {
				unit = others[strings.TrimSuffix(found[2], plural)]
			}
		}
		number, err := strconv.ParseFloat(found[1], 64)
		if err != nil || unit == 0 {
			return 0
		}
		sum += number * float64(unit)
	}
	const most = 100 * 365 * day // more is no mistake of the unit
	if sum > float64(most) {
		return 0
	}
	return time.Duration(sum)
}
