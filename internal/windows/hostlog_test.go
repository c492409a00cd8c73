package windows_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/windows"
	"github.com/timago/terraform-provider-timago/internal/winrm"
	"github.com/timago/terraform-provider-timago/internal/winrm/wsman"
)

// book is a KMS host of which only the log answers.
type book struct {
	windows.Transport
	mu      sync.Mutex
	records []written
	sent    int // since it was asked last
}

type written struct {
	number int
	at     time.Time
	client int
}

var morning = time.Date(2026, 9, 7, 8, 0, 0, 0, time.UTC)

// writes adds a record for each client, the first so long after the morning began, the
// others a minute apart.
func (b *book) writes(number int, after time.Duration, clients ...int) {
	for i, client := range clients {
		b.records = append(b.records, written{number + i, morning.Add(after + time.Duration(i)*time.Minute), client})
	}
}

func (b *book) QueryEach(_ context.Context, _, wql string, visit func(winrm.Instance) error, _ ...winrm.Option) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, text, _ := strings.Cut(wql, "TimeGenerated >= '")
	since, err := time.Parse("20060102150405.000000", text[:21])
	if err != nil {
		return err
	}
	for _, r := range b.records {
		if r.at.Before(since) {
			continue
		}
		b.sent++
		if err := visit(wsman.NewInstance("", map[string][]string{
			"RecordNumber": {fmt.Sprint(r.number)}, "TimeGenerated": {r.at.Format(time.RFC3339)}, "EventCode": {"12290"},
			"InsertionStrings": {fmt.Sprintf("0x0,25,pc%d,36f27b39-2fd5-440b-be67-%012d,2026/9/7 12:30,0,2,41520,68531fb9-5511-4989-97be-d11a0f55633f", r.client, r.client)},
		})); err != nil {
			return err
		}
	}
	return nil
}

// A KMS host's log is read as a whole once. Then only what was written since is asked for,
// unless what was read last is no longer there.
func TestALogIsReadOnFromWhereTheLastReadEnded(t *testing.T) {
	t.Parallel()
	for name, story := range map[string]struct {
		then  func(b *book)
		since time.Duration // the second read, after the morning began; the first is of all of it
		want  string
		sent  int
	}{
		"nothing new":                     {func(*book) {}, 0, "1 2 3", 1},
		"two more":                        {func(b *book) { b.writes(14, time.Hour, 4, 5) }, 0, "1 2 3 4 5", 3},
		"the last part of it":             {func(b *book) { b.writes(14, time.Hour, 4) }, 2 * time.Minute, "3 4", 2},
		"one dated a bit early":           {func(b *book) { b.writes(14, 2*time.Minute-3*time.Second, 4) }, 0, "1 2 3 4", 2},
		"cleared":                         {func(b *book) { b.records = nil }, 0, "", 0},
		"cleared, and new":                {func(b *book) { b.records = nil; b.writes(1, time.Hour, 4) }, 0, "4", 2},
		"cleared, and numbered as before": {func(b *book) { b.records = nil; b.writes(11, time.Hour, 6, 7, 8) }, 0, "6 7 8", 6},
		"overwritten":                     {func(b *book) { b.records = nil; b.writes(20, time.Hour, 8, 9) }, 0, "8 9", 4},
		"its oldest overwritten":          {func(b *book) { b.records = b.records[1:]; b.writes(14, time.Hour, 4) }, 0, "1 2 3 4", 2},
		"further back":                    {func(*book) {}, -time.Hour, "1 2 3", 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := &book{}
			host.writes(11, 0, 1, 2, 3)
			client := windows.New(host)
			if read, err := client.Counted(t.Context(), "kms01", morning); err != nil || clients(read) != "1 2 3" || host.sent != 3 {
				t.Fatalf("first %q, %d records sent, %v", clients(read), host.sent, err)
			}
			story.then(host)
			host.sent = 0
			read, err := client.Counted(t.Context(), "kms01", morning.Add(story.since))
			if err != nil || clients(read) != story.want || host.sent != story.sent {
				t.Errorf("then %q, %d records sent, %v", clients(read), host.sent, err)
			}
		})
	}
}

// clients are the numbers of those that a KMS host counted.
func clients(read []kms.Counted) string {
	var names []string
	for _, r := range read {
		names = append(names, strings.TrimPrefix(r.Client, "pc"))
	}
	return strings.Join(names, " ")
}

// Two pools on one host read its log one after the other, and what one has read the other
// does not read again.
func TestALogIsReadOnceForTwo(t *testing.T) {
	t.Parallel()
	host := &book{}
	host.writes(1, 0, 1, 2, 3, 4, 5)
	client := windows.New(host)
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if read, err := client.Counted(t.Context(), "kms01", morning); err != nil || clients(read) != "1 2 3 4 5" {
				t.Errorf("%q, %v", clients(read), err)
			}
		})
	}
	both.Wait()
	if host.sent != 6 {
		t.Errorf("%d records were sent", host.sent)
	}
}
