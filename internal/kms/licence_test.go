package kms_test

import (
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

func TestChannelsAndWhatTheyMeanForCounting(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		channel, description string
		kind                 kms.ChannelKind
		says                 string // part of why it never counts
	}{
		{"Volume:GVLK", "", kms.ChannelKMSClient, ""},
		{"", "Windows(R) Operating System, VOLUME_KMSCLIENT channel", kms.ChannelKMSClient, ""},
		{"Volume:CSVLK", "", kms.ChannelKMSHost, "KMS host"},
		{"", "Windows(R) Operating System, VOLUME_KMS_WS22 channel", kms.ChannelKMSHost, "KMS host"},
		{"Volume:MAK", "", kms.ChannelMAK, "multiple activation key (MAK)"},
		{"Retail", "", kms.ChannelRetail, "CSP licences contain no KMS key"},
		{"Retail:TB:Sub", "", kms.ChannelSubscription, "subscription such as Microsoft 365, not by a KMS host (channel Retail:TB:Sub)"},
		{"", "Office 16, TIMEBASED_SUB channel", kms.ChannelSubscription, "subscription"},
		{"Retail:TB:Eval", "", kms.ChannelEvaluation, "evaluation version, which no KMS host activates (channel Retail:TB:Eval)"},
		{"Retail:TB:Trial", "", kms.ChannelEvaluation, "evaluation"},
		{"PGS:TB", "", kms.ChannelEvaluation, "evaluation"},
		{"VT:IA", "", kms.ChannelVirtual, "virtual machine (AVMA), not by a KMS host (channel VT:IA)"},
		{"OEM:DM", "", kms.ChannelOEM, "OEM"},
		{"OEM:NONSLP", "", kms.ChannelOEM, "OEM"},
		{"", "Windows(R) Operating System, TIMEBASED_EVAL channel", kms.ChannelEvaluation, "evaluation"},
		{"", "Windows(R) Operating System, VIRTUAL_MACHINE_ACTIVATION channel", kms.ChannelVirtual, "virtual machine"},
		{"Volume:Something", "", kms.ChannelOther, "Volume:Something"},
		{"", "", kms.ChannelOther, "could not be read"},
	} {
		got := kms.ChannelOf(tt.channel, tt.description)
		if got.Kind != tt.kind {
			t.Errorf("%q %q: kind %d, want %d", tt.channel, tt.description, got.Kind, tt.kind)
		}
		if got.Counts() != (tt.says == "") || !strings.Contains(got.NeverCounts(), tt.says) {
			t.Errorf("%q %q: counts %t, says %q", tt.channel, tt.description, got.Counts(), got.NeverCounts())
		}
	}
}

func TestLicensedProvesNothingAboutKMSByItself(t *testing.T) {
	t.Parallel()
	gvlk, mak := kms.ChannelOf("Volume:GVLK", ""), kms.ChannelOf("Volume:MAK", "")
	for name, tt := range map[string]struct {
		licence kms.Licence
		by      kms.Means
		canAsk  bool
	}{
		"client key, ends in 180 days":       {kms.Licence{Status: kms.Licensed, Channel: gvlk, Grace: 180 * 24 * time.Hour}, kms.ByKMS, false},
		"client key, through the directory":  {kms.Licence{Status: kms.Licensed, Channel: gvlk, Grace: time.Hour, ActivationType: 1}, kms.ByActiveDirectory, false},
		"client key that never ends":         {kms.Licence{Status: kms.Licensed, Channel: gvlk}, kms.ByOther, false},
		"multiple activation key":            {kms.Licence{Status: kms.Licensed, Channel: mak}, kms.ByOther, false},
		"client key in its grace period":     {kms.Licence{Status: kms.OOBGrace, Channel: gvlk, Grace: time.Hour}, kms.NotLicensed, true},
		"unlicensed multiple activation key": {kms.Licence{Status: kms.Unlicensed, Channel: mak}, kms.NotLicensed, false},
		"unlicensed, of the directory":       {kms.Licence{Status: kms.Notification, Channel: gvlk, ActivationType: 1}, kms.NotLicensed, false},
	} {
		if got := tt.licence.LicensedBy(); got != tt.by {
			t.Errorf("%s: licensed by %d, want %d", name, got, tt.by)
		}
		if got := tt.licence.CanAsk(); got != tt.canAsk {
			t.Errorf("%s: can ask %t, want %t", name, got, tt.canAsk)
		}
	}
}

func TestApplicationIDs(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]kms.Product{
		"55C92734-D682-4D71-983E-D6EC3F16059F":   kms.Windows,
		"0ff1ce15-a989-479d-af46-f275c6370663":   kms.Office,
		"{0FF1CE16-a989-479d-af46-f275c6370663}": kms.Office,
		"00000000-0000-0000-0000-000000000000":   "",
		"":                                       "",
	} {
		if got, known := kms.ProductOf(id); got != want || known != (want != "") {
			t.Errorf("%q: %q, %t", id, got, known)
		}
	}
}

func TestHostCountsAreNeverGuessed(t *testing.T) {
	t.Parallel()
	seven, nine := 7, 9
	host := kms.Host{IsHost: true, Products: []kms.HostProduct{
		{Product: kms.Office, Count: &seven}, {Product: kms.Office, Count: &nine, Status: kms.Licensed}, {Product: kms.Windows},
	}}
	if count, known := host.Count(kms.Office); count != 9 || !known {
		t.Errorf("Office: %d, %t", count, known)
	}
	if _, known := host.Count(kms.Windows); known {
		t.Error("no data passes for a count")
	}
	if !host.HasKey(kms.Windows) || host.Activated(kms.Windows) || !host.Activated(kms.Office) {
		t.Error("keys and their activation are mixed up")
	}
}
