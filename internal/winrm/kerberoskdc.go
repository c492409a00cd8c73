package winrm

import (
	"context"
	"encoding/asn1"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/iana/errorcode"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/iana/nametype"
	"github.com/jcmturner/gokrb5/v8/iana/patype"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"
)

// maxTicket bounds an answer of a KDC; Windows' own bound on a token is 64 KB.
const maxTicket = 1 << 20

// The exchanges are made here and not by the library's client, which tries a
// password that the KDC refused a second time, knows no context, and loses the
// code of an error in its text.

// authenticate has the KDC of the account's realm issue a TGT: the password is
// tried once.
func (t *tickets) authenticate(ctx context.Context) (*ticket, error) {
	request, err := messages.NewASReqForTGT(t.realm, t.config, t.client)
	if err != nil {
		return nil, err
	}
	// Asked without proof a KDC tells how it wants the key to be made.
	answer, err := t.ask(ctx, t.realm, &request)
	var said messages.KRBError
	var hints types.PADataSequence
	if errors.As(err, &said) && said.ErrorCode == errorcode.KDC_ERR_PREAUTH_REQUIRED {
		var proof types.PAData
		if proof, hints, err = t.proof(said.EData); err != nil {
			return nil, err
		}
		request.PAData = append(request.PAData, proof)
		answer, err = t.ask(ctx, t.realm, &request)
	}
	if err != nil {
		return nil, t.meaning("", err)
	}
	return t.granted(request, answer, hints)
}

// proof shows that the account's key is known: a time stamp sealed by it, in
// the way that the KDC demands.
func (t *tickets) proof(demand []byte) (types.PAData, types.PADataSequence, error) {
	var hints types.PADataSequence
	if err := hints.Unmarshal(demand); err != nil {
		return types.PAData{}, nil, t.failed(KerberosOther, "", errors.New("the KDC's demand for pre-authentication is malformed"))
	}
	key, err := t.accountKey(encryptionTypes, hints)
	if err != nil {
		return types.PAData{}, nil, err
	}
	now := t.stamp()
	plain, err := asn1.Marshal(types.PAEncTSEnc{PATimestamp: now, PAUSec: now.Nanosecond() / 1000})
	if err != nil {
		return types.PAData{}, nil, err
	}
	sealed, err := crypto.GetEncryptedData(plain, key, keyusage.AS_REQ_PA_ENC_TIMESTAMP, 0)
	if err != nil {
		return types.PAData{}, nil, err
	}
	value, err := sealed.Marshal()
	return types.PAData{PADataType: patype.PA_ENC_TIMESTAMP, PADataValue: value}, hints, err
}

// granted opens the answer to an AS-REQ.
func (t *tickets) granted(request messages.ASReq, answer []byte, hints types.PADataSequence) (*ticket, error) {
	var reply messages.ASRep
	if err := reply.Unmarshal(answer); err != nil {
		return nil, t.failed(KerberosOther, "", errors.New("the KDC's answer is malformed"))
	}
	key, err := t.accountKey([]int32{reply.EncPart.EType}, append(hints, reply.PAData...))
	if err != nil {
		return nil, err
	}
	plain, err := decrypt(reply.EncPart.Cipher, key, keyusage.AS_REP_ENCPART)
	if err != nil {
		// A KDC that wants no proof answers everybody, in what only the right
		// password opens.
		return nil, &kdcRefusal{Realm: t.realm, Code: errorcode.KDC_ERR_PREAUTH_FAILED}
	}
	var part messages.EncKDCRepPart
	if err := part.Unmarshal(plain); err != nil || part.Nonce != request.ReqBody.Nonce || !part.SName.Equal(request.ReqBody.SName) || reply.CRealm != t.realm {
		return nil, t.failed(KerberosOther, "", errors.New("the KDC's answer belongs to another question"))
	}
	return &ticket{Ticket: reply.Ticket, key: part.Key, ends: part.EndTime}, nil
}

