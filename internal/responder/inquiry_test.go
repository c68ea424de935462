package responder

import (
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// chain returns the certificates of a file.
func chain(t testing.TB, text string) (list []*x509.Certificate) {
	t.Helper()
	for b, rest := pem.Decode([]byte(text)); b != nil; b, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(b.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, c)
	}
	return list
}

// TestInquiry: which responder an Inquiry asks, and what it makes of the response. The responder's signatures and
// times are judged in test/diff beside httpd.
func TestInquiry(t *testing.T) {
	r := testkit.StartResponder(t)
	at := "http://127.0.0.1:" + r.Port + "/"
	aia, none := chain(t, r.Files["staple/aia.full"]), chain(t, r.Files["staple/good.full"])
	for name, row := range map[string]struct {
		chain   []*x509.Certificate
		change  func(*Settings)
		asked   int
		why     string
		revoked bool
	}{
		"the certificate's":    {aia, func(*Settings) {}, 1, "", false},
		"not the default":      {aia, func(s *Settings) { s.Default = at + "revoked" }, 1, "", false},
		"overridden":           {aia, func(s *Settings) { s.Default, s.Override = at+"revoked", true }, 1, "revoked since", true},
		"overridden by none":   {aia, func(s *Settings) { s.Override = true }, 0, "names no OCSP responder", false},
		"default":              {none, func(s *Settings) { s.Default = at + "unknown" }, 1, "status is unknown", false},
		"none":                 {none, func(*Settings) {}, 0, "names no OCSP responder", false},
		"none is accepted":     {none, func(s *Settings) { s.MissingOK = true }, 0, "", false},
		"nonce":                {aia, func(s *Settings) { s.Nonce = true }, 1, "bad nonce", false},
		"too slow":             {none, func(s *Settings) { s.Default, s.Timeout = at+"hang", 50*time.Millisecond }, 1, "no response within", false},
		"another URL":          {none, func(s *Settings) { s.Default = "ftp://127.0.0.1/" }, 0, "cannot handle", false},
		"no chain":             {aia[:1], func(*Settings) {}, 0, "is not known", false},
		"both, the root apart": {aia, func(s *Settings) { s.Depth = Chain }, 1, "", false},
	} {
		s := Defaults()
		s.Depth, s.Nonce = Leaf, false
		row.change(&s)
		before := r.Requests()
		o := NewInquiry(s).Check(t.Context(), row.chain, time.Now())
		if row.why == "" && o != nil {
			t.Errorf("%s: %v", name, o.Why)
		}
		if row.why != "" && (o == nil || !strings.Contains(o.Why.Error(), row.why) || o.Revoked != row.revoked) {
			t.Errorf("%s: %+v, want %q", name, o, row.why)
		}
		if !testkit.Poll(5*time.Second, func() bool { return r.Requests()-before == row.asked }) {
			t.Errorf("%s: %d requests, want %d", name, r.Requests()-before, row.asked)
		}
	}
}

// FuzzJudge: nothing but a response that somebody with the right has signed is good.
func FuzzJudge(f *testing.F) {
	r := testkit.StartResponder(f)
	list := chain(f, r.Files["staple/good.full"])
	s := Defaults()
	q := NewInquiry(s)
	der, nonce, err := ask(list[0], list[1], true)
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range []string{"good", "delegated", "revoked", "garbage", "trylater", "foreign", "otherserial"} {
		f.Add(r.Respond(name, list[0].SerialNumber))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		_ = echoes(raw, der, nil)
		if q.judge(raw, der, nonce, list[0], list[1], time.Now()) == nil {
			t.Error("a response without the nonce is good")
		}
	})
}
