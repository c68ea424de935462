package certcheck

import (
	"context"
	"time"
)

// Patience returns how long one responder may take; 0: none is asked.
func (c *Checker) Patience() time.Duration {
	if c.rev.Inquiry == nil {
		return 0
	}
	return c.rev.Inquiry.Timeout
}

// Inquire asks responders about a certificate that is good as far as Check knows, and adds
// what they say to a copy of the verdict. It blocks. httpd: ssl_callback_SSLVerify.
func (c *Checker) Inquire(ctx context.Context, v *Verdict, now time.Time) *Verdict {
	if c.rev.Inquiry == nil || v.Leaf() == nil || v.Wrong.Failed() {
		return v
	}
	more := *v
	if v.Unknown.Failed() { // AH02038: without its issuer nobody can be asked about it
		more.Wrong = failure(Unconfirmed)
		return &more
	}
	if o := c.rev.Inquiry.Check(ctx, v.Chain, now); o != nil {
		more.Wrong, more.Why = failure(Unconfirmed), o.Why
		if o.Revoked {
			more.Wrong = failure(Revoked)
		}
	}
	return &more
}
