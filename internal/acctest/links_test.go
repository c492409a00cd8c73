package acctest_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	fenced   = regexp.MustCompile("(?s)```.*?```")
	links    = regexp.MustCompile(`\]\(([^)\s#]*)(?:#([^)\s]+))?\)`)
	headings = regexp.MustCompile(`(?m)^#+ (.+)$`)
	ids      = regexp.MustCompile(`<a id="([^"]+)">`)
	unslug   = regexp.MustCompile(`[^\p{L}\d_ -]`)
)

// A link of a page leads to a file that there is, and to a heading of it.
func TestThePagesLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	root, seen := "../..", 0
	pages, err := filepath.Glob(root + "/*.md")
	if err != nil {
		t.Fatal(err)
	}
	if err := filepath.WalkDir(root+"/docs", func(file string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			pages = append(pages, file)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	texts, anchors := map[string]string{}, map[string]bool{}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		texts[page] = fenced.ReplaceAllString(string(text), "")
		for _, heading := range headings.FindAllStringSubmatch(texts[page], -1) {
			anchors[page+"#"+strings.ReplaceAll(unslug.ReplaceAllString(strings.ToLower(heading[1]), ""), " ", "-")] = true
		}
		for _, id := range ids.FindAllStringSubmatch(texts[page], -1) {
			anchors[page+"#"+id[1]] = true
		}
	}
	for page, text := range texts {
		for _, link := range links.FindAllStringSubmatch(text, -1) {
			if strings.Contains(link[1], "://") {
				continue
			}
			seen++
			to := page
			if link[1] != "" {
				to = filepath.Join(filepath.Dir(page), link[1])
			}
			_, err := os.Stat(to)
			if err != nil || link[2] != "" && filepath.Ext(to) == ".md" && !anchors[to+"#"+link[2]] {
				t.Errorf("%s: %s leads nowhere", page, link[0])
			}
		}
	}
	if seen < 150 {
		t.Errorf("only %d links were found: this test looks in the wrong place", seen)
	}
}
