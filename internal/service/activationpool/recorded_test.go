package activationpool

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/check/recording"
	"github.com/timago/terraform-provider-timago/internal/check/replay"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/site"
)

// Every site that was recorded is read as a pool as it was the first time: pool.txt beside the
// recording says how. Run this test with UPDATE_SITES=1 where there is none yet.
func TestRecordedSitesReadAsPoolsAsTheyDid(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "..", "check", "testdata", "sites", "*", recording.FileName))
	if err != nil || len(files) == 0 {
		t.Fatal("no recordings", err)
	}
	for _, file := range files {
		folder := filepath.Dir(file)
		t.Run(filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			is := readAsPool(t, file)
			if strings.Count(is, "\n") < 3 {
				t.Fatalf("nothing was read: %s", is)
			}
			kept := filepath.Join(folder, "pool.txt")
			if os.Getenv("UPDATE_SITES") != "" {
				if err := os.WriteFile(kept, []byte(is), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			was, err := os.ReadFile(kept)
			if err != nil || string(was) != is {
				t.Errorf("%v, was\n%s\nis\n%s", err, was, is)
			}
		})
	}
}

// readAsPool lets a recording answer to a plan's read, over the network, and says what was
// read. Names and addresses are left out: they differ from run to run.
func readAsPool(t *testing.T, file string) string {
	t.Helper()
	recorded, err := recording.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	answering, err := replay.Start(t.Context(), recorded)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(answering.Close)
	account := replay.Account()
	config := site.Config{WinRM: &account, MaxAge: 168 * time.Hour} // as the provider has it where nothing is set
	var definition pool.Definition
	for _, machine := range recorded.Machines() {
		if address := answering.Address(machine); recorded.Verdict(machine, "KMS port") != "" {
			config.KMSHost = address
		} else {
			definition.Stations = append(definition.Stations, address)
		}
	}
	opened, err := site.Open(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(opened.Close)
	definition.KMSHost, definition.CountSource, definition.MaxAge = config.KMSHost, opened.CountSource(), opened.MaxAge()
	r, err := pool.Read(t.Context(), readable{Site: opened, fresh: allAnew}, definition, pool.Known{})
	var said strings.Builder
	fmt.Fprintf(&said, "status %s, %d of %d members did not answer, %d requests in the log, error %v\n",
		r.Assessment.Status, len(r.Assessment.Unreachable), len(r.Members), len(r.Host.Counted), err)
	for _, product := range r.Assessment.Managed() {
		state := r.Assessment.Products[product]
		count := "unknown"
		if state.Count != nil {
			count = fmt.Sprint(*state.Count)
		}
		fmt.Fprintf(&said, "%s: count %s of %d, %d of %d members licensed, %s\n", product.Title(), count, state.Threshold, state.Licensed, state.Members, state.Reason)
	}
	for _, reasons := range []map[string]string{r.Assessment.Unlicensed, r.Assessment.NeverCounts} {
		for _, reason := range slices.Sorted(maps.Values(reasons)) {
			fmt.Fprintf(&said, "  %s\n", reason)
		}
	}
	for _, m := range r.Members {
		fmt.Fprintf(&said, "member: KMS host %t, client machine id %t, %d licences\n", m.Station.KMSHost != "", m.Station.CMID != "", len(m.Station.Licences))
		if m.Err != nil {
			t.Log(m.Err)
		}
	}
	return said.String()
}
