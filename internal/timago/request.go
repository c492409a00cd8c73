package timago

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// request is a call of the contract.
type request struct {
	method string
	path   []string // segments below the base path
	query  url.Values
	etag   string // for If-Match; "" where the call takes none
	body   any    // nil: none
}

// get is a read.
func get(path ...string) request { return request{method: http.MethodGet, path: path} }

// ask makes a call and reads its answer.
func ask[T any](ctx context.Context, c *Client, r request) (T, error) {
	value, _, err := askSized[T](ctx, c, r)
	return value, err
}

// askSized is ask, and says how many bytes the answer had.
func askSized[T any](ctx context.Context, c *Client, r request) (value T, size int, err error) {
	sent, err := r.http(ctx, c.endpoint)
	if err != nil {
		return value, 0, err
	}
	response, err := c.sender.Do(sent) //nolint:bodyclose // decode reads and closes every answer
	if err != nil {
		return value, 0, err
	}
	value, err = decode[T](ctx, response)
	return value, int(response.ContentLength), err
}

// http writes the call down. A space in a query is %20, which every server reads alike.
func (r request) http(ctx context.Context, endpoint *url.URL) (*http.Request, error) {
	var address strings.Builder
	address.WriteString(endpoint.String())
	for _, segment := range r.path {
		address.WriteString("/" + url.PathEscape(segment))
	}
	if len(r.query) > 0 {
		address.WriteString("?" + strings.ReplaceAll(r.query.Encode(), "+", "%20"))
	}
	var body bytes.Buffer
	if r.body != nil {
		if err := json.NewEncoder(&body).Encode(r.body); err != nil {
			return nil, fmt.Errorf("%s %s: %w", r.method, strings.Join(r.path, "/"), err)
		}
	}
	request, err := http.NewRequestWithContext(ctx, r.method, address.String(), &body)
	if err != nil {
		return nil, err
	}
	if r.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if r.etag != "" {
		request.Header.Set("If-Match", r.etag)
	}
	return request, nil
}
