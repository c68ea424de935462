package stapling

import (
	"context"
	"crypto/tls"

	"golang.org/x/crypto/ocsp"
)

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
	body, err := ocsp.CreateRequest(c.Leaf, issuer, nil)
	if err != nil {
		return verdict{why: err}
	}
	raw, err := k.client.Post(ctx, url, body, s.Timeout)
	if err != nil {
		return unreachable(s, err)
	}
	return judge(raw, c.Leaf, issuer, s, k.now())
}