// accountKey makes the account's key of one of the types, as the KDC's hints
// say, the last of them: by its salt from the password, or from the keytab.
func (t *tickets) accountKey(wanted []int32, hints types.PADataSequence) (types.EncryptionKey, error) {
	var infos types.ETypeInfo2
	for _, hint := range hints {
		if hint.PADataType != patype.PA_ETYPE_INFO2 {
			continue
		}
		if err := infos.Unmarshal(hint.PADataValue); err != nil {
			return types.EncryptionKey{}, t.failed(KerberosOther, "", errors.New("the KDC's hints about the key are malformed"))
		}
	}
	if len(infos) == 0 { // the salt is then the usual one
		for _, kind := range wanted {
			infos = append(infos, types.ETypeInfo2Entry{EType: kind})
		}
	}
	for _, info := range infos {
		if !slices.Contains(wanted, info.EType) || !slices.Contains(encryptionTypes, info.EType) {
			continue
		}
		if t.keytab != nil {
			if key, _, err := t.keytab.GetEncryptionKey(t.client, t.realm, 0, info.EType); err == nil {
				return key, nil
			}
			continue
		}
		return t.passwordKey(info)
	}
	if t.keytab != nil {
		return types.EncryptionKey{}, t.failed(KerberosCredentials, "", fmt.Errorf("the keytab holds no AES key of %s", t.principal()))
	}
	return types.EncryptionKey{}, t.failed(KerberosEncryption, "", errors.New("the KDC knows no AES key of the account"))
}

func (t *tickets) passwordKey(info types.ETypeInfo2Entry) (types.EncryptionKey, error) {
	encryption, err := crypto.GetEtype(info.EType)
	if err != nil {
		return types.EncryptionKey{}, err
	}
	salt, parameters := info.Salt, encryption.GetDefaultStringToKeyParams()
	if salt == "" {
		salt = t.client.GetSalt(t.realm)
	}
	if len(info.S2KParams) == 4 {
		parameters = fmt.Sprintf("%x", info.S2KParams)
	}
	key, err := encryption.StringToKey(t.password(), salt, parameters)
	return types.EncryptionKey{KeyType: info.EType, KeyValue: key}, err
}

// maxReferrals is how many realms may pass the question on.
const maxReferrals = 5

// exchange has a KDC issue a ticket for a service, and follows it to the realm
// that the service is in.
func (t *tickets) exchange(ctx context.Context, tgt *ticket, service string) (*ticket, error) {
	name := types.PrincipalName{NameType: nametype.KRB_NT_SRV_INST, NameString: strings.Split(service, "/")}
	realm := t.realm
	if home := t.config.ResolveRealm(name.NameString[1]); home != "" && home != realm {
		next, err := t.grant(ctx, realm, tgt, types.PrincipalName{NameType: nametype.KRB_NT_SRV_INST, NameString: []string{"krbtgt", home}})
		if err != nil {
			return nil, t.meaning(service, err)
		}
		tgt, realm = next, home
	}
	for range maxReferrals {
		next, err := t.grant(ctx, realm, tgt, name)
		if err != nil {
			return nil, t.meaning(service, err)
		}
		if issued := next.SName.NameString; len(issued) != 2 || issued[0] != "krbtgt" {
			return next, nil
		}
		tgt, realm = next, next.SName.NameString[1]
	}
	return nil, t.failed(KerberosOther, service, errors.New("one realm names the next without end"))
}

// grant makes one TGS exchange.
func (t *tickets) grant(ctx context.Context, realm string, tgt *ticket, name types.PrincipalName) (*ticket, error) {
	canonical := *t.config
	canonical.LibDefaults.Canonicalize = true // else a KDC names no other realm
	request, err := messages.NewTGSReq(t.client, realm, &canonical, tgt.Ticket, tgt.key, name, false)
	if err != nil {
		return nil, err
	}
	answer, err := t.ask(ctx, realm, &request)
	if err != nil {
		return nil, err
	}
	var reply messages.TGSRep
	if err := reply.Unmarshal(answer); err != nil {
		return nil, errors.New("the KDC's answer is malformed")
	}
	plain, err := decrypt(reply.EncPart.Cipher, tgt.key, keyusage.TGS_REP_ENCPART_SESSION_KEY)
	if err != nil {
		return nil, errors.New("the KDC's answer was not made with the session's key")
	}
	var part messages.EncKDCRepPart
	if err := part.Unmarshal(plain); err != nil || part.Nonce != request.ReqBody.Nonce || !reply.CName.Equal(t.client) {
		return nil, errors.New("the KDC's answer belongs to another question")
	}
	return &ticket{Ticket: reply.Ticket, key: part.Key, ends: part.EndTime}, nil
}

