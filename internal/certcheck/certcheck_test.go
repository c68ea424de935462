package certcheck_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/certcheck"
	"github.com/headgate/headgate/internal/testkit"
)

func cas(t testing.TB, name string) (list []*x509.Certificate) {
	t.Helper()
	text := []byte(testkit.ClientFiles()["clients/"+name])
	for {
		var b *pem.Block
		if b, text = pem.Decode(text); b == nil {
			return list
		}
		c, err := x509.ParseCertificate(b.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, c)
	}
}

func sent(t testing.TB, c tls.Certificate) (list []*x509.Certificate) {
	t.Helper()
	for _, der := range c.Certificate {
		p, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	return list
}

var now = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

// The numbers are those of openssl verify -purpose sslclient.
func TestCheck(t *testing.T) {
	for _, row := range []struct {
		cas, cert      string
		unknown, wrong certcheck.Code
		length         int
	}{
		{"ca.crt", "good", 0, 0, 2},
		{"ca.crt", "good+ca", 0, 0, 2},
		{"ca.crt", "expired", 0, certcheck.Expired, 2},
		{"ca.crt", "future", 0, certcheck.NotYetValid, 2},
		{"ca.crt", "stranger", certcheck.LeafUnverified, 0, 1},
		{"ca.crt", "stranger+ca", certcheck.SelfSignedInChain, 0, 2},
		{"ca.crt", "stranger-expired", certcheck.LeafUnverified, certcheck.Expired, 1},
		{"ca.crt", "self", certcheck.SelfSigned, 0, 1},
		{"ca.crt", "self-expired", certcheck.SelfSigned, certcheck.Expired, 1},
		{"trusted.crt", "trusted", 0, 0, 1},
		{"ca.crt", "deep", 0, 0, 3},
		{"ca.crt", "deep-alone", certcheck.LeafUnverified, 0, 1},
		{"ca+inter.crt", "deep-alone", 0, 0, 3},
		{"inter.crt", "deep", certcheck.NoIssuer, 0, 2},
		{"inter.crt", "deeper", certcheck.NoIssuer, 0, 3},
		{"other.crt", "deeper", certcheck.NoLocalIssuer, 0, 3},
		{"leaf.crt", "good", certcheck.LeafUnverified, 0, 1},
		{"ca.crt", "deeper-mixed", 0, 0, 4},
		{"ca.crt", "pathless", 0, certcheck.PathTooLong, 4},
		{"ca.crt", "by-no-ca", 0, certcheck.InvalidCA, 3},
		{"ca.crt", "by-web-ca", 0, certcheck.WrongPurpose, 3},
		{"ca.crt", "server", 0, certcheck.WrongPurpose, 2},
		{"ca.crt", "any", 0, certcheck.WrongPurpose, 2},
		{"ca.crt", "signer", 0, certcheck.WrongPurpose, 2},
		{"ca.crt", "ca-itself", 0, certcheck.WrongPurpose, 1},
		{"ca.crt", "forged", 0, certcheck.BadSignature, 2},
		{"ca.crt", "critical", 0, certcheck.CriticalExtension, 2},
		{"old.crt", "old-ca", 0, certcheck.Expired, 2},
		{"ca.crt", "chain-of-100", 0, 0, 2},
		{"ca.crt", "huge", 0, certcheck.TooLong, 1},
	} {
		c, ok := testkit.ClientCert(row.cert)
		if !ok {
			t.Fatal(row.cert)
		}
		v := certcheck.New(cas(t, row.cas), certcheck.Revocation{}).Check(sent(t, c), now)
		if v.Unknown.Code != row.unknown || v.Wrong.Code != row.wrong || len(v.Chain) != row.length {
			t.Errorf("%s of %s: unknown %v, wrong %v, a chain of %d; want %d, %d, %d", row.cert, row.cas, v.Unknown, v.Wrong, len(v.Chain), row.unknown, row.wrong, row.length)
		}
		if (v.Wrong.Text == "") != (v.Wrong.Code == 0) || (v.Unknown.Text == "") != (v.Unknown.Code == 0) {
			t.Errorf("%s: a failure without text: %+v", row.cert, v)
		}
	}
}

func TestJudge(t *testing.T) {
	ours := certcheck.New(cas(t, "ca.crt"), certcheck.Revocation{})
	verdict := func(name string) *certcheck.Verdict {
		c, _ := testkit.ClientCert(name)
		return ours.Check(sent(t, c), now)
	}
	var none *certcheck.Verdict
	for _, row := range []struct {
		name     string
		v        *certcheck.Verdict
		mode     certcheck.Mode
		depth    int
		want     certcheck.Code
		generous bool
	}{
		{"none", none, certcheck.None, 1, 0, false},
		{"none", none, certcheck.NoCA, 1, 0, false},
		{"none", none, certcheck.Optional, 1, 0, false},
		{"none", none, certcheck.Require, 1, certcheck.Missing, false},
		{"nothing sent", ours.Check(nil, now), certcheck.Require, 1, certcheck.Missing, false},
		{"good", verdict("good"), certcheck.Require, 1, 0, false},
		{"good", verdict("good"), certcheck.Require, 0, certcheck.TooLong, false},
		{"deep", verdict("deep"), certcheck.NoCA, 1, certcheck.TooLong, false},
		{"stranger", verdict("stranger"), certcheck.NoCA, 0, 0, true},
		{"stranger", verdict("stranger"), certcheck.Optional, 1, certcheck.LeafUnverified, false},
		{"expired", verdict("expired"), certcheck.NoCA, 1, certcheck.Expired, false},
		{"expired", verdict("expired"), certcheck.None, 1, 0, false},
	} {
		f, generous := row.v.Judge(certcheck.Demand{Mode: row.mode, Depth: row.depth})
		if f.Code != row.want || generous != row.generous {
			t.Errorf("%s, mode %d, depth %d: %v %v, want %d %v", row.name, row.mode, row.depth, f, generous, row.want, row.generous)
		}
	}
}
