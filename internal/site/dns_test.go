package site

import (
	"context"
	"errors"
	"io"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// zone answers for one name.
type zone struct {
	name    string
	records []*net.SRV
	err     error
}

func (z zone) LookupSRV(ctx context.Context, service, protocol, name string) (string, []*net.SRV, error) {
	if _, bounded := ctx.Deadline(); !bounded {
		return "", nil, errors.New("the lookup has no deadline")
	}
	if asked := "_" + service + "._" + protocol + "." + name; asked != z.name {
		return "", nil, &net.DNSError{Err: "no such host", Name: asked, IsNotFound: true}
	}
	return z.name, z.records, z.err
}

func TestWhatDNSSaysOfTheKMSHost(t *testing.T) {
	t.Parallel()
	const name = "_vlmcs._tcp.schule.example."
	records := []*net.SRV{{Target: "kms01.schule.example.", Port: 1688, Weight: 10}, {Target: "kms02.schule.example.", Port: 1689, Priority: 5}}
	for what, tt := range map[string]struct {
		zone   zone
		domain string
		want   []kms.ServiceRecord
		fails  bool
	}{
		"two hosts": {zone{name: name, records: records}, "schule.example", []kms.ServiceRecord{
			{Host: "kms01.schule.example", Port: 1688, Weight: 10}, {Host: "kms02.schule.example", Port: 1689, Priority: 5},
		}, false},
		"a domain with dots around":   {zone{name: name, records: records[:1]}, ".schule.example.", []kms.ServiceRecord{{Host: "kms01.schule.example", Port: 1688, Weight: 10}}, false},
		"no record":                   {zone{name: name}, "verwaltung.example", nil, false},
		"a server that is down":       {zone{name: name, err: &net.DNSError{Err: "server misbehaving", IsTemporary: true}}, "schule.example", nil, true},
		"one of the records is wrong": {zone{name: name, records: records[:1], err: &net.DNSError{Err: "invalid name"}}, "schule.example", []kms.ServiceRecord{{Host: "kms01.schule.example", Port: 1688, Weight: 10}}, false},
	} {
		found, err := Network{Resolver: tt.zone}.Discover(t.Context(), tt.domain)
		if (err != nil) != tt.fails || !reflect.DeepEqual(found.Records, tt.want) {
			t.Errorf("%s: %+v, %v", what, found, err)
		}
		if !tt.fails && found.Name != "_vlmcs._tcp."+strings.Trim(tt.domain, ".") {
			t.Errorf("%s: it asked for %s", what, found.Name)
		}
	}
}

func TestThePortIsTriedAndNothingIsSaid(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	said := make(chan []byte, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			said <- []byte(err.Error())
			return
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		received, _ := io.ReadAll(conn)
		said <- received
	}()
	address, _ := listener.Addr().(*net.TCPAddr)
	if err := (Network{}).Connect(t.Context(), "127.0.0.1", address.Port); err != nil {
		t.Error(err)
	}
	if got := <-said; len(got) > 0 {
		t.Errorf("it said %q", got)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if err := (Network{}).Connect(t.Context(), "127.0.0.1", address.Port); err == nil || !strings.Contains(err.Error(), "connecting to 127.0.0.1, port") {
		t.Errorf("a closed port: %v", err)
	}
}

func TestTheDomainInWhichClientsLook(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ suffix, host, want string }{
		{"schule.example", "kms01", "schule.example"},
		{"", "kms01.verwaltung.example:5986", "verwaltung.example"},
		{"", "kms01", ""},
		{"", "192.0.2.7:5985", ""},
		{"", "2001:db8::7", ""},
	} {
		if got := (&Site{suffix: tt.suffix}).At(tt.host).Domain(); got != tt.want {
			t.Errorf("%q, %q: %q, want %q", tt.suffix, tt.host, got, tt.want)
		}
	}
}
