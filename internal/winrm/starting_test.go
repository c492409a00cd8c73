package winrm_test

import (
	"errors"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator/wsman"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// off: nobody answers.
func off(wsman.Request) wsman.Condition { return wsman.Condition{Trouble: wsman.Reset} }

// netlogon: WinRM answers and refuses every account, before it looks at it or after.
func netlogon(wsman.Request) wsman.Condition { return wsman.Condition{Trouble: wsman.Unauthorized} }

func netlogonAfterTheGreeting(r wsman.Request) wsman.Condition {
	if !r.Authenticated {
		return wsman.Condition{}
	}
	return netlogon(r)
}

// wakes has the client find a machine off that is then starting.
func wakes(t *testing.T, c *winrm.Client, r *room, starting func(wsman.Request) wsman.Condition) {
	t.Helper()
	r.becomes(off)
	if _, err := c.Query(t.Context(), r.address, uptime); !winrm.IsUnreachable(err) {
		t.Fatalf("a machine that is off: %v", err)
	}
	r.becomes(starting)
}

// withCredentials are the requests that could have been a failed logon.
func withCredentials(e wsman.Entry) bool { return e.User != "" && e.Trouble != wsman.Reset }

func TestAWokenMachineThatRefusesIsStarting(t *testing.T) {
	t.Parallel()
	for _, way := range ways {
		for name, starting := range map[string]func(wsman.Request) wsman.Condition{"at once": netlogon, "after the greeting": netlogonAfterTheGreeting} {
			t.Run(way.name+" "+name, func(t *testing.T) {
				t.Parallel()
				proves, woken := open(t, way.server), open(t, way.server)
				c := client(t, way.client)
				if _, err := c.Query(t.Context(), proves.address, uptime); err != nil {
					t.Fatal(err)
				}
				wakes(t, c, woken, starting)
				for range 3 {
					for _, err := range askAll(t, c, []*room{woken}, 4) {
						if !winrm.IsAuthRejected(err) || !winrm.IsNotYetBack(err) {
							t.Fatalf("got %v, want a machine that is not yet back", err)
						}
					}
				}
				if n := woken.count(withCredentials); n > 1 || n == 0 && name == "after the greeting" {
					t.Errorf("credentials were sent %d times within a moment, want once", n)
				}
				woken.becomes(nil)
				winrm.Wait(c, 20*time.Second)
				for _, err := range askAll(t, c, []*room{woken}, 4) {
					if err != nil {
						t.Errorf("it has started: %v", err)
					}
				}
			})
		}
	}
}

// A local account that one station accepted may be another one on the next.
func TestAWokenMachineThatGoesOnRefusingIsBelieved(t *testing.T) {
	t.Parallel()
	for user, wants := range map[string]int{
		username: 5, "kms-admin@schule.example": 5, "kms-admin": 2, `.\kms-admin`: 2, `127\kms-admin`: 2,
	} {
		t.Run(user, func(t *testing.T) {
			t.Parallel()
			accounts := func(password string) wsman.Config {
				return wsman.Config{NTLM: true, Accounts: []wsman.Account{
					{Domain: "SCHULE", Username: "kms-admin", Password: password}, {Domain: "127", Username: "kms-admin", Password: password},
				}}
			}
			proves, woken := open(t, accounts(password)), open(t, accounts("another"))
			c := client(t, winrm.Config{Username: user})
			if _, err := c.Query(t.Context(), proves.address, uptime); err != nil {
				t.Fatal(err)
			}
			wakes(t, c, woken, nil)
			for i := range 10 {
				_, err := c.Query(t.Context(), woken.address, uptime)
				if !winrm.IsAuthRejected(err) || winrm.IsNotYetBack(err) != (i < wants-1) {
					t.Errorf("refusal %d: %v", i+1, err)
				}
				winrm.Wait(c, time.Minute)
			}
			if n := woken.count(failedLogon); n != wants {
				t.Errorf("%d failed logons, want %d", n, wants)
			}
			if _, err := c.Query(t.Context(), proves.address, uptime); err != nil {
				t.Errorf("its refusal stopped another: %v", err)
			}
		})
	}
}

// Kerberos knows no local accounts, however the name is written.
func TestAWokenMachineThatGoesOnRefusingADomainsTicketIsBelieved(t *testing.T) {
	t.Parallel()
	r := openRealm(t)
	woken := r.open(t, wsman.Config{Accounts: []wsman.Account{{Username: "another", Password: password}}})
	c := r.client(t, winrm.Config{Username: "kms-admin"})
	wakes(t, c, woken, nil)
	for i := range 6 {
		if _, err := c.Query(t.Context(), woken.address, uptime); !winrm.IsAuthRejected(err) || winrm.IsNotYetBack(err) != (i < 4) {
			t.Errorf("refusal %d: %v", i+1, err)
		}
		winrm.Wait(c, time.Minute)
	}
}

// What a start may excuse never costs a wrong password a second logon.
func TestAWrongPasswordCostsOneLogonInARoomThatWasOff(t *testing.T) {
	t.Parallel()
	inEveryWay(t, func(t *testing.T, way way) {
		rooms := fleet(t, 10, way.server)
		config := way.client
		config.Password = "wrong"
		c := client(t, config)
		for _, r := range rooms {
			wakes(t, c, r, nil)
		}
		for range 3 {
			for _, err := range askAll(t, c, rooms, 2) {
				if !winrm.IsAuthRejected(err) || winrm.IsNotYetBack(err) {
					t.Fatalf("got %v, want the account rejected", err)
				}
			}
			winrm.Wait(c, time.Minute)
		}
		if n := failedLogons(rooms); n != 1 {
			t.Errorf("%d failed logons, want 1", n)
		}
	})
}

// A whole room is off: no station can prove the account before they start.
func TestTheKMSHostsWordHoldsForADomainsAccountWhileARoomStarts(t *testing.T) {
	t.Parallel()
	for user, wants := range map[string]struct{ starting bool }{
		username: {true}, "kms-admin@schule.example": {true}, "kms-admin": {false}, `.\kms-admin`: {false}, `127\kms-admin`: {false},
	} {
		t.Run(user, func(t *testing.T) {
			t.Parallel()
			account := wsman.Config{NTLM: true, Accounts: []wsman.Account{
				{Domain: "SCHULE", Username: "kms-admin", Password: password}, {Domain: "127", Username: "kms-admin", Password: password},
			}}
			host, rooms := open(t, account), fleet(t, 3, account)
			c := client(t, winrm.Config{Username: user})
			if _, err := c.Query(t.Context(), host.address, uptime, winrm.NotProof()); err != nil {
				t.Fatal(err)
			}
			for _, r := range rooms {
				wakes(t, c, r, netlogonAfterTheGreeting)
			}
			for _, err := range askAll(t, c, rooms, 1) {
				if !winrm.IsAuthRejected(err) || winrm.IsNotYetBack(err) != wants.starting {
					t.Errorf("got %v, want a start: %t", err, wants.starting)
				}
			}
			for _, r := range rooms {
				r.becomes(nil)
			}
			winrm.Wait(c, time.Minute)
			for _, err := range askAll(t, c, rooms, 1) {
				if (err == nil) != wants.starting {
					t.Errorf("the room has started: %v", err)
				}
			}
		})
	}
}

// No credentials are sent where the greeting is refused: nothing ends that but the caller.
func TestAStartThatOffersNothingMayLastAsLongAsItLikes(t *testing.T) {
	t.Parallel()
	woken := open(t, wsman.Config{NTLM: true})
	c := client(t, winrm.Config{})
	wakes(t, c, woken, netlogon)
	for range 20 {
		_, err := c.Query(t.Context(), woken.address, uptime)
		var rejected *winrm.AuthRejected
		if !errors.As(err, &rejected) || !rejected.NotOffered || !winrm.IsNotYetBack(err) {
			t.Fatalf("got %v, want a machine that is not yet back", err)
		}
	}
	woken.becomes(nil)
	if _, err := c.Query(t.Context(), woken.address, uptime); err != nil {
		t.Errorf("it has started: %v", err)
	}
}
