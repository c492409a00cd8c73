// Package style is the look that the report shares with the simulator's page.
package style

import _ "embed" // the sheet

// Sheet is the style sheet: colours for light and dark, type, cards, states and tallies.
//
//go:embed sheet.css
var Sheet string
