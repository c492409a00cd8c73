package wsman

import (
	"bytes"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/jcmturner/gokrb5/v8/asn1tools"
	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/iana/asnAppTag"
	"github.com/jcmturner/gokrb5/v8/iana/errorcode"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/iana/msgtype"
	"github.com/jcmturner/gokrb5/v8/keytab"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"
)

// Kerberos is how a machine takes it. The account of a ticket is found among
// Config.Accounts by its name and by its realm, of which the first label is the
// domain.
type Kerberos struct {
	// Keytab is a file with the keys of HTTP/<host> for every name that the machine
	// is asked by. It is read at each logon, as services do.
	Keytab string
	// Scheme is the only one that is offered, "Kerberos" or "Negotiate"; default both.
	Scheme string
	// Clock is the machine's; default the real one.
	Clock func() time.Time
}

// maxSkew is what clocks may differ where nobody changed it.
const maxSkew = 5 * time.Minute

var (
	oidKerberos   = asn1.ObjectIdentifier{1, 2, 840, 113554, 1, 2, 2}
	oidMSKerberos = asn1.ObjectIdentifier{1, 2, 840, 48018, 1, 2, 2}

	tokenAPReq = []byte{1, 0}
	tokenAPRep = []byte{2, 0}
	tokenError = []byte{3, 0}
)

func (k *Kerberos) offers(scheme string) bool {
	return k != nil && (k.Scheme == "" || k.Scheme == scheme)
}

func (k *Kerberos) now() time.Time {
	if k.Clock != nil {
		return k.Clock()
	}
	return time.Now()
}

// kerberosToken reports whether a token that came under Negotiate is one of
// Kerberos, plain or preferred in SPNEGO, and how its answer is wrapped.
func kerberosToken(token []byte) (plain []byte, wrap func([]byte) []byte, ok bool) {
	var frame asn1.RawValue
	if _, err := asn1.Unmarshal(token, &frame); err != nil || frame.Class != asn1.ClassApplication || frame.Tag != 0 {
		return nil, nil, false
	}
	var mechanism asn1.ObjectIdentifier
	inner, err := asn1.Unmarshal(frame.Bytes, &mechanism)
	switch {
	case err != nil:
		return nil, nil, false
	case mechanism.Equal(oidKerberos):
		return token, func(reply []byte) []byte { return reply }, true
	case !mechanism.Equal(oidSPNEGO):
		return nil, nil, false
	}
	var init negTokenInit
	var offered []asn1.ObjectIdentifier
	if _, err := asn1.UnmarshalWithParams(inner, &init, "explicit,tag:0"); err != nil {
		return nil, nil, false
	}
	if _, err := asn1.Unmarshal(init.MechTypes.Bytes, &offered); err != nil || len(offered) == 0 {
		return nil, nil, false
	}
	if !offered[0].Equal(oidKerberos) && !offered[0].Equal(oidMSKerberos) || len(init.MechToken) == 0 {
		return nil, nil, false
	}
	return init.MechToken, func(reply []byte) []byte {
		return new(negotiation).respond(negTokenResp{NegState: acceptCompleted, SupportedMech: offered[0], ResponseToken: reply})
	}, true
}

// kerberos takes the one token of the exchange.
func (x *exchange) kerberos(scheme string, token []byte, wrap func([]byte) []byte) logon {
	x.connection.session, x.connection.acceptor, x.connection.spnego = nil, nil, nil
	client, reply, sealing, err := x.server.config.Kerberos.accept(token, x.server.bindings())
	protocol := sealProtocol
	if scheme == "Kerberos" {
		protocol = sealProtocolKerberos
	}
	var refusal messages.KRBError
	switch {
	case errors.As(err, &refusal):
		refusal.STime = x.server.config.Kerberos.now().UTC()
		said, err := refusal.Marshal()
		if err != nil {
			return logon{leg: true}
		}
		return logon{leg: true, reply: scheme + " " + base64.StdEncoding.EncodeToString(wrap(frameToken(tokenError, said)))}
	case err != nil:
		return logon{leg: true}
	}
	account, known := x.server.account(client.realm, client.name)
	if !known {
		return logon{user: client.name + "@" + client.realm, leg: true}
	}
	sealing.name = protocol
	x.connection.session = &session{user: account.String(), seal: sealing}
	return logon{user: account.String(), ok: true, leg: true, reply: scheme + " " + base64.StdEncoding.EncodeToString(wrap(reply))}
}

type principal struct{ name, realm string }

