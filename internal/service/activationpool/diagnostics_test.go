package activationpool

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
)

// What a person reads where a pool could not be judged: what was seen, and what helps.
func TestWhyAPoolWasNotJudged(t *testing.T) {
	t.Parallel()
	refusal := fmt.Errorf("KMS host kms01: %w", kms.ErrDenied)
	silent := []error{fmt.Errorf("station PC02: %w", kms.ErrUnreachable)}
	for name, tt := range map[string]struct {
		err  error
		says []string
	}{
		"the host refuses the account at a fresh site": {
			&pool.UnjudgedError{Answered: 5, Members: 5, KMSHost: "kms01", Err: &pool.KeysUnknownError{
				Held: []kms.Product{kms.Windows, kms.Office}, HostRefusal: refusal, MaxAge: 168 * time.Hour,
			}},
			[]string{
				"5 of 5 stations answered; the KMS host kms01 was not read.", "members hold Windows and Office with a KMS client key",
				"thresholds = { windows = 25, office = 5 }", "kms.winrm: KMS host kms01: access denied", "!Switch",
			},
		},
		"nobody holds a key, and all answered": {
			&pool.UnjudgedError{Answered: 5, Members: 5, KMSHost: "kms01", HostRead: true, Err: pool.ErrNoProduct},
			[]string{"the KMS host kms01 was read.", "KMS client key (GVLK)", "!Switch"},
		},
		"some are off": {
			&pool.UnjudgedError{Answered: 1, Members: 2, KMSHost: "kms01", HostRead: true, Silent: silent, Err: pool.ErrNoProduct},
			[]string{"1 of 2 stations answered", "station PC02: no answer", "Switch on the stations that do not answer"},
		},
		"no station takes the account": {
			&pool.DeniedError{Stations: 2, Silent: []error{refusal}},
			[]string{`kms.count_source is "stations"`, "none of 2 stations took the account", "access denied"},
		},
		"too little time for the KMS host": {
			&pool.UnfinishedError{Stations: 5, KMSHost: "kms01", Err: context.DeadlineExceeded},
			[]string{"Reading was ended before the KMS host kms01 had answered.", "Raise timeouts.read", "!5 stations", "!Test-WSMan"},
		},
		"one machine under two names": {
			&pool.RepeatedError{Stations: []pool.RepeatedStation{{"PC01", "pc01.schule.example"}, {"PC02", "PC02:5985"}}},
			[]string{"PC01 and pc01.schule.example are one station\nPC02 and PC02:5985 are one station", "Leave all but one of its names out of stations."},
		},
	} {
		says(t, name, diag.Diagnostics{readError("R101", tt.err)}, append(tt.says, "Error: Unable to read activation pool R101")...)
	}
	says(t, "the host is silent", diag.Diagnostics{readError("R101", &pool.HostError{KMSHost: "kms01", Err: errors.New("no answer")})},
		"Error: Unable to read KMS host kms01", "the pool's status stays as it was")
}

// A name that means nothing has a warning of its own, with what may have been meant.
func TestANameThatMeansNothingIsSaid(t *testing.T) {
	t.Parallel()
	listed := []string{"R101-PC01", "R101-PC02"}
	says(t, "with an inventory", diag.Diagnostics{unknownNames(configured{name: "R101"}, 5, []string{"R101-PC1.schule.example", "KMS99", "r101-pc02:5986"}, listed)},
		"3 of the 5 members of activation pool R101 have a name that is not known", "nothing waits for them",
		"  - R101-PC1.schule.example: the inventory lists no such station; did you mean R101-PC01?",
		"  - KMS99: the inventory lists no such station\n", "  - r101-pc02:5986: the inventory lists it\n", "as the inventory does")
	says(t, "without", diag.Diagnostics{unknownNames(configured{name: "R101", Definition: pool.Definition{Location: "R101"}}, 1, []string{"PC1"}, nil)}, "1 of the 1 members of activation pool R101 has a name that is not known\nlocation: DNS", "  - PC1\n", "winrm.domain_suffix", "!inventory")
}

// A plan of a pool that holds warns once of members that answered and are not licensed.
func TestUnlicensedMembersOfAPoolThatHoldsAreSaid(t *testing.T) {
	t.Parallel()
	const cutOff = "Windows: Notification: no KMS host could be reached (0xC004F074)"
	reasons := func(r *pool.Reading) {
		r.Assessment.Unlicensed = map[string]string{"PC01": cutOff, "PC02": cutOff, "PC03": "Windows: OOBGrace", "PC04": "Windows: OOBGrace"}
		r.Assessment.Unreachable = []string{"PC04"}
	}
	says(t, "holding", unlicensed("R101", read(25, 25, reasons), othersAsk),
		"Warning: 3 of the 5 members of activation pool R101 are not licensed",
		"The commonest reason, of 2 members: "+cutOff+".", "port 1688", "require_licensed")
	if got := unlicensed("R101", read(24, 25, reasons), othersAsk); len(got) > 0 {
		t.Errorf("a threshold is missing, which is the reason, and it says %s", shown(got))
	}
	if got := unlicensed("R101", read(25, 25), othersAsk); len(got) > 0 {
		t.Errorf("all are licensed, and it says %s", shown(got))
	}
}

