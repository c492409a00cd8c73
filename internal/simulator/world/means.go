package world

import (
	"cmp"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// Means is how a product is to be licensed.
type Means string

// Ways to a licence. Only the first ever asks a KMS host.
const (
	ByKMS             Means = "kms"
	ByActiveDirectory Means = "active-directory"
	ByMAK             Means = "mak"
	ByOEM             Means = "oem"
	ByRetail          Means = "retail"
	ByEvaluation      Means = "evaluation"      // licensed until it ends
	BySubscription    Means = "subscription"    // of Microsoft 365: licensed, and renewed by itself
	ByVirtualMachine  Means = "virtual-machine" // activated by the machine that it runs on
	ByOther           Means = "other"           // a channel that nobody has heard of
)

// Product is one installed product.
type Product struct {
	Title      string         `yaml:"title"`      // windows-11-education, office-2021, …
	By         Means          `yaml:"by"`         // default kms
	Channel    string         `yaml:"channel"`    // ProductKeyChannel, with by other; default "Volume:NEXT"
	Asks       *time.Duration `yaml:"asks"`       // after a start; default the timing's for Windows, never by itself for Office
	Silent     bool           `yaml:"silent"`     // never asks by itself
	Unlicensed bool           `yaml:"unlicensed"` // none of kms and active-directory: not activated
}

// channel is how Windows shows a way to a licence: ProductKeyChannel, and the token in
// Description, which older systems have alone.
type channel struct{ key, token string }

var channels = map[Means]channel{
	ByKMS:             {"Volume:GVLK", "VOLUME_KMSCLIENT"},
	ByActiveDirectory: {"Volume:GVLK", "VOLUME_KMSCLIENT"},
	ByMAK:             {"Volume:MAK", "VOLUME_MAK"},
	ByOEM:             {"OEM:DM", "OEM_DM"},
	ByRetail:          {"Retail", "RETAIL"},
	ByEvaluation:      {"Retail:TB:Eval", "TIMEBASED_EVAL"},
	BySubscription:    {"Retail:TB:Sub", "TIMEBASED_SUB"},
	ByVirtualMachine:  {"VT:IA", "VIRTUAL_MACHINE_ACTIVATION"},
	ByOther:           {"Volume:NEXT", "VOLUME_NEXT"},
}

// How long licences last that end without a KMS host.
const (
	evaluationLasts   = 90 * 24 * time.Hour
	subscriptionLasts = 30 * 24 * time.Hour
)

// channel is ProductKeyChannel.
func (p *product) channel() string { return cmp.Or(p.shown, channels[p.means].key) }

// description is Description.
func (p *product) description() string {
	family := "Windows(R) Operating System"
	if p.product == kms.Office {
		family = p.name
	}
	return family + ", " + channels[p.means].token + " channel"
}
