package winrm

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// maxTicket bounds an answer of a KDC; Windows' own bound on a token is 64 KB.
const maxTicket = 1 << 20

// kdcNetwork reaches KDCs over TCP alone.
type kdcNetwork struct {
	dialLimit, roundTripLimit time.Duration // of one exchange
}

// Find asks DNS.
func (n kdcNetwork) Find(ctx context.Context, realm string) ([]string, error) {
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

// Exchange makes one exchange over a connection of its own.
func (n kdcNetwork) Exchange(ctx context.Context, kdc string, message []byte) (answer []byte, unsent bool, err error) {
	dialer := net.Dialer{Timeout: n.dialLimit}
	connection, err := dialer.DialContext(ctx, "tcp", kdc)
	if err != nil {
		return nil, true, err
	}
	answer, err = converse(ctx, connection, message, n.roundTripLimit)
	return answer, false, err
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