// noKDC means that no KDC answered.
type noKDC struct{ err error }

func (e *noKDC) Error() string { return e.err.Error() }
func (e *noKDC) Unwrap() error { return e.err }

// ask sends a message to a KDC of a realm. It goes over TCP alone, and to the
// next KDC only where none has heard it yet: what is sent twice may count as
// two wrong passwords. An error that the KDC answers with is a
// messages.KRBError.
func (t *tickets) ask(ctx context.Context, realm string, message interface{ Marshal() ([]byte, error) }) ([]byte, error) {
	request, err := message.Marshal()
	if err != nil {
		return nil, err
	}
	kdcs, err := t.kdcs(ctx, realm)
	if err != nil {
		return nil, &noKDC{err}
	}
	dialer := net.Dialer{Timeout: t.dialLimit}
	var failures []error
	for _, kdc := range kdcs {
		connection, err := dialer.DialContext(ctx, "tcp", kdc)
		if err != nil {
			failures = append(failures, err)
			continue
		}
		start := time.Now()
		answer, err := converse(ctx, connection, request, t.legLimit)
		if err != nil {
			err = &noKDC{fmt.Errorf("asking %s: %w", kdc, err)}
		}
		var said messages.KRBError
		if err == nil && said.Unmarshal(answer) == nil {
			err = said
		}
		t.tell(ctx, kdc, realm, time.Since(start), err)
		return answer, err
	}
	return nil, &noKDC{errors.Join(failures...)}
}

func (t *tickets) tell(ctx context.Context, kdc, realm string, took time.Duration, err error) {
	if t.log == nil {
		return
	}
	fields := map[string]any{"kdc": kdc, "realm": realm, "milliseconds": took.Milliseconds()}
	if err != nil {
		fields["error"] = err.Error()
	}
	t.log(ctx, "Kerberos request", fields)
}

// converse makes one exchange over a connection (RFC 4120 7.2.2) and ends it.
func converse(ctx context.Context, connection net.Conn, request []byte, limit time.Duration) (answer []byte, err error) {
	defer func() { _ = connection.Close() }()
	if err := connection.SetDeadline(time.Now().Add(limit)); err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, func() { _ = connection.SetDeadline(past) })()
	framed := binary.BigEndian.AppendUint32(nil, uint32(len(request))) //nolint:gosec // as long as a ticket
	if _, err := connection.Write(append(framed, request...)); err != nil {
		return nil, err
	}
	var size [4]byte
	if _, err := io.ReadFull(connection, size[:]); err != nil {
		return nil, err
	}
	length := binary.BigEndian.Uint32(size[:])
	if length > maxTicket {
		return nil, fmt.Errorf("an answer of %d bytes is too large", length)
	}
	answer = make([]byte, length)
	_, err = io.ReadFull(connection, answer)
	return answer, err
}

// kdcs are the addresses of a realm's KDCs: those of krb5.conf in its order,
// else what DNS says.
func (t *tickets) kdcs(ctx context.Context, realm string) ([]string, error) {
	for _, known := range t.config.Realms {
		if known.Realm == realm && len(known.KDC) > 0 {
			return known.KDC, nil
		}
	}
	_, records, err := net.DefaultResolver.LookupSRV(ctx, "kerberos", "tcp", realm)
	if err != nil {
		return nil, err
	}
	var kdcs []string
	for _, record := range records {
		kdcs = append(kdcs, net.JoinHostPort(strings.TrimSuffix(record.Target, "."), fmt.Sprint(record.Port)))
	}
	return kdcs, nil
}
