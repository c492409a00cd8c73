package site

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// nameServer is a DNS server on loopback that knows some SRV records, over UDP and TCP.
type nameServer struct {
	records map[string][]dnsmessage.SRVResource // by name, with the final dot
	fails   dnsmessage.RCode                    // answers everything so; 0: it does not fail
	silent  bool

	address  string
	udp, tcp atomic.Int32 // questions
}

func (s *nameServer) start(t *testing.T) *net.Resolver {
	t.Helper()
	stream, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = stream.Addr().String()
	packets, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() { s.servePackets(packets) })
	serving.Go(func() { s.serveStream(stream) })
	t.Cleanup(func() {
		_, _ = packets.Close(), stream.Close()
		serving.Wait()
	})
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, s.address)
	}}
}

// packetSize is what an answer over UDP may have (RFC 1035, section 4.2.1); a longer one
// is cut, and asked for again over TCP.
const packetSize = 512

func (s *nameServer) servePackets(conn net.PacketConn) {
	question := make([]byte, 4096)
	for {
		n, from, err := conn.ReadFrom(question)
		if err != nil {
			return
		}
		s.udp.Add(1)
		if answer := s.answer(question[:n], packetSize); answer != nil {
			_, _ = conn.WriteTo(answer, from)
		}
	}
}

func (s *nameServer) serveStream(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		s.tcp.Add(1)
		_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
		var size [2]byte
		if _, err := io.ReadFull(conn, size[:]); err == nil {
			question := make([]byte, binary.BigEndian.Uint16(size[:]))
			if _, err := io.ReadFull(conn, question); err == nil {
				if answer := s.answer(question, 1<<16-1); answer != nil {
					_, _ = conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)) //nolint:gosec // below 64 KiB
				}
			}
		}
		_ = conn.Close()
	}
}

// answer gives nil where nothing is to be said.
func (s *nameServer) answer(question []byte, limit int) []byte {
	var asked dnsmessage.Message
	if s.silent || asked.Unpack(question) != nil || len(asked.Questions) != 1 {
		return nil
	}
	q := asked.Questions[0]
	answer := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: asked.ID, Response: true, RecursionDesired: asked.RecursionDesired, RecursionAvailable: true, RCode: s.fails},
		Questions: asked.Questions,
	}
	records, known := s.records[strings.ToLower(q.Name.String())]
	switch {
	case s.fails != 0:
	case !known:
		answer.RCode = dnsmessage.RCodeNameError
	case q.Type == dnsmessage.TypeSRV:
		for i := range records {
			answer.Answers = append(answer.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: 60}, Body: &records[i],
			})
		}
	}
	packed, err := answer.Pack()
	if err == nil && len(packed) > limit {
		answer.Truncated, answer.Answers = true, nil
		packed, err = answer.Pack()
	}
	if err != nil {
		return nil
	}
	return packed
}

func service(host string, port, priority, weight uint16) dnsmessage.SRVResource {
	return dnsmessage.SRVResource{Target: dnsmessage.MustNewName(host), Port: port, Priority: priority, Weight: weight}
}

