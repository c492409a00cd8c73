package acctest

import (
	"context"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/timago/terraform-provider-timago/internal/provider"
	"github.com/timago/terraform-provider-timago/internal/tflist"
)

// serving is a provider in this process that one run of a CLI attaches to.
type serving struct {
	provider *provider.Provider
	end      context.CancelFunc
	ended    chan struct{}
	variable string // for the CLI: where the provider listens
}

// quiet keeps the provider's log away, which would go to this process's standard error whole.
// TF_LOG in the environment of the tests shows it.
type quiet struct{ testing.TB }

// Parallel is of an interface that only wants to know the test's name.
func (quiet) Parallel() {}

// serve starts a provider that reads its variables by getenv.
func serve(t testing.TB, getenv func(name string) string) *serving {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	s := &serving{provider: provider.NewIn(getenv, "test"), end: cancel, ended: make(chan struct{})}
	attach := make(chan *plugin.ReattachConfig)
	go func() {
		// An error is one of the options, which are always the same.
		_ = tf6server.Serve(provider.Address, func() tfprotov6.ProviderServer { return tflist.Serve(s.provider) },
			tf6server.WithDebug(ctx, attach, s.ended),
			tf6server.WithGoPluginLogger(hclog.NewNullLogger()),
			tf6server.WithoutLogStderrOverride(),
			tf6server.WithLoggingSink(quiet{t}),
		)
	}()
	select {
	case config := <-attach:
		s.variable = attachTo(config)
	case <-time.After(time.Minute):
		cancel()
		t.Fatal("the provider in this process does not listen")
	}
	t.Cleanup(s.close)
	return s
}

// attachTo is the variable by which a CLI uses a provider that runs already.
func attachTo(config *plugin.ReattachConfig) string {
	type address struct{ Network, String string }
	type attachment struct {
		Protocol        string
		ProtocolVersion int
		Pid             int
		Test            bool
		Addr            address
	}
	encoded, err := json.Marshal(map[string]attachment{provider.Source: {
		Protocol: string(config.Protocol), ProtocolVersion: config.ProtocolVersion, Pid: os.Getpid(), Test: true,
		Addr: address{config.Addr.Network(), config.Addr.String()},
	}})
	if err != nil {
		panic(err)
	}
	return "TF_REATTACH_PROVIDERS=" + string(encoded)
}

// close ends the provider and its connections.
func (s *serving) close() {
	s.end()
	<-s.ended
	s.provider.Close()
}