// accept proves a client by its ticket and makes the answer that proves the
// machine. bindings is the hash of the TLS channel, nil where there is none. A
// refusal that clients are told is a messages.KRBError.
func (k *Kerberos) accept(token, bindings []byte) (client principal, reply []byte, s *kerberosSeal, err error) {
	request, err := readRequest(token)
	if err != nil {
		return principal{}, nil, nil, err
	}
	if err := k.verify(request); err != nil {
		return principal{}, nil, nil, err
	}
	authenticator, ticket := request.Authenticator, request.Ticket.DecryptedEncPart
	if err := checkContext(authenticator.Cksum.Checksum, bindings); err != nil {
		return principal{}, nil, nil, err
	}
	encryption, err := crypto.GetEtype(ticket.Key.KeyType)
	if err != nil {
		return principal{}, nil, nil, err
	}
	subkey, err := types.GenerateEncryptionKey(encryption)
	if err != nil {
		return principal{}, nil, nil, err
	}
	const first = 4711 // of the sequence: any number will do
	body, err := marshalReply(messages.EncAPRepPart{CTime: authenticator.CTime, Cusec: authenticator.Cusec, Subkey: subkey, SequenceNumber: first}, ticket.Key)
	if err != nil {
		return principal{}, nil, nil, err
	}
	client = principal{ticket.CName.PrincipalNameString(), ticket.CRealm}
	return client, frameToken(tokenAPRep, body),
		&kerberosSeal{key: subkey, sends: first, expects: uint64(authenticator.SeqNumber)}, nil //nolint:gosec // not negative
}

func readRequest(token []byte) (*messages.APReq, error) {
	var frame asn1.RawValue
	if _, err := asn1.Unmarshal(token, &frame); err != nil {
		return nil, err
	}
	var mechanism asn1.ObjectIdentifier
	body, err := asn1.Unmarshal(frame.Bytes, &mechanism)
	if err != nil {
		return nil, err
	}
	body, found := bytes.CutPrefix(body, tokenAPReq)
	if !found || !mechanism.Equal(oidKerberos) {
		return nil, errors.New("no AP-REQ of Kerberos")
	}
	request := new(messages.APReq)
	return request, request.Unmarshal(body)
}

// verify opens ticket and authenticator (RFC 4120 3.2.3).
func (k *Kerberos) verify(request *messages.APReq) error {
	refuse := func(code int32) error {
		return messages.NewKRBError(request.Ticket.SName, request.Ticket.Realm, code, "")
	}
	file, err := os.ReadFile(k.Keytab)
	if err != nil {
		return fmt.Errorf("the machine's keytab: %w", err)
	}
	keys := keytab.New()
	if err := keys.Unmarshal(file); err != nil {
		return fmt.Errorf("the machine's keytab: %w", err)
	}
	if err := request.Ticket.DecryptEncPart(keys, nil); err != nil {
		if unknown, ok := errors.AsType[messages.KRBError](err); ok {
			return refuse(unknown.ErrorCode)
		}
		return refuse(errorcode.KRB_AP_ERR_MODIFIED)
	}
	ticket := request.Ticket.DecryptedEncPart
	now := k.now()
	switch {
	case ticket.StartTime.Sub(now) > maxSkew:
		return refuse(errorcode.KRB_AP_ERR_TKT_NYV)
	case now.Sub(ticket.EndTime) > maxSkew:
		return refuse(errorcode.KRB_AP_ERR_TKT_EXPIRED)
	}
	if err := request.DecryptAuthenticator(ticket.Key); err != nil {
		return refuse(errorcode.KRB_AP_ERR_BAD_INTEGRITY)
	}
	authenticator := request.Authenticator
	if !authenticator.CName.Equal(ticket.CName) || authenticator.CRealm != ticket.CRealm {
		return refuse(errorcode.KRB_AP_ERR_BADMATCH)
	}
	if now.Sub(authenticator.CTime).Abs() > maxSkew {
		return refuse(errorcode.KRB_AP_ERR_SKEW)
	}
	return nil
}

// checkContext reads the checksum of RFC 4121 4.1.1: where it names a TLS
// channel that must be this one, and the client must want to see the machine
// proved.
func checkContext(checksum, bindings []byte) error {
	const size, mutual = 24, 2
	if len(checksum) < size || checksum[20]&mutual == 0 {
		return errors.New("the client does not ask for mutual authentication")
	}
	var none [16]byte
	if bound := checksum[4:20]; bindings != nil && !bytes.Equal(bound, none[:]) && !bytes.Equal(bound, bindings) {
		return errors.New("the token is bound to another TLS channel")
	}
	return nil
}

func marshalReply(part messages.EncAPRepPart, key types.EncryptionKey) ([]byte, error) {
	plain, err := asn1.Marshal(part)
	if err != nil {
		return nil, err
	}
	sealed, err := crypto.GetEncryptedData(asn1tools.AddASNAppTag(plain, asnAppTag.EncAPRepPart), key, keyusage.AP_REP_ENCPART, 0)
	if err != nil {
		return nil, err
	}
	reply, err := asn1.Marshal(messages.APRep{PVNO: 5, MsgType: msgtype.KRB_AP_REP, EncPart: sealed})
	return asn1tools.AddASNAppTag(reply, asnAppTag.APREP), err
}

func frameToken(id, body []byte) []byte {
	mechanism, err := asn1.Marshal(oidKerberos)
	if err != nil {
		panic(err) // it is a constant
	}
	return asn1tools.AddASNAppTag(append(append(mechanism, id...), body...), 0)
}
