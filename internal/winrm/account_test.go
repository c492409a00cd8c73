package winrm_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator/wsman"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// fleet opens stations that all take (or refuse) the same account.
func fleet(t *testing.T, n int, config wsman.Config) []*room {
	t.Helper()
	rooms := make([]*room, n)
	for i := range rooms {
		rooms[i] = open(t, config)
	}
	return rooms
}

// askAll asks every room at once, several times each, and gives the errors.
func askAll(t *testing.T, c *winrm.Client, rooms []*room, each int) []error {
	t.Helper()
	var group sync.WaitGroup
	failures := make([]error, len(rooms)*each)
	for i, r := range rooms {
		for j := range each {
			group.Go(func() { _, failures[i*each+j] = c.Query(t.Context(), r.address, uptime) })
		}
	}
	group.Wait()
	return failures
}

func failedLogons(rooms []*room) int {
	n := 0
	for _, r := range rooms {
		n += r.count(failedLogon)
	}
	return n
}

func TestWrongPasswordCostsOneLogonInTheWholeRun(t *testing.T) {
	t.Parallel()
	inEveryWay(t, func(t *testing.T, way way) {
		rooms := fleet(t, 30, way.server)
		config := way.client
		config.Password = "wrong"
		c := client(t, config)
		for round := range 2 {
			for _, err := range askAll(t, c, rooms, 2) {
				var rejected *winrm.AuthRejected
				if !errors.As(err, &rejected) || rejected.AcceptedBefore || rejected.NotOffered {
					t.Fatalf("round %d: got %v, want the account rejected", round, err)
				}
				if rejected.User != username || rejected.Auth != config.Auth || strings.Contains(err.Error(), "wrong") {
					t.Fatalf("the refusal says %q", err)
				}
			}
		}
		if n := failedLogons(rooms); n != 1 {
			t.Errorf("a wrong password over 30 stations cost %d failed logons, want 1", n)
		}
	})
}

func TestRightPasswordFansOut(t *testing.T) {
	t.Parallel()
	inEveryWay(t, func(t *testing.T, way way) {
		rooms := fleet(t, 6, way.server) // with five connections each as many as are kept idle
		for _, err := range askAll(t, client(t, way.client), rooms, 8) {
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, r := range rooms {
			// One that only ever carried a greeting was ended by it, before the next.
			greeted, used := map[uint64]bool{}, map[uint64]bool{}
			for _, entry := range r.entries() {
				greeted[entry.Connection] = true
				if entry.Authenticated {
					used[entry.Connection] = true
				}
			}
			if ended := len(greeted) - len(used); len(used) > 5 || ended > 5 {
				t.Errorf("%d connections to one machine and %d ended ones, want at most 5", len(used), ended)
			}
		}
	})
}

// black is a machine that takes connections and says nothing.
func black(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().String()
}

func TestSilentStationsDoNotHoldUpTheProof(t *testing.T) {
	t.Parallel()
	inEveryWay(t, func(t *testing.T, way way) {
		r, c := way.open(t)
		waiting, giveUp := context.WithCancel(t.Context())
		defer giveUp()
		silent := make(chan error, 20)
		for range cap(silent) {
			address := black(t)
			go func() {
				_, err := c.Query(waiting, address, uptime, winrm.Timeout(time.Hour))
				silent <- err
			}()
		}
		// Those that say nothing take no turn: the living one is asked
		// while they are still waited for.
		if _, err := c.Query(t.Context(), r.address, uptime); err != nil {
			t.Fatal(err)
		}
		if len(silent) > 0 {
			t.Errorf("a silent station was given up before the answer: %v", <-silent)
		}
		giveUp()
		for range cap(silent) {
			if err := <-silent; !errors.Is(err, context.Canceled) {
				t.Errorf("a silent station: %v", err)
			}
		}
	})
}

func TestSilentStationIsUnreachableAndWasSentNothing(t *testing.T) {
	t.Parallel()
	inEveryWay(t, func(t *testing.T, way way) {
		var unreachable *winrm.Unreachable
		_, err := client(t, way.client).Query(t.Context(), black(t), uptime, winrm.Timeout(100*time.Millisecond))
		if !errors.As(err, &unreachable) || unreachable.Kind != winrm.KindTimeout || unreachable.Sent {
			t.Errorf("a silent station: %v", err)
		}
	})
}

func TestStationThatHangsWhileItChecksThePasswordDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	rooms := fleet(t, 3, wsman.Config{NTLM: true})
	for _, r := range rooms[:2] {
		// The first round trip is answered, the second not.
		r.becomes(func(request wsman.Request) wsman.Condition {
			if request.Authenticated {
				return wsman.Condition{Trouble: wsman.Hang}
			}
			return wsman.Condition{}
		})
	}
	failures := askAll(t, client(t, winrm.Config{Timeout: 300 * time.Millisecond}), rooms, 1)
	if failures[2] != nil || !winrm.IsUnreachable(failures[0]) || !winrm.IsUnreachable(failures[1]) {
		t.Errorf("got %v", failures)
	}
}

