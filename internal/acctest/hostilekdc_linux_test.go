package acctest_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jcmturner/gofork/encoding/asn1"
	"github.com/jcmturner/gokrb5/v8/iana/errorcode"
	"github.com/jcmturner/gokrb5/v8/iana/patype"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// saysToAll starts a KDC that gives everybody the same answer.
func saysToAll(t *testing.T, answer []byte) (address string, asked *atomic.Int32) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asked = new(atomic.Int32)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			var size [4]byte
			if _, err := io.ReadFull(connection, size[:]); err == nil {
				_, _ = io.CopyN(io.Discard, connection, int64(binary.BigEndian.Uint32(size[:])))
				asked.Add(1)
				_, _ = connection.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(answer))), answer...)) //nolint:gosec // short
			}
			_ = connection.Close()
		}
	})
	t.Cleanup(func() { _ = listener.Close(); serving.Wait() })
	return listener.Addr().String(), asked
}

// A KDC has proved nothing when it demands rounds: those that would take hours are not made,
// and few ones, which would let the password be guessed, neither.
func TestAKDCThatDemandsAbsurdRounds(t *testing.T) {
	t.Parallel()
	s := begin(t, 3, world.Station{Licensed: true}, acctest.Counted(30))
	well := acctest.NewWorkspace(t, s.Env()...).Released()
	well.Write("main.tf", s.Provider()+s.Pool())
	_, usual := well.Measured("plan", "-no-color")
	for _, rounds := range []uint32{1, 1<<32 - 1} {
		hints, err := asn1.Marshal(types.ETypeInfo2{{EType: 18, Salt: "salt", S2KParams: binary.BigEndian.AppendUint32(nil, rounds)}})
		if err != nil {
			t.Fatal(err)
		}
		demand, err := asn1.Marshal(types.PADataSequence{{PADataType: patype.PA_ETYPE_INFO2, PADataValue: hints}})
		if err != nil {
			t.Fatal(err)
		}
		said := messages.NewKRBError(types.NewPrincipalName(2, "krbtgt/SCHULE.EXAMPLE"), "SCHULE.EXAMPLE", errorcode.KDC_ERR_PREAUTH_REQUIRED, "")
		said.EData = demand
		answer, err := said.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		address, asked := saysToAll(t, answer)
		w := acctest.NewWorkspace(t, s.Env()...).Released()
		settings := filepath.Join(t.TempDir(), "krb5.conf")
		if err := os.WriteFile(settings, fmt.Appendf(nil, "[libdefaults]\n default_realm = SCHULE.EXAMPLE\n[realms]\n SCHULE.EXAMPLE = {\n  kdc = %s\n }\n", address), 0o600); err != nil {
			t.Fatal(err)
		}
		w.Write("main.tf", s.Provider(`auth = "kerberos"`, fmt.Sprintf("kerberos = { config_file = %q }", settings))+s.Pool())
		start := time.Now()
		plan, peak := w.Measured("plan", "-no-color")
		t.Logf("%d rounds: %d MiB, %.1f s; usual are %d MiB", rounds, peak>>20, time.Since(start).Seconds(), usual>>20)
		if plan.Exit != 1 || peak-usual > mostHeld || !plan.Contains(fmt.Sprintf("the KDC asks for a key made in %d rounds", rounds)) || asked.Load() == 0 {
			t.Errorf("%d rounds, %d requests:\n%s", rounds, asked.Load(), plan.Output)
		}
	}
}
