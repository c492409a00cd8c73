package kerberos

import (
	"context"
	"encoding/asn1"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
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

// authenticate has the KDC of the account's realm issue a TGT: the password is
// tried once.
func (t *Tickets) authenticate(ctx context.Context) (*ticket, error) {
	request, err := messages.NewASReqForTGT(t.realm, t.requests, t.client)
	if err != nil {
		return nil, err
	}
	// Asked without proof a KDC says how it wants the key to be made.
	answer, err := t.ask(ctx, t.realm, &request)
	var said messages.KRBError
	var hints types.PADataSequence
	if errors.As(err, &said) && said.ErrorCode == errorcode.KDC_ERR_PREAUTH_REQUIRED {
		var proof types.PAData
		if proof, hints, err = t.proof(ctx, said.EData); err != nil {
			return nil, err
		}
		request.PAData = append(request.PAData, proof)
		answer, err = t.ask(ctx, t.realm, &request)
	}
	if err != nil {
		return nil, t.meaning("", err)
	}
	return t.granted(ctx, request, answer, hints)
}

// proof shows that the account's key is known: a time stamp sealed by it, in
// the way that the KDC demands.
func (t *Tickets) proof(ctx context.Context, demand []byte) (types.PAData, types.PADataSequence, error) {
	var hints types.PADataSequence
	if err := hints.Unmarshal(demand); err != nil {
		return types.PAData{}, nil, t.failed(Other, "", errors.New("the KDC's demand for pre-authentication is malformed"))
	}
	key, err := t.accountKey(ctx, encryptionTypes, hints)
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
func (t *Tickets) granted(ctx context.Context, request messages.ASReq, answer []byte, hints types.PADataSequence) (*ticket, error) {
	var reply messages.ASRep
	if err := reply.Unmarshal(answer); err != nil {
		return nil, t.failed(Other, "", errors.New("the KDC's answer is malformed"))
	}
	key, err := t.accountKey(ctx, []int32{reply.EncPart.EType}, append(hints, reply.PAData...))
	if err != nil {
		return nil, err
	}
	plain, err := decrypt(reply.EncPart.Cipher, key, keyusage.AS_REP_ENCPART)
	if err != nil {
		// A KDC that wants no proof answers everybody, in what only the right
		// password opens.
		return nil, &Refusal{Realm: t.realm, Code: errorcode.KDC_ERR_PREAUTH_FAILED}
	}
	var part messages.EncKDCRepPart
	if err := part.Unmarshal(plain); err != nil || part.Nonce != request.ReqBody.Nonce || !part.SName.Equal(request.ReqBody.SName) || reply.CRealm != t.realm {
		return nil, t.failed(Other, "", errors.New("the KDC's answer belongs to another question"))
	}
	return &ticket{Ticket: reply.Ticket, key: part.Key, ends: part.EndTime}, nil
}

// accountKey makes the account's key of one of the types, as the KDC's hints
// say, the last of them: by its salt from the password, or from the keytab.
func (t *Tickets) accountKey(ctx context.Context, wanted []int32, hints types.PADataSequence) (types.EncryptionKey, error) {
	var infos types.ETypeInfo2
	for _, hint := range hints {
		if hint.PADataType != patype.PA_ETYPE_INFO2 {
			continue
		}
		if err := infos.Unmarshal(hint.PADataValue); err != nil {
			return types.EncryptionKey{}, t.failed(Other, "", errors.New("the KDC's hints about the key are malformed"))
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
		return t.passwordKey(ctx, info)
	}
	if t.keytab != nil {
		return types.EncryptionKey{}, t.failed(Credentials, "", fmt.Errorf("the keytab holds no AES key of %s", t.Principal()))
	}
	return types.EncryptionKey{}, t.failed(Encryption, "", errors.New("the KDC knows no AES key of the account"))
}

// The rounds of a key's derivation that a KDC may ask for: it has not proved yet that it
// knows the account. Windows and MIT ask for 4096. A few make it easy to guess the password
// from what is sent, many cost a machine minutes.
const (
	minRounds = 1_000
	maxRounds = 100_000 // a tenth of a second
)

func (t *Tickets) passwordKey(ctx context.Context, info types.ETypeInfo2Entry) (types.EncryptionKey, error) {
	encryption, err := crypto.GetEtype(info.EType)
	if err != nil {
		return types.EncryptionKey{}, err
	}
	salt, parameters := info.Salt, encryption.GetDefaultStringToKeyParams()
	if salt == "" {
		salt = t.client.GetSalt(t.realm)
	}
	switch len(info.S2KParams) {
	case 0:
	case 4:
		if rounds := binary.BigEndian.Uint32(info.S2KParams); rounds < minRounds || rounds > maxRounds {
			return types.EncryptionKey{}, t.failed(Other, "", fmt.Errorf("the KDC asks for a key made in %d rounds: from %d to %d are made", rounds, minRounds, maxRounds))
		}
		parameters = hex.EncodeToString(info.S2KParams)
	default:
		return types.EncryptionKey{}, t.failed(Other, "", errors.New("the KDC's hints about the key are malformed"))
	}
	if ctx.Err() != nil {
		return types.EncryptionKey{}, ctx.Err()
	}
	key, err := encryption.StringToKey(t.password(), salt, parameters)
	return types.EncryptionKey{KeyType: info.EType, KeyValue: key}, err
}

// maxReferrals is how many realms may pass the question on.
const maxReferrals = 5

// exchange has a KDC issue a ticket for a service, and follows it to the realm
// that the service is in.
func (t *Tickets) exchange(ctx context.Context, tgt *ticket, service string) (*ticket, error) {
	name := types.PrincipalName{NameType: nametype.KRB_NT_SRV_INST, NameString: strings.Split(service, "/")}
	realm := t.realm
	if home := t.settings.realmOf(name.NameString[1]); home != "" && home != realm {
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
	return nil, t.failed(Other, service, errors.New("one realm names the next without end"))
}

// grant makes one TGS exchange.
func (t *Tickets) grant(ctx context.Context, realm string, tgt *ticket, name types.PrincipalName) (*ticket, error) {
	canonical := *t.requests
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

// maxKDCs is how many KDCs are tried before none is said to answer.
const maxKDCs = 10

// Network reaches KDCs.
type Network interface {
	// Find looks up the addresses of a realm's KDCs, for a realm of which the
	// configuration names none.
	Find(ctx context.Context, realm string) ([]string, error)
	// Exchange sends a message to a KDC and gives its answer. unsent says of a
	// failure that nothing of the message had left for the KDC yet.
	Exchange(ctx context.Context, kdc string, message []byte) (answer []byte, unsent bool, err error)
}

// ask sends a message to a KDC of a realm, and to the next KDC only where it went to
// none yet: what is sent twice may count as two wrong passwords. An error that the
// KDC answers with is a messages.KRBError.
func (t *Tickets) ask(ctx context.Context, realm string, message interface{ Marshal() ([]byte, error) }) ([]byte, error) {
	request, err := message.Marshal()
	if err != nil {
		return nil, err
	}
	kdcs, err := t.kdcs(ctx, realm)
	if err != nil {
		return nil, &noKDC{err}
	}
	t.logIgnored(ctx)
	var failures []error
	for _, kdc := range kdcs[:min(len(kdcs), maxKDCs)] {
		start := time.Now()
		answer, unsent, err := t.network.Exchange(ctx, kdc, request)
		if err != nil && unsent {
			failures = append(failures, err)
			continue
		}
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

// logIgnored says once what krb5.conf holds to no effect.
func (t *Tickets) logIgnored(ctx context.Context) {
	if t.log != nil && len(t.settings.ignored) > 0 {
		t.ignoredLogged.Do(func() { t.log(ctx, "Kerberos configuration", map[string]any{"ignored": t.settings.ignored}) })
	}
}

func (t *Tickets) tell(ctx context.Context, kdc, realm string, took time.Duration, err error) {
	if t.log == nil {
		return
	}
	fields := map[string]any{"kdc": kdc, "realm": realm, "milliseconds": took.Milliseconds()}
	if err != nil {
		fields["error"] = err.Error()
	}
	t.log(ctx, "Kerberos request", fields)
}

// kdcs are the addresses of a realm's KDCs: those of krb5.conf in its order,
// else what the network knows.
func (t *Tickets) kdcs(ctx context.Context, realm string) ([]string, error) {
	if known := t.settings.kdcs[realm]; len(known) > 0 {
		return known, nil
	}
	if t.settings.noDNS {
		return nil, errors.New("krb5.conf names no KDC of the realm that is reached over TCP, and dns_lookup_kdc is off")
	}
	return t.network.Find(ctx, realm)
}