func TestRefusalAfterTheProofIsThatMachinesOwn(t *testing.T) {
	t.Parallel()
	inEveryWay(t, func(t *testing.T, way way) {
		good := open(t, way.server)
		config := way.server
		config.Accounts = []wsman.Account{{Username: "kms-admin", Password: "another"}}
		bad := open(t, config)
		clientConfig := way.client
		clientConfig.Username = "kms-admin"
		c := client(t, clientConfig)
		if _, err := c.Query(t.Context(), good.address, uptime); err != nil {
			t.Fatal(err)
		}
		for _, err := range askAll(t, c, []*room{bad}, 10) {
			if !winrm.IsAuthRejected(err) || winrm.IsNotYetBack(err) {
				t.Errorf("got %v, want a refusal", err)
			}
		}
		if n := bad.count(failedLogon); n != 1 {
			t.Errorf("a machine that refuses the account was tried %d times, want 1", n)
		}
		if _, err := c.Query(t.Context(), good.address, uptime); err != nil {
			t.Errorf("another machine's refusal stopped a good one: %v", err)
		}
	})
}

func TestRefusalByAMachineThatAcceptedMeansNotYetBack(t *testing.T) {
	t.Parallel()
	inEveryWay(t, func(t *testing.T, way way) {
		r, c := way.open(t)
		if _, err := c.Query(t.Context(), r.address, uptime); err != nil {
			t.Fatal(err)
		}
		// Restarted: WinRM answers, Netlogon does not yet.
		r.Restart()
		r.becomes(func(wsman.Request) wsman.Condition { return wsman.Condition{Trouble: wsman.Unauthorized} })
		for _, opts := range [][]winrm.Option{nil, {winrm.FreshConnection()}} {
			_, err := c.Query(t.Context(), r.address, uptime, opts...)
			var rejected *winrm.AuthRejected
			if !errors.As(err, &rejected) || !rejected.AcceptedBefore || !winrm.IsNotYetBack(err) {
				t.Errorf("got %v, want a machine that is not yet back", err)
			}
		}
		r.becomes(nil)
		if _, err := c.Query(t.Context(), r.address, uptime); err != nil {
			t.Errorf("the machine is back, and asking it failed: %v", err)
		}
	})
}

func TestKMSHostMayRefuse(t *testing.T) {
	t.Parallel()
	host := open(t, wsman.Config{NTLM: true, Accounts: []wsman.Account{{Username: "kms-admin", Password: "another"}}})
	rooms := fleet(t, 5, wsman.Config{NTLM: true, Accounts: []wsman.Account{{Username: "kms-admin", Password: password}}})
	c := client(t, winrm.Config{Username: "kms-admin"})
	for range 3 {
		if _, err := c.Query(t.Context(), host.address, uptime, winrm.NotProof()); !winrm.IsAuthRejected(err) {
			t.Fatalf("got %v, want a refusal", err)
		}
	}
	if n := host.count(failedLogon); n != 1 {
		t.Errorf("the host was tried %d times, want once in a run", n)
	}
	for _, err := range askAll(t, c, rooms, 2) {
		if err != nil {
			t.Errorf("the host's refusal stopped a station: %v", err)
		}
	}
}

