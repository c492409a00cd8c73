package acctest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/catalogue"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// atSite puts a guide's configuration for direct mode into a workspace, with the site's
// addresses in place of the names that it gives, and the password where its page has it.
// env are further variables.
func (s *story) atSite(guide string, env ...string) {
	s.t.Helper()
	addresses := s.PlainAddresses()
	names := []string{"kms01.schule.example", s.Plain().KMSHost}
	inventory := "Bezeichnung;Standort;Adresse\n"
	for i, address := range addresses {
		name := fmt.Sprintf("R101-PC%02d", i+1)
		names = append(names, name, address)
		inventory += name + ";R101;" + address + "\n"
	}
	config, err := os.ReadFile(filepath.Join(examples, "guides", guide, "main.tf"))
	if err != nil {
		s.t.Fatal(err)
	}
	password := "TIMAGO_WINRM_PASSWORD="
	if strings.Contains(string(config), "var.winrm_password") {
		password = "TF_VAR_winrm_password="
	}
	s.Workspace = acctest.NewWorkspace(s.t, append(env, password+s.Plain().WinRM.Password)...).Built() // the inventory is a relative path
	skipUnknown(s.t, guide, string(config))
	s.Write("main.tf", strings.NewReplacer(names...).Replace(string(config)))
	s.Write("stationen.csv", inventory)
}

// The guides' configurations do at a site what their pages say: where all is well nothing
// is restarted, no check warns, and the plan after it is empty.
func TestTheGuidesAtASite(t *testing.T) {
	t.Parallel()
	for guide, stable := range map[string]bool{
		"first-look": false, "troubleshooting": false, // what they put out moves by itself, as their pages say
		"getting-started": true, "classroom": true, "holidays": true, "licensed-site": true, "kms-aktivierung": true, "kms-aktivierung-nach-dem-unterricht": true,
	} {
		t.Run(guide, func(t *testing.T) {
			t.Parallel()
			s := story{Site: acctest.NewSite(t, acctest.Classroom(30, world.Station{Licensed: true}, acctest.Counted(10))), t: t}
			s.atSite(guide)
			outcome := s.Run("apply", "-auto-approve", "-no-color")
			if outcome.Exit != 0 || outcome.Contains("Check block assertion") {
				t.Errorf("apply:\n%s", outcome.Output)
			}
			if stable {
				s.Plan(0)
			}
			if all, _ := s.Restarts(); all != 0 {
				t.Errorf("%d restarts", all)
			}
		})
	}
}

// The page on authentication logs on as it says: here NTLM without TLS and with it. Kerberos
// has tests of its own.
func TestNTLMAsTheGuideShowsIt(t *testing.T) {
	t.Parallel()
	for _, example := range []string{"ntlm", "tls"} {
		t.Run(example, func(t *testing.T) {
			t.Parallel()
			scenario := acctest.Classroom(2, world.Station{Licensed: true}, acctest.Counted(30))
			scenario.WinRM.HTTPS = example == "tls"
			s := story{Site: acctest.NewSite(t, scenario), t: t}
			s.atSite("authentication/" + example)
			s.Write("schule-ca.pem", string(s.CACertificate()))
			ready := s.Ready() // its addresses are those of TLS where there is TLS
			s.Write("main.tf", strings.Replace(s.Read("main.tf"), s.Plain().KMSHost, ready.KMSHost, 1)+
				fmt.Sprintf("resource \"timago_activation_pool\" \"room\" {\n  name = \"R101\"\n  stations = [%q, %q]\n}\n", ready.Stations[0].Address, ready.Stations[1].Address))
			s.Apply()
			if logons := s.FailedLogons(); logons != 0 {
				t.Errorf("%d failed logons", logons)
			}
		})
	}
}

// What the first steps show of a plan is what a plan of their configuration says.
func TestThePlanSaysWhatTheGuideShows(t *testing.T) {
	t.Parallel()
	_, shown, _ := strings.Cut(readGuides(t)["getting-started.md.tmpl"], "```text\nPlan: ")
	shown, _, found := strings.Cut("Plan: "+shown, "\n```")
	if !found || strings.Count(shown, "\n\n") != 4 {
		t.Fatalf("the guide shows no plan with its announcement:\n%s", shown)
	}
	s := story{Site: acctest.NewSite(t, acctest.Classroom(5, world.Station{}, world.Host{})), t: t}
	s.atSite("getting-started")
	inOneLine := func(text string) string { return strings.Join(strings.Fields(text), " ") }
	says := inOneLine(s.Plan(2).Output)
	for paragraph := range strings.SplitSeq(shown, "\n\n") {
		if !strings.Contains(says, inOneLine(paragraph)) {
			t.Errorf("the plan does not say %q:\n%s", paragraph, says)
		}
	}
}

// Their checks warn where something is not well.
func TestTheGuidesChecksWarn(t *testing.T) {
	t.Parallel()
	for guide, tt := range map[string]struct {
		station world.Station
		host    world.Host
		says    string
	}{
		"holidays": {
			world.Station{Licensed: true}, world.Host{Keys: []world.Key{{Key: "windows", Counted: []world.Counted{{Number: 24, Age: 20 * day}}}}},
			"Within three weeks the count of Windows falls below its threshold if nobody starts.",
		},
		"licensed-site": {
			world.Station{Products: []world.Product{{Title: "windows-11-education", By: catalogue.ByMAK}}}, acctest.Counted(30),
			"R101-PC01: Windows(R), Education edition: it has a multiple activation key (MAK)",
		},
	} {
		t.Run(guide, func(t *testing.T) {
			t.Parallel()
			s := story{Site: acctest.NewSite(t, acctest.Classroom(2, tt.station, tt.host)), t: t}
			s.atSite(guide)
			says := strings.ReplaceAll(tt.says, "R101-PC01", s.PlainAddresses()[0])
			if outcome := s.Run("apply", "-auto-approve", "-no-color"); outcome.Exit != 0 || !outcome.Contains(says) {
				t.Errorf("it does not say %q:\n%s", says, outcome.Output)
			}
		})
	}
}
