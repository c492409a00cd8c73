package simulator_test

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// get reads a page, as from a host of another name where that is not empty.
func get(t *testing.T, url, host string) (int, http.Header, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = host
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(body)
}

// shown is a page's text in order, with blanks as a reader sees them.
func shown(page string) string {
	text := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(page, " ")
	return strings.Join(strings.Fields(text), " ")
}

// tile cuts a station's tile out of a page.
func tile(t *testing.T, page, station string) string {
	t.Helper()
	_, rest, found := strings.Cut(page, `data-station="`+station+`"`)
	if !found {
		t.Fatalf("no tile of %s in %s", station, page)
	}
	rest, _, _ = strings.Cut(rest, `data-station=`)
	return rest
}

const twoRooms = `
title: Two rooms <script>alert(1)</script>
kms_host: { keys: [ { key: windows, counted: [ { number: 24, age: 24h } ] }, { key: office-2024 } ] }
stations:
  - { name: PC1, room: R101 }
  - { name: PC2, room: R101, user: 'SCHULE\lehrer', licensed: true }
  - { name: PC3, room: R102, off: true }
  - { name: PC4, room: R102, image: { without_kms: true } }
winrm: { username: 'SCHULE\admin', password: very-secret-password }
timago: { token: very-secret-token }
`

func TestThePageShowsTheSite(t *testing.T) {
	t.Parallel()
	s := run(t, twoRooms)
	page := s.Ready().Page
	status, header, before := get(t, page, "")
	if status != http.StatusOK || !strings.HasPrefix(header.Get("Content-Type"), "text/html") {
		t.Fatalf("%d %v", status, header)
	}
	for station, want := range map[string][]string{
		"PC1": {`data-state="ready"`, "ready", "Windows not licensed", "CMID", "Restarts 0", "KMS-Aktivierung ticked", "nothing happened yet"},
		"PC2": {`data-state="used"`, "in use", "Windows licensed", `User SCHULE\lehrer`},
		"PC3": {`data-state="off"`, "off"},
		"PC4": {"KMS-Aktivierung not ticked"},
	} {
		for _, text := range want {
			if found := tile(t, before, station); !strings.Contains(found+shown(found), text) {
				t.Errorf("%s: no %q in %s", station, text, found)
			}
		}
	}
	for _, text := range []string{"25 of 25 needed Windows 0", "Threshold met", "0 of 5 needed Office key office-2024 0", "5 below the threshold", "Room R101", "Room R102", "stands still until it is advanced"} {
		if !strings.Contains(shown(before), text) {
			t.Errorf("no %q in %s", text, shown(before))
		}
	}
	if err := s.World.PowerOn("PC3"); err != nil {
		t.Fatal(err)
	}
	if err := s.World.Inject(world.Fault{Name: world.KMSAway}); err != nil {
		t.Fatal(err)
	}
	_, _, after := get(t, page, "")
	if found := tile(t, after, "PC3"); !strings.Contains(found, `data-state="starting"`) || !strings.Contains(shown(found), "starts : start 1") {
		t.Errorf("PC3 was switched on: %s", found)
	}
	if text := shown(after); !strings.Contains(text, "key management service away") || !strings.Contains(text, "Faults in place kms-away") {
		t.Error(text)
	}
}

func TestThePageIsSafe(t *testing.T) {
	t.Parallel()
	s := run(t, twoRooms)
	page := s.Ready().Page
	_, header, text := get(t, page, "")
	if policy := header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none';") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q", policy)
	}
	if strings.Contains(text, "very-secret") || strings.Contains(text, "<script>alert") {
		t.Error(text)
	}
	// Whatever it loads stands beside it.
	for _, link := range regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(text, -1) {
		if link[1] == "data:," {
			continue
		}
		if status, header, _ := get(t, strings.TrimSuffix(page, "/")+link[1], ""); status != http.StatusOK || header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s: %d", link[1], status)
		}
	}
	if status, _, _ := get(t, page, "school.example"); status != http.StatusForbidden {
		t.Errorf("by another name: %d", status)
	}
	if status, _, _ := get(t, page+"no-such", ""); status != http.StatusNotFound {
		t.Errorf("another path: %d", status)
	}
}

func TestTheReadyLineNamesThePage(t *testing.T) {
	t.Parallel()
	line, err := json.Marshal(run(t, twoRooms).Ready())
	if err != nil || !regexp.MustCompile(`"page":"http://127\.0\.0\.1:\d+/"`).Match(line) {
		t.Errorf("%s %v", line, err)
	}
}