func TestKMSHostThatAcceptsProvesNothingForStations(t *testing.T) {
	t.Parallel()
	host := open(t, wsman.Config{NTLM: true, Accounts: []wsman.Account{{Username: "kms-admin", Password: password}}})
	rooms := fleet(t, 30, wsman.Config{NTLM: true, Accounts: []wsman.Account{{Username: "kms-admin", Password: "another"}}})
	c := client(t, winrm.Config{Username: "kms-admin"})
	if _, err := c.Query(t.Context(), host.address, uptime, winrm.NotProof()); err != nil {
		t.Fatal(err)
	}
	askAll(t, c, rooms, 1)
	if n := failedLogons(rooms); n != 1 {
		t.Errorf("%d failed logons on stations, want 1", n)
	}
}

func TestRejectedAccountIsNotTriedOnTheKMSHost(t *testing.T) {
	t.Parallel()
	host, station := open(t, wsman.Config{NTLM: true}), open(t, wsman.Config{NTLM: true})
	c := client(t, winrm.Config{Password: "wrong"})
	if _, err := c.Query(t.Context(), station.address, uptime); !winrm.IsAuthRejected(err) {
		t.Fatal(err)
	}
	if _, err := c.Query(t.Context(), host.address, uptime, winrm.NotProof()); !winrm.IsAuthRejected(err) {
		t.Errorf("got %v, want the station's refusal", err)
	}
	if n := len(host.entries()); n != 0 {
		t.Errorf("%d requests to the host with an account that was refused", n)
	}
}

func TestNoWeakerKindThanConfigured(t *testing.T) {
	t.Parallel()
	for _, story := range []struct {
		server wsman.Config
		client winrm.Config
		says   string
	}{
		{wsman.Config{Basic: true, AllowUnencrypted: true}, winrm.Config{Auth: winrm.AuthNTLM}, "does not take ntlm authentication, it offers Basic"},
		{wsman.Config{NTLM: true, AllowUnencrypted: true}, winrm.Config{Auth: winrm.AuthBasic, AllowUnencrypted: true}, "does not take basic authentication, it offers Negotiate"},
	} {
		t.Run(fmt.Sprint(story.client.Auth), func(t *testing.T) {
			t.Parallel()
			r := open(t, story.server)
			_, err := client(t, story.client).Query(t.Context(), r.address, uptime)
			var rejected *winrm.AuthRejected
			if !errors.As(err, &rejected) || !rejected.NotOffered || len(rejected.Offered) != 1 || !strings.HasSuffix(err.Error(), story.says) {
				t.Errorf("got %v, want a machine that %s", err, story.says)
			}
			if n := r.count(func(e wsman.Entry) bool { return e.User != "" }); n != 0 {
				t.Errorf("the user was named in %d requests", n)
			}
		})
	}
}

func TestUserNames(t *testing.T) {
	t.Parallel()
	r := open(t, wsman.Config{NTLM: true, Accounts: []wsman.Account{
		{Domain: "SCHULE", Username: "kms-admin", Password: password}, {Username: "Müller", Password: password},
	}})
	for _, name := range []string{`SCHULE\kms-admin`, "kms-admin@schule.example", "kms-admin", "Müller", `.\Müller`, `R101-01\Müller`} {
		if _, err := client(t, winrm.Config{Username: name}).Query(t.Context(), r.address, uptime); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPasswordIsNeverShown(t *testing.T) {
	t.Parallel()
	config := winrm.Config{Username: username, Password: password}
	var mu sync.Mutex
	var said []string
	config.Log = func(_ context.Context, message string, fields map[string]any) {
		mu.Lock()
		defer mu.Unlock()
		said = append(said, message, fmt.Sprint(fields))
	}
	c := client(t, config)
	r := open(t, wsman.Config{NTLM: true})
	if _, err := c.Query(t.Context(), r.address, uptime); err != nil {
		t.Fatal(err)
	}
	r.Close()
	_, err := c.Query(t.Context(), r.address, uptime)
	config.Log = nil
	said = append(said, fmt.Sprint(err), fmt.Sprintf("%v %+v %#v %s", config, config, config, config), fmt.Sprintf("%+v", c))
	for _, text := range said {
		if strings.Contains(text, password) {
			t.Errorf("the password is shown: %s", text)
		}
	}
	if len(said) < 4 {
		t.Errorf("the log says %q", said)
	}
}
