package acctest_test

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// lastMessage begins the header that carries NTLM's third message, the proof of the account.
const lastMessage = "Negotiate TlRMTVNTUAADAAAA"

// letsIn answers everybody's proof so.
func letsIn(status int) evil {
	return func(w http.ResponseWriter, r *http.Request, _ string) bool {
		if !strings.HasPrefix(r.Header.Get("Authorization"), lastMessage) {
			return false
		}
		w.WriteHeader(status)
		return true
	}
}

// unsealed lets the first sealed message of every connection through and answers the others
// with a bare status.
func unsealed(status int) evil {
	seen := map[string]int{}
	var mu sync.Mutex
	return func(w http.ResponseWriter, r *http.Request, request string) bool {
		mu.Lock()
		defer mu.Unlock()
		if request == "" {
			return false
		}
		if seen[r.RemoteAddr]++; seen[r.RemoteAddr] == 1 {
			return false
		}
		w.WriteHeader(status)
		return true
	}
}

// Machines that let everybody in, and some that end a session with a bare refusal, beside six
// that are well. A wrong password is one failed logon all the same. With the right one the
// others are read, and so is who refuses barely: over another connection.
func TestRoguesBesideHonestMachines(t *testing.T) {
	t.Parallel()
	scenario := acctest.Classroom(8, world.Station{Licensed: true}, acctest.Counted(30))
	scenario.WinRM.Latency = 200 * time.Millisecond // the rogues are the first to answer
	site := acctest.NewSite(t, scenario)
	s := story{site, acctest.NewWorkspace(t, site.Env()...), t}
	all := s.PlainAddresses()
	quick := acctest.NewSite(t, acctest.Classroom(1, world.Station{}, world.Host{})).PlainAddresses()[0]
	stations, met := slices.Clone(all[:6]), map[string]*atomic.Int32{}
	for name, e := range map[string]evil{
		"200": letsIn(http.StatusOK), "404": letsIn(http.StatusNotFound), "500": letsIn(http.StatusInternalServerError),
		"a bare 401": unsealed(http.StatusUnauthorized), "a bare 403": unsealed(http.StatusForbidden),
	} {
		behind := map[string]string{"a bare 401": all[6], "a bare 403": all[7]}[name]
		address, answers := e.before(t, cmp.Or(behind, quick))
		stations, met[name] = append(stations, address), answers
	}
	configuration := s.Provider() + fmt.Sprintf("resource \"timago_activation_pool\" \"room\" {\n  name = \"R101\"\n  stations = %s\n}\n", quoted(stations))
	s.Write("main.tf", configuration)
	plan := s.Plan(2)
	for name, answers := range met {
		if answers.Load() == 0 {
			t.Errorf("%s was not met", name)
		}
	}
	if !plan.Contains("Unable to reach 3 of the 11 members") || !plan.Contains(`status = "activated"`) || !plan.Contains("did not seal its answer") {
		t.Errorf("the plan:\n%s", plan.Output)
	}
	if plan.Contains("denied access") || s.FailedLogons() != 0 {
		t.Errorf("a bare refusal is believed, %d failed logons:\n%s", s.FailedLogons(), plan.Output)
	}

	wrong := acctest.NewWorkspace(t, "TIMAGO_WINRM_PASSWORD=not-the-password")
	wrong.Write("main.tf", configuration)
	if plan := wrong.Plan(1); !plan.Contains("HTTP 401") {
		t.Errorf("the plan:\n%s", plan.Output)
	}
	if failed := s.FailedLogons(); failed != 1 {
		t.Errorf("a wrong password cost %d failed logons, want 1", failed)
	}
}

// A machine that repeats what another says of itself costs its own place in the pool, and
// nothing of the others': it is named with the reason, in a plan and in an apply.
func TestAMachineThatSaysItIsAnother(t *testing.T) {
	t.Parallel()
	scenario := acctest.Classroom(4, world.Station{}, acctest.Counted(24))
	scenario.WinRM = simulator.WinRM{Basic: true, AllowUnencrypted: true}
	site := acctest.NewSite(t, scenario)
	s := story{site, acctest.NewWorkspace(t, site.Env()...), t}
	all := s.PlainAddresses()
	repeating, _ := evil(func(http.ResponseWriter, *http.Request, string) bool { return false }).before(t, all[0])
	configuration := s.Provider(`auth = "basic"`, `allow_unencrypted = true`) + s.Pool()
	s.Write("main.tf", strings.Replace(configuration, all[3], repeating, 1))
	kept := []string{all[0], repeating}
	slices.Sort(kept) // neither bears the machine's name
	const summary = "Unable to tell apart 1 of the 4 members of activation pool R101"
	if plan := s.Plan(2); !plan.Contains(summary) || !plan.Contains(kept[1]+": it answers as "+kept[0]+" does: as PC01") {
		t.Errorf("%s", plan.Output)
	}
	if apply := s.Apply(); !apply.Contains(kept[1] + ": it answers as " + kept[0]) {
		t.Errorf("%s", apply.Output)
	}
	s.shows(map[string]any{"status": "activated", "windows.licensed": 3.0})
}
