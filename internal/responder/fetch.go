package responder

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// mostBytes limits a response: real ones have one to four kilobytes.
const mostBytes = 128 << 10

var errLong = fmt.Errorf("the response has more than %d bytes", mostBytes)

// Client makes requests. It has no pool: minutes pass between two of them.
type Client struct{ http http.Client }

// NewClient returns a Client whose requests go by a proxy; nil: by none, whatever the
// environment says.
func NewClient(proxy *url.URL) *Client {
	t := &http.Transport{DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: 64 << 10}
	if proxy != nil {
		t.Proxy = func(*http.Request) (*url.URL, error) {
			if !Usable(proxy) {
				return nil, fmt.Errorf("the proxy %+q is no http:// URL with a host", proxy.String())
			}
			return proxy, nil
		}
	}
	return &Client{http.Client{
		Transport:     t,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // httpd: none is followed
	}}
}

// Post sends a request in DER to the responder at a URL, and returns its response, which is
// not looked at (RFC 6960, appendix A).
func (c *Client) Post(ctx context.Context, at string, body []byte, timeout time.Duration) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, at, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/ocsp-request")
	r.Header.Set("Accept", "application/ocsp-response")
	answer, err := c.http.Do(r)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("no response within %v", timeout)
	case err != nil:
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the responder's status is %d", answer.StatusCode)
	}
	raw, err := io.ReadAll(io.LimitReader(answer.Body, mostBytes+1))
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("no whole response within %v", timeout)
	case err == nil && len(raw) > mostBytes:
		err = errLong
	}
	return raw, err
}
