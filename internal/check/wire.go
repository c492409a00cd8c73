package check

import (
	"context"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// wire is the WS-Management client with a memory: what was asked once is not asked again, and
// how it was answered can be looked at.
type wire struct {
	*winrm.Client
	answers []*answer // in the order in which they were asked for

	mu   sync.Mutex
	seen []winrm.Exchange // since the last look
	sent map[string]int   // requests by address
}

// answer is what came of a question.
type answer struct {
	address, wql string

	instances []winrm.Instance
	exchanges []winrm.Exchange // the messages and their answers
	at        time.Time        // when the machine said so, more or less
	took      time.Duration
	err       error
}

func newWire(config winrm.Config) (*wire, error) {
	w := &wire{sent: map[string]int{}}
	also := config.Observe
	config.Observe = func(e winrm.Exchange) {
		w.mu.Lock()
		w.seen = append(w.seen, e)
		w.mu.Unlock()
		if also != nil {
			also(e)
		}
	}
	config.Log = func(_ context.Context, _ string, fields map[string]any) {
		address, _ := fields["address"].(string)
		w.mu.Lock()
		w.sent[address]++
		w.mu.Unlock()
	}
	var err error
	w.Client, err = winrm.NewClient(config)
	return w, err
}

// Query asks, or remembers.
func (w *wire) Query(ctx context.Context, address, wql string, options ...winrm.Option) ([]winrm.Instance, error) {
	a := w.ask(ctx, address, wql, options...)
	return a.instances, a.err
}

func (w *wire) ask(ctx context.Context, address, wql string, options ...winrm.Option) *answer {
	for _, known := range w.answers {
		if known.address == address && known.wql == wql {
			return known
		}
	}
	w.exchanges()
	a, start := &answer{address: address, wql: wql}, time.Now()
	a.instances, a.err = w.Client.Query(ctx, address, wql, options...)
	a.at, a.exchanges = time.Now(), w.exchanges()
	a.took = a.at.Sub(start)
	if n := len(a.exchanges); n > 0 {
		a.at = a.at.Add(-a.exchanges[n-1].Took / 2)
	}
	w.answers = append(w.answers, a)
	return a
}

// exchanges gives those since it was called last.
func (w *wire) exchanges() []winrm.Exchange {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := w.seen
	w.seen = nil
	return seen
}

// requests is how many the machine at an address was sent.
func (w *wire) requests(address string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sent[w.full(address)]
}

// full is an address with its port, as exchanges name it.
func (w *wire) full(address string) string {
	host, port := kms.HostOf(address), strconv.Itoa(w.Port())
	if _, own, err := net.SplitHostPort(address); err == nil {
		port = own
	}
	return net.JoinHostPort(strings.ToLower(host), port)
}