// Where the stations are the source of the counts it says why, and nothing of a refusal
// that never was.
func TestWhereTheCountsComeFrom(t *testing.T) {
	t.Parallel()
	ages := func(ages map[kms.Product]time.Duration, refusal error) func(*pool.Reading) {
		return func(r *pool.Reading) { r.AnswerAges, r.HostRefusal = ages, refusal }
	}
	hour := map[kms.Product]time.Duration{kms.Windows: time.Hour}
	says(t, "not to be asked", diag.Diagnostics{countsFromClients("R101", read(25, 25, ages(hour, nil)))},
		`KMS host kms01 is not read, since kms.count_source is "stations". Windows: the newest answer to a station is 1h0m0s old.`, "!denied")
	says(t, "refused", diag.Diagnostics{countsFromClients("R101", read(25, 25, ages(hour, kms.ErrDenied)))}, "KMS host kms01 was not read (access denied).")
	none := map[kms.Product]time.Duration{}
	says(t, "no answer, stations on", diag.Diagnostics{countsFromClients("R101", read(-1, 25, ages(none, kms.ErrDenied)))},
		"Applying asks running members", "kms.winrm", "!Switch")
	allOff := func(r *pool.Reading) {
		for i := range r.Members {
			r.Members[i].Err = kms.ErrUnreachable
		}
	}
	says(t, "no answer, all off", diag.Diagnostics{countsFromClients("R101", read(-1, 25, ages(none, nil), allOff))}, "Switch some of the stations on.", "!kms.winrm")
}

// A refresh that could not read says so in short; the plan's error says all.
func TestARefreshThatCouldNotReadSaysSoInShort(t *testing.T) {
	t.Parallel()
	err := &pool.HostError{KMSHost: "kms01", Err: errors.New("KMS host kms01: no answer\nand more")}
	const want = "Warning: Activation pool R101 keeps what was last read of it\n" +
		"Unable to read KMS host kms01: the KMS host could not be read: KMS host kms01: no answer …"
	if got := shown(diag.Diagnostics{keptAsRead("R101", readError("R101", err).Summary(), err)}); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// Without an account for Windows a plan names products and what Timago shows of them.
func TestWithoutWindowsAPlanNamesWhatTimagoShows(t *testing.T) {
	t.Parallel()
	found := pool.Reading{ShownOnly: true, Assessment: pool.Assessment{Products: map[kms.Product]pool.ProductState{
		kms.Windows: {Threshold: 25, Reason: "Timago shows: nicht aktiviert"}, kms.Office: {Threshold: 5},
	}}}
	says(t, "not activated", diag.Diagnostics{needsWinRM("R101", found)}, "Windows: Timago shows: nicht aktiviert.", "Set winrm in the provider block", "!Office")
	says(t, "what was done", applyOutcome{pool: configured{name: "R101"}, before: found, after: found, ran: true}.diagnostics(""),
		"Windows: Timago shows: nicht aktiviert.\nOffice: Timago shows: aktiviert.", "!count", "!members licensed")
	says(t, "all left out", diag.Diagnostics{readError("R101", &pool.ShownError{Err: &pool.NothingLeftError{Why: []string{"Windows is left out by thresholds"}}})},
		"Timago was asked", "Windows is left out by thresholds: nothing is left to keep", "set it above 0")
}

// A forecast that failed is a warning where somebody asked for one.
func TestAForecastIsMissedOnlyWhereItIsWanted(t *testing.T) {
	t.Parallel()
	unknown := pool.Reading{Renewal: pool.Renewal{Why: errors.New("no log")}}
	wanted := configured{name: "R101", Definition: pool.Definition{EarlyRenewal: time.Hour}}
	for name, tt := range map[string]struct {
		pool     configured
		found    pool.Reading
		warnings int
	}{
		"wanted and not known":     {wanted, unknown, 1},
		"wanted and known":         {wanted, pool.Reading{}, 0},
		"neither wanted nor known": {configured{name: "R101"}, unknown, 0},
	} {
		if got := new(Resource).warnings(tt.pool, tt.found); len(got) != tt.warnings {
			t.Errorf("%s: %v", name, got)
		}
	}
}
