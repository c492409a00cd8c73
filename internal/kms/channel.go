package kms

import "strings"

// ChannelKind sorts the open set of product key channels by what they mean for counting.
type ChannelKind uint8

// What a channel means for a KMS host.
const (
	ChannelOther        ChannelKind = iota // a channel this version does not know
	ChannelKMSClient                       // Volume:GVLK, asks a KMS host: the only one that counts
	ChannelKMSHost                         // Volume:CSVLK, the key of a KMS host
	ChannelMAK                             // Volume:MAK, activates once at Microsoft
	ChannelRetail                          // Retail, also the base of subscription (CSP) machines
	ChannelOEM                             // OEM:DM, OEM:SLP, OEM:NONSLP, pre-installed
	ChannelEvaluation                      // Retail:TB:Eval, TIMEBASED_EVAL: time based evaluation
	ChannelSubscription                    // Retail:TB:Sub, TIMEBASED_SUB: a subscription such as Microsoft 365
	ChannelVirtual                         // VT:IA: automatic activation of virtual machines (AVMA)
)

// Channel is a product key channel: the raw text of Windows and its kind.
type Channel struct {
	Raw  string
	Kind ChannelKind
}

// ChannelOf reads SoftwareLicensingProduct's ProductKeyChannel and, where a system
// is too old to have that property, its Description. Both hold tokens that are not
// localised.
func ChannelOf(productKeyChannel, description string) Channel {
	c := Channel{Raw: productKeyChannel}
	if c.Raw == "" {
		c.Raw = channelToken(description)
	}
	switch raw := strings.ToUpper(c.Raw); {
	case raw == "VOLUME:GVLK", strings.Contains(raw, "VOLUME_KMSCLIENT"):
		c.Kind = ChannelKMSClient
	case raw == "VOLUME:CSVLK", strings.Contains(raw, "VOLUME_KMS"):
		c.Kind = ChannelKMSHost
	case raw == "VOLUME:MAK", strings.Contains(raw, "VOLUME_MAK"):
		c.Kind = ChannelMAK
	case strings.HasPrefix(raw, "OEM"):
		c.Kind = ChannelOEM
	case strings.HasSuffix(raw, ":TB:SUB"), strings.Contains(raw, "TIMEBASED_SUB"):
		c.Kind = ChannelSubscription
	case strings.Contains(raw, ":TB"), strings.Contains(raw, "TIMEBASED_"):
		c.Kind = ChannelEvaluation
	case raw == "VT:IA", strings.Contains(raw, "VIRTUAL_MACHINE_ACTIVATION"):
		c.Kind = ChannelVirtual
	case strings.HasPrefix(raw, "RETAIL"):
		c.Kind = ChannelRetail
	}
	return c
}

// channelToken finds the channel in a Description such as
// "Windows(R) Operating System, VOLUME_KMSCLIENT channel".
func channelToken(description string) string {
	_, tail, found := strings.Cut(description, ", ")
	if !found {
		return description
	}
	token, _, _ := strings.Cut(tail, " ")
	return token
}

// Counts reports whether a product with this channel can ever ask a KMS host.
func (c Channel) Counts() bool { return c.Kind == ChannelKMSClient }

// NeverCounts says in words why a product with this channel adds nothing to a
// KMS count, with Windows' own name of the channel; empty where it can count.
func (c Channel) NeverCounts() string {
	switch {
	case c.Counts():
		return ""
	case c.Raw == "":
		return "its key's channel could not be read"
	}
	return c.why() + " (channel " + c.Raw + ")"
}

func (c Channel) why() string {
	switch c.Kind {
	case ChannelMAK:
		return "it has a multiple activation key (MAK), which activates at Microsoft and never asks a KMS host"
	case ChannelRetail:
		return "it has a retail or subscription (CSP) key; CSP licences contain no KMS key: ask the supplier for the volume licence's KMS keys"
	case ChannelOEM:
		return "it has the manufacturer's pre-installed (OEM) key, which never asks a KMS host"
	case ChannelKMSHost:
		return "it has the key of a KMS host, not of a client"
	case ChannelEvaluation:
		return "it is an evaluation version, which no KMS host activates"
	case ChannelSubscription:
		return "it is licensed by a subscription such as Microsoft 365, not by a KMS host"
	case ChannelVirtual:
		return "it is activated by the host of its virtual machine (AVMA), not by a KMS host"
	case ChannelKMSClient, ChannelOther:
	}
	return "its key is not that of a KMS client"
}
