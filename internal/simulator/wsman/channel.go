package wsman

import (
	"crypto/md5" //nolint:gosec // NTLM's hash
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/binary"
)

// bindings hashes the endpoint's TLS channel as NTLM clients do
// (tls-server-end-point of RFC 5929, in a gss_channel_bindings_struct); nil
// without TLS, or where the certificate has no hash of its own.
func (s *Server) bindings() []byte {
	if s.config.TLS == nil || len(s.config.TLS.Certificates) != 1 {
		return nil
	}
	leaf, err := x509.ParseCertificate(s.config.TLS.Certificates[0].Certificate[0])
	if err != nil {
		return nil
	}
	var hash []byte
	switch leaf.SignatureAlgorithm {
	case x509.SHA384WithRSA, x509.ECDSAWithSHA384, x509.SHA384WithRSAPSS:
		sum := sha512.Sum384(leaf.Raw)
		hash = sum[:]
	case x509.SHA512WithRSA, x509.ECDSAWithSHA512, x509.SHA512WithRSAPSS:
		sum := sha512.Sum512(leaf.Raw)
		hash = sum[:]
	case x509.PureEd25519:
		return nil
	default:
		sum := sha256.Sum256(leaf.Raw)
		hash = sum[:]
	}
	data := append([]byte("tls-server-end-point:"), hash...)
	frame := binary.LittleEndian.AppendUint32(make([]byte, 16), uint32(len(data))) //nolint:gosec // short
	sum := md5.Sum(append(frame, data...))                                         //nolint:gosec // NTLM's hash
	return sum[:]
}
