package catalogue

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
	ByOther           Means = "other"           // a channel that is not known
)

// Channel is how Windows shows a way to a licence: ProductKeyChannel, and the token in
// Description, which older systems have alone.
type Channel struct{ Key, Token string }

// Channels are those of every way.
var Channels = map[Means]Channel{
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
