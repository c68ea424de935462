package stapling

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"

	"golang.org/x/crypto/ocsp"
)

// mostBytes limits a response: real ones have one to four kilobytes.
const mostBytes = 128 << 10

var errLong = fmt.Errorf("the response has more than %d bytes", mostBytes)

// fetcher makes requests. It has no pool: minutes pass between two of them.
func fetcher() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: 64 << 10},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // httpd: none is followed
	}
}

// fetch requests the response about a certificate and judges it at the time now.
func (k *Keeper) fetch(ctx context.Context, c *tls.Certificate, s Settings) verdict {
	issuer, err := issuerOf(c)
	if err != nil {
		return verdict{why: err}
	}
	url, err := target(c, s)
	if err != nil {
		return verdict{why: err}
	}
	raw, err := k.post(ctx, c, url, s)
	if err != nil {
		return unreachable(s, err)
	}
	return judge(raw, c.Leaf, issuer, s, k.now())
}

// post sends the request (RFC 6960, appendix A).
func (k *Keeper) post(ctx context.Context, c *tls.Certificate, url string, s Settings) ([]byte, error) {
	issuer, err := issuerOf(c)
	if err != nil {
		return nil, err
	}
	body, err := ocsp.CreateRequest(c.Leaf, issuer, nil)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/ocsp-request")
	r.Header.Set("Accept", "application/ocsp-response")
	answer, err := k.client.Do(r)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("no response within %v (SSLStaplingResponderTimeout)", s.Timeout)
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
		return nil, fmt.Errorf("no whole response within %v (SSLStaplingResponderTimeout)", s.Timeout)
	case err == nil && len(raw) > mostBytes:
		err = errLong
	}
	return raw, err
}
