package kerberos

import (
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jcmturner/gofork/encoding/asn1"
	"github.com/jcmturner/gokrb5/v8/iana/errorcode"
	"github.com/jcmturner/gokrb5/v8/iana/msgtype"
	"github.com/jcmturner/gokrb5/v8/iana/patype"
	"github.com/jcmturner/gokrb5/v8/keytab"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"
)

// answering is a network whose KDCs all give the same answer.
type answering struct {
	answer []byte
	err    error // instead
	asked  []string
	kdcs   []string // that are found, where the configuration names none
}

func (n *answering) Find(context.Context, string) ([]string, error) {
	return n.kdcs, nil
}

func (n *answering) Exchange(_ context.Context, kdc string, _ []byte) (answer []byte, unsent bool, err error) {
	n.asked = append(n.asked, kdc)
	return n.answer, n.err != nil, n.err
}

// demand is a KDC that wants to see the password first, with hints about its key.
func demand(t testing.TB, entries ...types.ETypeInfo2Entry) []byte {
	t.Helper()
	hints, err := asn1.Marshal(types.ETypeInfo2(entries))
	if err != nil {
		t.Fatal(err)
	}
	data, err := asn1.Marshal(types.PADataSequence{{PADataType: patype.PA_ETYPE_INFO2, PADataValue: hints}})
	if err != nil {
		t.Fatal(err)
	}
	said := messages.NewKRBError(types.NewPrincipalName(2, "krbtgt/SCHULE.EXAMPLE"), "SCHULE.EXAMPLE", errorcode.KDC_ERR_PREAUTH_REQUIRED, "")
	said.EData = data
	answer, err := said.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func rounds(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }

func open(t testing.TB, n *answering) *Tickets {
	t.Helper()
	tickets, err := Open(Config{ConfigFile: writeFile(t, "krb5.conf", "[libdefaults]\ndefault_realm = SCHULE.EXAMPLE\n")},
		Account{User: "kms-admin", Password: func() string { return "secret" }}, Environment{Network: n, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return tickets
}

// Who says how the key is made is not known yet: it may want a guess made easy, or this
// machine busy.
func TestRoundsThatAKDCMayAskFor(t *testing.T) {
	t.Parallel()
	for name, story := range map[string]struct {
		parameters []byte
		sent       int // messages: the second is the password's
		says       string
	}{
		"none given":   {nil, 2, ""},
		"usual":        {rounds(4096), 2, ""},
		"fewest":       {rounds(minRounds), 2, ""},
		"most":         {rounds(maxRounds), 2, ""},
		"one":          {rounds(1), 1, "1 rounds"},
		"too few":      {rounds(minRounds - 1), 1, "999 rounds"},
		"too many":     {rounds(maxRounds + 1), 1, "100001 rounds"},
		"minutes":      {rounds(0xFFFFFFFF), 1, "4294967295 rounds"},
		"none at all":  {rounds(0), 1, "0 rounds"},
		"not a number": {[]byte{1}, 1, "malformed"},
	} {
		n := &answering{kdcs: []string{"kdc:88"}, answer: demand(t, types.ETypeInfo2Entry{EType: 18, Salt: "salt", S2KParams: story.parameters})}
		err := open(t, n).Logon(t.Context())
		if err == nil || len(n.asked) != story.sent || !strings.Contains(err.Error(), story.says) {
			t.Errorf("%s: %d messages, %v", name, len(n.asked), err)
		}
	}
}

func TestACallThatIsOverDerivesNoKey(t *testing.T) {
	t.Parallel()
	tickets := open(t, &answering{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tickets.passwordKey(ctx, types.ETypeInfo2Entry{EType: 18}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestKDCsAreTriedOneAfterTheOtherToAnEnd(t *testing.T) {
	t.Parallel()
	n := &answering{err: errors.New("refused"), kdcs: make([]string, 1000)}
	var failed *Failed
	if err := open(t, n).Logon(t.Context()); !errors.As(err, &failed) || failed.Reason != NoKDC || len(n.asked) != maxKDCs {
		t.Errorf("%d KDCs were asked: %v", len(n.asked), err)
	}
}

// reply is an answer of a KDC in its form, sealed with a key that nobody knows.
func reply(t testing.TB, as bool) []byte {
	t.Helper()
	user, service := types.NewPrincipalName(1, "kms-admin"), types.NewPrincipalName(2, "krbtgt/SCHULE.EXAMPLE")
	sealed := types.EncryptedData{EType: 18, KVNO: 1, Cipher: make([]byte, 100)}
	fields := messages.KDCRepFields{
		PVNO: 5, CRealm: "SCHULE.EXAMPLE", CName: user, EncPart: sealed,
		Ticket: messages.Ticket{TktVNO: 5, Realm: "SCHULE.EXAMPLE", SName: service, EncPart: sealed},
	}
	var answer []byte
	var err error
	if as {
		fields.MsgType = msgtype.KRB_AS_REP
		answer, err = (&messages.ASRep{KDCRepFields: fields}).Marshal()
	} else {
		fields.MsgType = msgtype.KRB_TGS_REP
		answer, err = (&messages.TGSRep{KDCRepFields: fields}).Marshal()
	}
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// Whatever answers in a KDC's place, reading it ends in an error.
func FuzzKDC(f *testing.F) {
	f.Add(reply(f, true))
	f.Add(reply(f, false))
	f.Add(demand(f, types.ETypeInfo2Entry{EType: 18, Salt: "salt", S2KParams: rounds(1000)}))
	f.Add([]byte{0x6b, 0x80})
	keys := keytab.New() // a key that is there is not derived: that takes most of the time
	if err := keys.AddEntry("kms-admin", "SCHULE.EXAMPLE", "secret", time.Unix(0, 0), 1, 18); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		n := &answering{answer: answer, kdcs: []string{"kdc:88"}}
		tickets := open(t, n)
		tickets.keytab = keys
		if err := tickets.Logon(t.Context()); err == nil {
			t.Error("the account was let in")
		}
		key := types.EncryptionKey{KeyType: 18, KeyValue: make([]byte, 32)}
		tgt := &ticket{key: key, Ticket: messages.Ticket{
			TktVNO: 5, Realm: tickets.realm, SName: types.NewPrincipalName(2, "krbtgt/SCHULE.EXAMPLE"), EncPart: types.EncryptedData{EType: 18, Cipher: []byte("x")},
		}}
		if _, err := tickets.exchange(t.Context(), tgt, "HTTP/pc01"); err == nil {
			t.Error("a ticket was issued")
		}
	})
}
