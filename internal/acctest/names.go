package acctest

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"sync"

	"golang.org/x/net/dns/dnsmessage"
)

// Names are what DNS knows in this process: names under ".test" that a test has given to
// machines. Every other name is known to nobody, whatever the machine's own DNS says.
var Names = &names{addresses: map[string]netip.Addr{}}

type names struct {
	mu        sync.Mutex
	addresses map[string]netip.Addr
}

// Give lets a name lead to an address.
func (n *names) Give(name string, address netip.Addr) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.addresses[strings.ToLower(name)] = address
}

// Take lets a name lead nowhere.
func (n *names) Take(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.addresses, strings.ToLower(name))
}

// resolver asks these names and no server.
func (n *names) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		asking, answering := net.Pipe()
		go n.serve(answering)
		return packets{asking}, nil
	}}
}

// packets has one question answered with one packet, as over UDP.
type packets struct{ net.Conn }

func (packets) ReadFrom([]byte) (int, net.Addr, error) { return 0, nil, net.ErrClosed }

func (packets) WriteTo([]byte, net.Addr) (int, error) { return 0, net.ErrClosed }

func (n *names) serve(conn net.Conn) {
	defer conn.Close()
	question := make([]byte, 4096)
	for {
		read, err := conn.Read(question)
		if err != nil {
			return
		}
		answer, err := n.answer(question[:read])
		if err != nil {
			return
		}
		if _, err := conn.Write(answer); err != nil {
			return
		}
	}
}

func (n *names) answer(question []byte) ([]byte, error) {
	var asked dnsmessage.Message
	if err := asked.Unpack(question); err != nil || len(asked.Questions) != 1 {
		return nil, err
	}
	q := asked.Questions[0]
	answer := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: asked.ID, Response: true, RecursionDesired: asked.RecursionDesired, RecursionAvailable: true},
		Questions: asked.Questions,
	}
	n.mu.Lock()
	address, known := n.addresses[strings.ToLower(strings.TrimSuffix(q.Name.String(), "."))]
	n.mu.Unlock()
	switch {
	case !known:
		answer.RCode = dnsmessage.RCodeNameError
	case q.Type == dnsmessage.TypeA && address.Is4():
		answer.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET}, Body: &dnsmessage.AResource{A: address.As4()},
		}}
	}
	return answer.Pack()
}
