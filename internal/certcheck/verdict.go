package certcheck

import "crypto/x509"

// Failure says what is wrong: OpenSSL's number and text.
type Failure struct {
	Code Code
	Text string
}

// Failed reports whether something is wrong.
func (f Failure) Failed() bool { return f.Code != OK }

func failure(c Code) Failure {
	if c == OK {
		return Failure{}
	}
	return Failure{c, texts[c]}
}

// Verdict is what is known of a client's certificate.
type Verdict struct {
	By *Checker // that judged it

	// Chain begins with the client's certificate and ends with a root, or where no
	// issuer was found. nil: there is no certificate.
	Chain []*x509.Certificate

	// Unknown is that the chain leads to no trusted root, which optional_no_ca
	// accepts.
	Unknown Failure
	// Wrong is everything else.
	Wrong Failure
	// Why says more of Wrong, for the log; nil: there is no more to say.
	Why error
}

// Leaf returns the certificate; nil: there is none.
func (v *Verdict) Leaf() *x509.Certificate {
	if v == nil || len(v.Chain) == 0 {
		return nil
	}
	return v.Chain[0]
}

// Judge says why a demand is not met; the zero Failure: it is. generous: the
// certificate is accepted, though its issuer is unknown. A nil v is that of a client
// without a certificate. httpd: ssl_callback_SSLVerify.
func (v *Verdict) Judge(d Demand) (f Failure, generous bool) {
	switch {
	case v.Leaf() == nil && d.Mode == Require:
		return failure(Missing), false
	case v.Leaf() == nil || d.Mode == None:
		return Failure{}, false
	case v.Unknown.Failed() && (d.Mode != NoCA || v.Unknown.Code == NoIssuer):
		return v.Unknown, false
	case v.Wrong.Failed():
		return v.Wrong, false
	case len(v.Chain)-1 > d.Depth:
		return failure(TooLong), false
	}
	return Failure{}, v.Unknown.Failed()
}
