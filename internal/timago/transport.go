package timago

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// maxBody bounds an answer. A full page of 500 stations is about 0.5 MB.
// With more to a station a server makes smaller pages.
const maxBody = 4 << 20

var errTooLarge = fmt.Errorf("the answer is larger than %d MB", maxBody>>20)

// attempt sends one request once. It reads the whole answer, so that a body that is cut
// fails the attempt and not its reader, and so that the timeout covers it.
type attempt struct {
	network   http.RoundTripper
	token     string
	userAgent string
	timeout   time.Duration
	log       func(ctx context.Context, message string, fields map[string]any)
}

func (a *attempt) RoundTrip(request *http.Request) (*http.Response, error) {
	started := time.Now()
	response, err := a.send(request)
	fields := map[string]any{"method": request.Method, "path": request.URL.Path, "duration_ms": time.Since(started).Milliseconds()}
	if err != nil {
		fields["error"] = err.Error()
	} else {
		fields["status"] = response.StatusCode
	}
	a.log(request.Context(), "asked the Timago interface", fields)
	return response, err
}

func (a *attempt) send(request *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(request.Context(), a.timeout)
	defer cancel()
	request = request.Clone(ctx)
	request.Header.Set("Accept", "application/json, application/problem+json")
	request.Header.Set("User-Agent", a.userAgent)
	request.Header.Set("Authorization", "Bearer "+a.token) // every request goes to the endpoint, see stay
	response, err := a.network.RoundTrip(request)
	if err != nil {
		return nil, a.timely(ctx, err)
	}
	var text bytes.Buffer
	text.Grow(int(min(max(response.ContentLength, 0), maxBody)) + bytes.MinRead) // -1: not known
	_, err = text.ReadFrom(io.LimitReader(response.Body, maxBody+1))
	body := text.Bytes()
	if closed := response.Body.Close(); err == nil {
		err = closed
	}
	if err == nil {
		// Some servers answer a client that hangs up; net/http may still hand such an answer over.
		err = ctx.Err()
	}
	switch {
	case err != nil:
		return nil, a.timely(ctx, err)
	case len(body) > maxBody:
		return nil, errTooLarge
	case response.StatusCode >= http.StatusMultipleChoices:
		// What a refusal says ends in front of a person; a server may repeat the token in it.
		body = bytes.ReplaceAll(body, []byte(a.token), []byte("[token]"))
		for _, values := range response.Header {
			for i := range values {
				values[i] = strings.ReplaceAll(values[i], a.token, "[token]")
			}
		}
	}
	response.Body = &held{Reader: bytes.NewReader(body), all: body}
	response.ContentLength = int64(len(body))
	return response, nil
}

// held is a body that is in memory.
type held struct {
	*bytes.Reader
	all []byte
}

// Close has nothing to close.
func (*held) Close() error { return nil }

// timely says how long an attempt waited, where that is why it ended.
func (a *attempt) timely(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("no complete answer within %v: %w", a.timeout, context.DeadlineExceeded)
	}
	return err
}

type repeatableKey struct{}

// sender sends what the contract's client makes, again where that is safe.
type sender struct {
	repeats  *retryablehttp.Client
	endpoint *url.URL
}

// Do is the contract client's way out.
func (s *sender) Do(request *http.Request) (*http.Response, error) {
	ctx := context.WithValue(request.Context(), repeatableKey{}, repeatable(request))
	again, err := retryablehttp.FromRequest(request.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	response, err := s.repeats.Do(again)
	switch {
	case err == nil:
		return response, nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s %s was interrupted: %w", request.Method, request.URL.Path, ctx.Err())
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	return nil, &Unanswered{Method: request.Method, Path: request.URL.Path, Host: s.endpoint.Host, Err: err}
}

// repeatable reports whether a request has one effect however often it is sent: reads;
// writes that say which state they change; commands, whose entries carry keys.
func repeatable(request *http.Request) bool {
	switch request.Method {
	case http.MethodGet:
		return true
	case http.MethodPatch:
		return request.Header.Get("If-Match") != ""
	case http.MethodPost:
		return strings.HasSuffix(request.URL.Path, "/commands")
	}
	return false
}

func shouldRetry(ctx context.Context, response *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	safe, _ := ctx.Value(repeatableKey{}).(bool)
	if err != nil {
		return safe && mayPass(err), nil
	}
	switch response.StatusCode {
	case http.StatusTooManyRequests: // refused before anything was done
		return true, nil
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return safe, nil
	}
	return false, nil
}

// mayPass reports whether a failure may be another one next time.
func mayPass(err error) bool {
	var (
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		name        *net.DNSError
	)
	switch {
	case errors.Is(err, errTooLarge), errors.As(err, &certificate), errors.As(err, &record):
		return false
	case errors.As(err, &name):
		return !name.IsNotFound
	}
	return true
}

// pause is the library's, which obeys Retry-After without a bound, bounded, and up to half
// as long again, so that those who were sent away together do not come back together.
// draw gives a number from 0 to 1.
func pause(draw func() float64) retryablehttp.Backoff {
	return func(least, most time.Duration, try int, response *http.Response) time.Duration {
		wait := retryablehttp.DefaultBackoff(least, most, try, response)
		if wait < 0 || wait > most { // below 0: too many seconds for a duration
			wait = most
		}
		return wait + time.Duration(draw()*float64(wait/2+least/2))
	}
}
