package acctest_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"
)

// A job's own limit leaves an apply the time that it may take, with the wait for the state's
// lock, and a check what a refresh and a plan may take: an end by the runner leaves a lock.
func TestJobsLeaveTheirRunsTheTimeThatTheyMayTake(t *testing.T) {
	t.Parallel()
	stated, longest := statedTimeouts(t), time.Duration(0)
	for _, operation := range []string{"create", "update"} {
		longest = max(longest, duration(t, stated["timago_activation_pool "+operation]))
	}
	read := 2 * duration(t, stated["timago_activation_pool read"])
	set := regexp.MustCompile(`(?m)^    (?:create|update) = "([^"]+)"$`).FindAllStringSubmatch(exampleText(t, "pipelines/main.tf"), -1)
	if len(set) != 2 {
		t.Fatalf("the pipelines' pool sets %d timeouts: this test looks in the wrong place", len(set))
	}
	apply := max(duration(t, set[0][1]), duration(t, set[1][1]))
	for _, job := range []struct {
		file, limit string
		unit        time.Duration
		may         time.Duration
	}{
		{"pipelines/github/workflows/kms-drift.yml", `timeout-minutes: ([0-9]+)`, time.Minute, read},
		{"pipelines/github/workflows/kms-apply.yml", `timeout-minutes: ([0-9]+)`, time.Minute, apply},
		{"pipelines/gitlab/.gitlab-ci.yml", `timeout: ([0-9]+) minutes`, time.Minute, read},
		{"pipelines/gitlab/.gitlab-ci.yml", `timeout: ([0-9]+) hours`, time.Hour, apply},
		{"district/generate", `timeout: ([0-9]+) minutes`, time.Minute, read},
		{"district/generate", `timeout: ([0-9]+) hours`, time.Hour, longest},
	} {
		text := exampleText(t, job.file)
		found := regexp.MustCompile(job.limit).FindAllStringSubmatch(text, -1)
		if len(found) != 1 {
			t.Fatalf("%s has %d limits %q", job.file, len(found), job.limit)
		}
		if lock := regexp.MustCompile(`-lock-timeout=(\S+)`).FindStringSubmatch(text); lock != nil && job.may != read {
			job.may += duration(t, lock[1])
		}
		limit, err := strconv.Atoi(found[0][1])
		if is := time.Duration(limit) * job.unit; err != nil || is <= job.may {
			t.Errorf("%s ends after %s what may take %s", job.file, is, job.may)
		}
	}
}

func duration(t *testing.T, text string) time.Duration {
	t.Helper()
	is, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return is
}

func exampleText(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(examples, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