// What a site's DNS sends over the wire, asked as in every run but for the address.
func TestKMSHostsAreFoundByARealExchange(t *testing.T) {
	t.Parallel()
	var many []dnsmessage.SRVResource
	for i := range 20 { // more than a packet holds
		many = append(many, service("kms-"+strings.Repeat("x", 20)+string(rune('a'+i))+".schule.example.", 1688, uint16(i), 0))
	}
	const name = "_vlmcs._tcp.schule.example."
	for what, tt := range map[string]struct {
		server *nameServer
		want   []kms.ServiceRecord // of the first two
		number int
		fails  bool // no answer that speaks of records
	}{
		"one host": {
			&nameServer{records: map[string][]dnsmessage.SRVResource{name: {service("kms01.schule.example.", 1688, 0, 10)}}},
			[]kms.ServiceRecord{{Host: "kms01.schule.example", Port: 1688, Weight: 10}}, 1, false,
		},
		"two hosts, the preferred first": {
			&nameServer{records: map[string][]dnsmessage.SRVResource{name: {service("kms02.schule.example.", 1689, 5, 0), service("kms01.schule.example.", 1688, 0, 0)}}},
			[]kms.ServiceRecord{{Host: "kms01.schule.example", Port: 1688}, {Host: "kms02.schule.example", Port: 1689, Priority: 5}}, 2, false,
		},
		"more than a packet holds": {
			&nameServer{records: map[string][]dnsmessage.SRVResource{name: many}},
			[]kms.ServiceRecord{
				{Host: "kms-xxxxxxxxxxxxxxxxxxxxa.schule.example", Port: 1688}, {Host: "kms-xxxxxxxxxxxxxxxxxxxxb.schule.example", Port: 1688, Priority: 1},
			}, 20, false,
		},
		"no such name":                       {&nameServer{}, nil, 0, false},
		"the name is there, and no SRV":      {&nameServer{records: map[string][]dnsmessage.SRVResource{name: nil}}, nil, 0, false},
		"a server that fails":                {&nameServer{fails: dnsmessage.RCodeServerFailure}, nil, 0, true},
		"a server that refuses this machine": {&nameServer{fails: dnsmessage.RCodeRefused}, nil, 0, true},
		"a server that says nothing":         {&nameServer{silent: true}, nil, 0, true},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			resolver := tt.server.start(t)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if tt.server.silent {
				cancelled, stop := context.WithTimeout(ctx, time.Second) // sooner than Discover's own end
				defer stop()
				ctx = cancelled
			}
			found, err := Network{Resolver: resolver}.Discover(ctx, "schule.example")
			if tt.server.udp.Load() == 0 {
				t.Error("the server was not asked")
			}
			if tt.fails {
				var trouble *net.DNSError
				if err == nil || !errors.As(err, &trouble) || trouble.IsNotFound || len(found.Records) > 0 {
					t.Errorf("it passes for an answer: %+v, %v", found, err)
				}
				return
			}
			if err != nil || len(found.Records) != tt.number || !reflect.DeepEqual(found.Records[:len(tt.want)], append([]kms.ServiceRecord(nil), tt.want...)) && tt.number > 0 {
				t.Errorf("%+v, %v", found, err)
			}
			if overTCP := tt.server.tcp.Load() > 0; overTCP != (tt.number > 2) {
				t.Errorf("asked over TCP: %t", overTCP)
			}
		})
	}
}

// A network that loses every packet says nothing about the site.
func TestADeadNameServerIsNoEmptyAnswer(t *testing.T) {
	t.Parallel()
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: network, Err: errors.New("network is unreachable")}
	}}
	if found, err := (Network{Resolver: resolver}).Discover(t.Context(), "schule.example"); err == nil {
		t.Errorf("%+v", found)
	}
}

// Whatever a name server answers, looking up ends, and what it names can be shown.
func FuzzDiscover(f *testing.F) {
	const name = "_vlmcs._tcp.schule.example."
	question := dnsmessage.Message{Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName(name), Type: dnsmessage.TypeSRV, Class: dnsmessage.ClassINET}}}
	packed, err := question.Pack()
	if err != nil {
		f.Fatal(err)
	}
	known := map[string][]dnsmessage.SRVResource{name: {service("kms01.schule.example.", 1688, 0, 10), service("kms-\x1b\u202e.", 0, 65535, 65535)}}
	for _, s := range []*nameServer{{records: known}, {}, {fails: dnsmessage.RCodeServerFailure}} {
		f.Add(s.answer(packed, 1<<16-1))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		resolver := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			go func() {
				defer far.Close()
				head := make([]byte, 4) // the length, and the number of the question
				if _, err := io.ReadFull(far, head); err != nil {
					return
				}
				go func() { _, _ = io.Copy(io.Discard, far) }()
				if len(answer) >= 2 {
					answer = append([]byte{head[2], head[3]}, answer[2:]...)
				}
				_, _ = far.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)) //nolint:gosec // the length may be wrong
			}()
			return near, nil
		}}
		found, err := Network{Resolver: resolver}.Discover(t.Context(), "schule.example")
		shown := append(found.Hosts(), found.Name)
		if err != nil {
			shown = append(shown, err.Error())
		}
		for _, text := range shown {
			if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("%q", text)
			}
		}
	})
}
