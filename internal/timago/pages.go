package timago

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

// What the contract promises of a list.
const (
	pageSize = 500 // the most that a page may hold
	maxPages = 2_000
	maxItems = 20_000
	maxList  = 64 << 20 // bytes as they are sent; 20,000 stations have some 20 MB
	// maxKept bounds what is kept of a list in bytes, so that a server which sends long names
	// costs no more than a large site: 20,000 stations take some 7 MB.
	maxKept = 8 << 20
	// maxLocation and maxLocationKept bound what is taken for one room, which is more than a
	// school has: many are read at once, and each member of a pool is connected to.
	maxLocation     = 3_000
	maxLocationKept = maxKept / 4
	// maxLongLists is how many lists are read at once beyond their first pageSize stations:
	// Terraform reads ten objects side by side, and what is read costs more than what is kept.
	maxLongLists = 2
	// listTimeouts is how many times the timeout of one request a list may take as a whole:
	// pages that all come just in time would take a day.
	listTimeouts = 20
	// maxBarren is how many pages in a row may bring nothing new: objects may move to a
	// later page while a list is read, but not all of them all the time.
	maxBarren = 10
	// maxRestarts is how often a list is begun anew because its page token has ended.
	maxRestarts = 2
)

var (
	errTokenTwice  = errors.New("the same page token came twice, so the list has no end")
	errBarren      = fmt.Errorf("%d pages in a row brought nothing new, so the list has no end", maxBarren)
	errTooManyPage = fmt.Errorf("the list has more than %d pages or %d items", maxPages, maxItems)
	errTooLong     = fmt.Errorf("the list is longer than %d MB", maxList>>20)
	errTooMuch     = fmt.Errorf("what the list holds is more than %d MB", maxKept>>20)

	errLargeLocation = fmt.Errorf("more than %d stations, or %d MB, are in one location", maxLocation, maxLocationKept>>20)
)

// page is what one request brought.
type page struct {
	next  *string
	items int
	fresh int // items that no page before had
	bytes int // as they were sent
	kept  int // bytes that are kept of it
}

// pageQuery asks for the page behind a token, nil for the first.
func pageQuery(token *string) url.Values {
	query := url.Values{"page_size": {strconv.Itoa(pageSize)}}
	if token != nil {
		query.Set("page_token", *token)
	}
	return query
}

// follow reads a list page by page to its end, within what the contract promises of one.
func follow(path string, read func(token *string) (page, error)) error {
	endless := func(err error) error {
		return &Malformed{Method: http.MethodGet, Path: path, JSONPath: "$.next_page_token", Err: err}
	}
	tokens := map[string]bool{}
	var token *string
	for pages, items, barren, bytes, kept := 1, 0, 0, 0, 0; ; pages++ {
		got, err := read(token)
		if err != nil {
			return err
		}
		bytes, kept = bytes+got.bytes, kept+got.kept
		switch {
		case bytes > maxList:
			return &Malformed{Method: http.MethodGet, Path: path, JSONPath: "$", Err: errTooLong}
		case kept > maxKept:
			return &Malformed{Method: http.MethodGet, Path: path, JSONPath: "$", Err: errTooMuch}
		}
		if got.next == nil || *got.next == "" {
			return nil
		}
		if barren++; got.fresh > 0 {
			barren = 0
		}
		items += got.items
		switch {
		case tokens[*got.next]:
			return endless(errTokenTwice)
		case barren >= maxBarren:
			return endless(errBarren)
		case pages >= maxPages || items >= maxItems:
			return endless(errTooManyPage)
		}
		tokens[*got.next] = true
		token = got.next
	}
}

// anew runs a list, again where its page token has ended, for as long as a list may take.
func anew[T any](ctx context.Context, c *Client, path string, list func(context.Context) (T, error)) (T, error) {
	bounded, cancel := context.WithTimeout(ctx, c.listTimeout)
	defer cancel()
	for restarts := 0; ; restarts++ {
		all, err := list(bounded)
		var problem *Problem
		if err != nil && bounded.Err() != nil && ctx.Err() == nil {
			err = &Unanswered{Method: http.MethodGet, Path: path, Host: c.endpoint.Host, Err: fmt.Errorf("no complete list within %v: %w", c.listTimeout, bounded.Err())}
		}
		if restarts == maxRestarts || !errors.As(err, &problem) || problem.Code != codePageTokenEnded {
			return all, err
		}
	}
}
