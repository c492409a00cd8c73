package site

import (
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/timago"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// listed is a site in direct mode with an inventory; more are further rows.
func listed(t *testing.T, more ...string) *Site {
	t.Helper()
	file := filepath.Join(t.TempDir(), "stationen.csv")
	content := "Bezeichnung;Standort;MAC-Adresse;Adresse;Client\n" +
		"R101-PC01;R101;02-00-5E-10-01-01;;{2D4D7FDE-E2C3-4AD2-9E58-E55BECA11F18}\n" +
		"R101-PC02;R101;;192.0.2.7:5986;\n" + strings.Join(more, "\n")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open(Config{
		WinRM: &winrm.Config{Username: `SCHULE\kms-admin`, Password: "secret", Auth: winrm.AuthNTLM}, DomainSuffix: "schule.example", Inventory: file,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestAStationIsListedUnderEveryNameThatItHas(t *testing.T) {
	t.Parallel()
	s := listed(t)
	for asked, want := range map[string]string{
		"r101-pc01":                            "R101-PC01",
		"R101-PC01.schule.example":             "R101-PC01",
		"2d4d7fde-e2c3-4ad2-9e58-e55beca11f18": "R101-PC01",
		"192.0.2.7:5986":                       "R101-PC02",
		"R101-PC02":                            "R101-PC02",
		"R101-PC03":                            "",
		"192.0.2.7":                            "", // another port
		"":                                     "",
	} {
		if got, err := s.Listed(asked); got.Name != want || (err == nil) != (want != "") || err != nil && !errors.Is(err, ErrNotFound) {
			t.Errorf("%q is %q, %v", asked, got.Name, err)
		}
	}
}

// One odd cell must not keep the provider from opening.
func TestWhatIsOddInAnInventoryIsTold(t *testing.T) {
	t.Parallel()
	if odd := listed(t).Oddities(); odd != nil {
		t.Errorf("nothing is odd: %v", odd)
	}
	s := listed(t, "R101-PC04;R101;02:00;;", "R101-PC05;R101;;;;x")
	if got, err := s.Listed("R101-PC04"); err != nil || got.MAC != "" || got.Location != "R101" {
		t.Errorf("%+v, %v", got, err)
	}
	odd := s.Oddities()
	if odd == nil || len(odd.Places) != 2 || odd.More != 0 || odd.Advice() == "" || !strings.HasPrefix(odd.Error(), `line 4, column 16 (MAC-Adresse): "02:00" is no MAC address`) {
		t.Errorf("%v", odd)
	}
}

func TestAListedStationIsAskedAtItsAddress(t *testing.T) {
	t.Parallel()
	s := listed(t)
	for name, want := range map[string]string{
		"R101-PC01": "R101-PC01.schule.example",
		"R101-PC02": "192.0.2.7:5986",
		"R101-PC03": "R101-PC03.schule.example",
	} {
		if got, err := s.address(t.Context(), name); got != want || err != nil {
			t.Errorf("%s is asked at %s (%v), want %s", name, got, err, want)
		}
	}
}

func TestOneAddressIsWrittenInSeveralWays(t *testing.T) {
	t.Parallel()
	s := listed(t)
	for other, want := range map[string]bool{"r101-pc01.SCHULE.example": true, "R101-PC01": true, "R101-PC01:5986": false, "R101-PC02": false} {
		if s.SameAddress("R101-PC01", other) != want {
			t.Errorf("%s: the same as R101-PC01: %t", other, !want)
		}
	}
}

func TestAStationHasOneKey(t *testing.T) {
	t.Parallel()
	s := listed(t)
	for name, want := range map[string]string{
		"R101-PC01": "r101-pc01.schule.example", "r101-pc01": "r101-pc01.schule.example", "R101-PC01.Schule.example": "r101-pc01.schule.example",
		"2d4d7fde-e2c3-4ad2-9e58-e55beca11f18": "r101-pc01.schule.example",
		"R101-PC02":                            "192.0.2.7:5986", "192.0.2.7:5986": "192.0.2.7:5986",
		"R101-PC03": "r101-pc03.schule.example",
	} {
		if got := s.Key(t.Context(), name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestAStationHasOneIdentity(t *testing.T) {
	t.Parallel()
	const id = "2d4d7fde-e2c3-4ad2-9e58-e55beca11f18"
	s := listed(t)
	for name, want := range map[string]string{
		"R101-PC01": id, "r101-pc01.schule.example": id, id: id,
		"R999-PC01": "r999-pc01.schule.example", "r999-pc01.Schule.example": "r999-pc01.schule.example",
	} {
		if got := s.Identity(t.Context(), name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// It would be restarted as two members at once.
func TestAStationThatIsListedTwiceIsRefusedWhereItIsMeant(t *testing.T) {
	t.Parallel()
	s := listed(t, "R102-PC01;R102;;;", "r101-pc01.schule.example;R103;;192.0.2.8;", "R104-PC01;R104;;;", "R104-PC01;R104;;;")
	means := func(asked string) error {
		_, err := s.Find(t.Context(), asked)
		_, unasked := s.address(t.Context(), asked)
		if (err == nil) != (unasked == nil) {
			t.Errorf("%s is found: %v, and asked: %v", asked, err, unasked)
		}
		return err
	}
	inRoom := func(room string) error { _, err := s.InLocation(t.Context(), room); return err }
	for what, story := range map[string]struct {
		err   error
		lines []int // nil: it is taken
	}{
		"by its name":             {means("R101-PC01"), []int{2, 5}},
		"by its client id":        {means("2d4d7fde-e2c3-4ad2-9e58-e55beca11f18"), []int{2, 5}},
		"by the other one's":      {means("192.0.2.8"), []int{2, 5}},
		"another":                 {means("R101-PC02"), nil},
		"one that is not listed":  {means("R101-PC03"), nil},
		"in a room":               {inRoom("R101"), []int{2, 5}},
		"in the other one's room": {inRoom("R103"), []int{2, 5}},
		"both in one room":        {inRoom("R104"), []int{6, 7}},
		"in a room that has none": {inRoom("R102"), nil},
	} {
		var repeated *RepeatedError
		if errors.As(story.err, &repeated) != (story.lines != nil) || repeated != nil && !slices.Equal(repeated.Lines, story.lines) {
			t.Errorf("%s: %v, want lines %v", what, story.err, story.lines)
		}
	}
	if all, err := s.Stations(t.Context(), Filter{}); err != nil || len(all) != 6 {
		t.Errorf("%d stations are listed, %v; want all 6", len(all), err)
	}
}

func TestTwoStationsOfOneNameInTimagoMakeNoRoom(t *testing.T) {
	t.Parallel()
	page := func(names ...string) string {
		items := make([]string, len(names))
		for i, name := range names {
			items[i] = fmt.Sprintf(`{"id": "00000000-0000-4000-8000-%012d", "name": %q, "location": "R101", "computer_group": "", "online": true, "etag": "\"1\"", `+
				`"last_start": null, "last_operating_system": null, "logged_on_user": null, "pending_command": null, "operating_systems": []}`, i, name)
		}
		return `{"items": [` + strings.Join(items, ", ") + `]}`
	}
	for answer, same := range map[string]int{page("PC01", "PC02"): 0, page("PC01", "PC02", "pc01", "PC01"): 3} {
		server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(answer))
		}))
		defer server.Close()
		ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
		s, err := Open(Config{Timago: &TimagoConfig{Endpoint: server.URL, Token: "token", CACertificate: ca}})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		names, err := s.InLocation(t.Context(), "R101")
		var ambiguous *timago.Ambiguous
		if errors.As(err, &ambiguous) != (same > 0) || same > 0 && len(ambiguous.IDs) != same || same == 0 && (err != nil || len(names) != 2) {
			t.Errorf("%v, %v", names, err)
		}
	}
}
