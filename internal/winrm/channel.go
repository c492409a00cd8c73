package winrm

import (
	"crypto/md5" //nolint:gosec // the hash of channel bindings in RFC 4121 and MS-NLMP
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/binary"
)

// channelBindings tie a logon to the TLS channel that the machine's certificate
// stands for (RFC 5929, tls-server-end-point), so that what is proved here cannot be
// used elsewhere. It is the hash that both NTLM and Kerberos carry (RFC 4121
// 4.1.1.2), and zero without TLS.
func channelBindings(certificate *x509.Certificate) [md5.Size]byte {
	if certificate == nil {
		return [md5.Size]byte{}
	}
	channel := append([]byte("tls-server-end-point:"), certificateHash(certificate)...)
	bindings := binary.LittleEndian.AppendUint32(make([]byte, 16), uint32(len(channel))) //nolint:gosec // a name and a hash
	return md5.Sum(append(bindings, channel...))                                         //nolint:gosec // there is no other
}

// certificateHash uses the certificate's own hash, where that is not too weak.
func certificateHash(certificate *x509.Certificate) []byte {
	switch certificate.SignatureAlgorithm {
	case x509.SHA384WithRSA, x509.SHA384WithRSAPSS, x509.ECDSAWithSHA384:
		sum := sha512.Sum384(certificate.Raw)
		return sum[:]
	case x509.SHA512WithRSA, x509.SHA512WithRSAPSS, x509.ECDSAWithSHA512:
		sum := sha512.Sum512(certificate.Raw)
		return sum[:]
	default:
		sum := sha256.Sum256(certificate.Raw)
		return sum[:]
	}
}
