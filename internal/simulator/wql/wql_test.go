package wql_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator/wql"
)

// events is a class whose members are told apart by Number.
func events() []wql.Row {
	at := func(number uint32, code uint16, when time.Time, text any, primary bool) wql.Row {
		properties := map[string]any{
			"number": number, "eventcode": code, "timegenerated": when, "message": text, "primary": primary,
			"lines": []string{"a"}, "offset": int32(-3),
		}
		return func(name string) (any, bool) {
			value, known := properties[strings.ToLower(name)]
			return value, known
		}
	}
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	return []wql.Row{
		at(1, 12288, noon, "it's", true),
		at(2, 12289, noon.Add(time.Hour), `C:\Windows`, false),
		at(3, 12290, noon.Add(2*time.Hour), nil, true),
	}
}

func TestWhere(t *testing.T) {
	t.Parallel()
	for where, want := range map[string][]uint32{
		`EventCode = 12290`:                             {3},
		`EventCode <> 12290`:                            {1, 2},
		`eventcode != 12290 and NOT Primary = TRUE`:     {2},
		`EventCode >= 12289 AND EventCode < 12290`:      {2},
		`EventCode > 12288.5`:                           {2, 3},
		`EventCode = '12288'`:                           {1},
		`Offset <= -3 AND Number <= 2`:                  {1, 2},
		`Primary = True`:                                {1, 3},
		`Primary <> 'false'`:                            {1, 3},
		`Primary = 0`:                                   {2},
		`Message IS NULL`:                               {3},
		`Message = NULL`:                                {3},
		`Message IS NOT NULL`:                           {1, 2},
		`Message <> NULL`:                               {1, 2},
		`Message <> "it's"`:                             {2},
		`Message = 'it\'s'`:                             {1},
		`Message = "IT'S"`:                              {1},
		`Message = 'c:\\windows'`:                       {2},
		`TimeGenerated >= '20260302130000.000000+000'`:  {2, 3},
		`TimeGenerated >= '20260302140000.000000+060'`:  {2, 3},
		`TimeGenerated < "20260302080000.000000-300"`:   {1},
		`(Number = 1 OR Number = 3) AND Primary = TRUE`: {1, 3},
		`Number = 1 OR Number = 2 AND Primary = TRUE`:   {1},
		`NOT (Number = 1 OR Number = 2)`:                {3},
		`Number IS NULL`:                                nil,
		`Number > 18446744073709551615999`:              nil,
	} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			q, err := wql.Parse("select Number from Event where " + where)
			if err != nil {
				t.Fatal(err)
			}
			var got []uint32
			for _, event := range events() {
				match, err := q.Matches(event)
				if err != nil {
					t.Fatal(err)
				}
				value, _ := event("number")
				if number, ok := value.(uint32); ok && match {
					got = append(got, number)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("matches %v, want %v", got, want)
			}
		})
	}
}

func TestQueriesThatAreNone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "SELECT", "SELECT * FROM", "SELECT FROM Event", "SELECT a, FROM Event", "SELECT a b FROM Event",
		"SELECT * FROM Event WHERE", "SELECT * FROM Event WHERE Number", "SELECT * FROM Event WHERE Number =",
		"SELECT * FROM Event WHERE Number = 'open", "SELECT * FROM Event WHERE Number = 1 AND",
		"SELECT * FROM Event WHERE (Number = 1", "SELECT * FROM Event WHERE Number IS 1",
		"SELECT * FROM Event WHERE Number < NULL", "SELECT * FROM Event WHERE Number = 1.2.3",
		"SELECT * FROM Event; DROP", "SELECT * FROM Event WHERE Number '=' 1", "ASSOCIATORS OF {Event}",
		"SELECT * FROM Event WHERE Number = word", "SELECT * FROM Event WHERE ~", "DELETE FROM Event",
	} {
		if q, err := wql.Parse(text); err == nil {
			t.Errorf("%q is taken for a query: %+v", text, q)
		}
	}
}

func TestQueriesThatCannotBeAnswered(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"SELECT Number FROM Event WHERE Message = 5",
		"SELECT Number FROM Event WHERE Lines = 'a'",
		"SELECT Number FROM Event WHERE TimeGenerated > 'yesterday'",
		"SELECT Number FROM Event WHERE TimeGenerated > 5",
		"SELECT Number FROM Event WHERE Number = 'many'",
		"SELECT Number FROM Event WHERE Primary = 'maybe'",
	} {
		q, err := wql.Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if match, err := q.Matches(events()[0]); err == nil {
			t.Errorf("%s: matches: %t", text, match)
		}
	}
}

func FuzzQuery(f *testing.F) {
	f.Add("SELECT Name, State FROM Win32_Service WHERE Name = 'a\\'b' AND (NOT State <> \"x\" OR Id >= -1.5)")
	f.Add("select * from X where A is not null")
	f.Add("SELECT * FROM X WHERE A = '")
	f.Fuzz(func(t *testing.T, text string) {
		q, err := wql.Parse(text)
		if err != nil {
			return
		}
		if q.Class == "" {
			t.Fatalf("%q gives half a query: %+v", text, q)
		}
		for _, event := range events() {
			_, _ = q.Matches(event) // must not panic
		}
	})
}
