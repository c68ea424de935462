package stapling

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/certfile"
	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// rig is a responder with the certificates for it, and a Keeper whose clock can be moved.
type rig struct {
	*testing.T
	responder *testkit.Responder
	dir       string
	keeper    *Keeper

	mu    sync.Mutex
	ahead time.Duration
	said  []string
}

func newRig(t *testing.T) *rig {
	r := &rig{T: t, responder: testkit.StartResponder(t), dir: t.TempDir()}
	for name, text := range r.responder.Files {
		r.write(name, text)
	}
	r.restart()
	return r
}

func (r *rig) write(name, text string) {
	r.Helper()
	path := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		r.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		r.Fatal(err)
	}
}

// restart makes another Keeper.
func (r *rig) restart() {
	if r.keeper != nil {
		r.keeper.Close()
	}
	r.keeper = NewKeeper()
	r.keeper.now = func() time.Time {
		r.mu.Lock()
		defer r.mu.Unlock()
		return time.Now().Add(r.ahead)
	}
	r.Cleanup(r.keeper.Close)
}

func (r *rig) later(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ahead += d
}

// says returns what was reported since the last call.
func (r *rig) says() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := strings.Join(r.said, "\n")
	r.said = nil
	return text
}

// subject loads the certificate of a name, for the responder's path.
func (r *rig) subject(name, path string, change func(*Settings)) Subject {
	r.Helper()
	p, err := certfile.Load(certfile.Files{filepath.Join(r.dir, "staple", name+".full"), filepath.Join(r.dir, "staple", name+".key")}, certfile.Access{})
	if err != nil {
		r.Fatal(err)
	}
	s := Subject{Pair: p, Settings: Defaults(), Report: func(l Level, id, text string) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.said = append(r.said, fmt.Sprintf("%d %s %s", l, id, text))
	}}
	s.ForceURL, s.Timeout = "http://127.0.0.1:"+r.responder.Port+"/"+path, 5*time.Second
	if change != nil {
		change(&s.Settings)
	}
	return s
}

func (r *rig) file() string { return filepath.Join(r.dir, File) }

// becomes waits until what goes with a certificate is want.
func (r *rig) becomes(s Subject, want string) {
	r.Helper()
	got := ""
	if !testkit.Poll(testkit.Patience, func() bool {
		got = testkit.Stapled(s.Pair.Certificate().OCSPStaple)
		return got == want
	}) {
		r.Errorf("%s is stapled, want %s: %s", got, want, r.says())
	}
}

// asked waits for a number of requests.
func (r *rig) asked(n int) {
	r.Helper()
	if !testkit.Poll(testkit.Patience, func() bool { return r.responder.Requests() >= n }) || r.responder.Requests() > n {
		r.Errorf("%d requests, want %d", r.responder.Requests(), n)
	}
}

// taken waits until no request is under way: what the responder has sent is in use.
func (r *rig) taken() {
	r.Helper()
	idle := func() bool {
		r.keeper.mu.Lock()
		defer r.keeper.mu.Unlock()
		return r.keeper.running == 0
	}
	if !testkit.Poll(testkit.Patience, idle) {
		r.Fatal("a request does not end")
	}
}

// TestRenewal: a response is requested again after StandardCacheTimeout, and when half
// of its time has passed; while that fails the earlier one stays, until it expires.
func TestRenewal(t *testing.T) {
	r := newRig(t)
	url := "good"
	s := r.subject("good", url, nil)
	r.keeper.Use(r.file(), []Subject{s})
	r.becomes(s, "good")
	first := s.Pair.Certificate().OCSPStaple
	r.asked(1)
	r.later(30 * time.Minute)
	r.asked(1)
	r.later(31 * time.Minute)
	r.asked(2)
	r.taken()
	// The same certificate, and a responder that fails from now on.
	hanging := r.subject("good", "hang", func(s *Settings) { s.Timeout = 100 * time.Millisecond })
	r.keeper.mu.Lock()
	for id, e := range r.keeper.entries {
		delete(r.keeper.entries, id)
		id.Settings = hanging.Settings
		e.key = id
		r.keeper.entries[id] = e
	}
	r.keeper.mu.Unlock()
	r.keeper.Use(r.file(), []Subject{hanging})
	r.becomes(hanging, "good")
	r.later(2 * time.Hour)
	if !testkit.Poll(testkit.Patience, func() bool { return strings.Contains(r.says(), "stays the earlier one: no response within 100ms") }) {
		t.Error("the failure was not reported")
	}
	r.becomes(hanging, "good")
	r.later(30 * time.Hour)
	r.becomes(hanging, "error try later")
	if bytes.Equal(first, hanging.Pair.Certificate().OCSPStaple) {
		t.Error("an expired response is sent")
	}
}

// TestRestart: responses outlive a restart, and are checked again. A file with something
// else is reported and ignored.
func TestRestart(t *testing.T) {
	r := newRig(t)
	s := r.subject("good", "good", nil)
	r.keeper.Use(r.file(), []Subject{s})
	r.becomes(s, "good")
	if !testkit.Poll(testkit.Patience, func() bool { _, err := os.Stat(r.file()); return err == nil }) {
		t.Fatal("there is no file")
	}
	text, err := os.ReadFile(r.file())
	if err != nil {
		t.Fatal(err)
	}
	r.restart()
	s = r.subject("good", "good", nil)
	r.keeper.Use(r.file(), []Subject{s})
	if got := testkit.Stapled(s.Pair.Certificate().OCSPStaple); got != "good" {
		t.Errorf("at once after a restart: %s", got)
	}
	r.asked(1)
	for _, row := range []struct{ name, text, says string }{
		{"cut", string(text[:len(text)/2]), "are lost"},
		{"empty", "", "are lost"},
		{"another version", `{"version":7}`, "version 7"},
		{"no responses", `{"version":1}`, ""},
		{"a foreign response", strings.Replace(string(text), `"der":"MII`, `"der":"MIJ`, 1), ""},
	} {
		r.restart()
		r.says()
		before := r.responder.Requests()
		r.write(File, row.text)
		s = r.subject("good", "good", nil)
		r.keeper.Use(r.file(), []Subject{s})
		if said := r.says(); !strings.Contains(said, row.says) || row.says == "" && said != "" {
			t.Errorf("%s: %q", row.name, said)
		}
		r.becomes(s, "good")
		r.asked(before + 1)
	}
	// Long after: it has expired.
	if !testkit.Poll(testkit.Patience, func() bool { b, _ := os.ReadFile(r.file()); return len(b) > 500 }) {
		t.Error("the file was not written again")
	}
	r.restart()
	r.later(40 * time.Hour)
	s = r.subject("good", "good", nil)
	r.keeper.Use(r.file(), []Subject{s})
	if s.Pair.Certificate().OCSPStaple != nil {
		t.Error("an expired response was restored")
	}
	// A folder that is not there.
	r.restart()
	r.says()
	s = r.subject("nonext", "nonext", nil)
	r.keeper.Use(filepath.Join(r.dir, "none", File), []Subject{s})
	if !testkit.Poll(testkit.Patience, func() bool { return strings.Contains(r.says(), "cannot be kept for a restart") }) {
		t.Error("a file that cannot be written was not reported")
	}
}

// TestRenewedCertificate: a certificate that was read again gets its own response.
func TestRenewedCertificate(t *testing.T) {
	r := newRig(t)
	s := r.subject("good", "good", nil)
	r.keeper.Use("", []Subject{s})
	r.becomes(s, "good")
	old := s.Pair.Certificate()
	for _, kind := range []string{".full", ".key"} {
		r.write("staple/good"+kind, r.responder.Files["staple/delegated"+kind])
	}
	for range 2 {
		if _, err := s.Pair.Look(); err != nil {
			t.Fatal(err)
		}
	}
	c := s.Pair.Certificate()
	if c.Leaf.Equal(old.Leaf) || len(c.OCSPStaple) > 0 && bytes.Equal(c.OCSPStaple, old.OCSPStaple) {
		t.Fatal("the old response goes with the new certificate")
	}
	r.becomes(s, "good")
	r.asked(2)
}

// TestUse: a certificate that is not named any more is not asked about; other settings take
// over the response that there is.
func TestUse(t *testing.T) {
	r := newRig(t)
	a, b := r.subject("good", "good", nil), r.subject("revoked", "revoked", nil)
	r.keeper.Use("", []Subject{a, b, a})
	r.becomes(a, "good")
	r.becomes(b, "revoked")
	r.asked(2)
	again := r.subject("good", "good", nil)
	r.keeper.Use("", []Subject{again})
	if got := testkit.Stapled(again.Pair.Certificate().OCSPStaple); got != "good" {
		t.Errorf("after a reload: %s", got)
	}
	r.later(2 * time.Hour)
	r.asked(3)
	other := r.subject("good", "good", func(s *Settings) { s.Skew = time.Hour })
	r.keeper.Use("", []Subject{other})
	if got := testkit.Stapled(other.Pair.Certificate().OCSPStaple); got != "good" {
		t.Errorf("with other settings: %s", got)
	}
	r.asked(3)
	r.keeper.Use("", nil)
	r.later(2 * time.Hour)
	r.asked(3)
}

// TestAdd: subjects that were added are asked about until that ends, and those that were
// there before go on.
func TestAdd(t *testing.T) {
	r := newRig(t)
	a, b := r.subject("good", "good", nil), r.subject("revoked", "revoked", nil)
	end := r.keeper.Add("", []Subject{a, b})
	r.becomes(a, "good")
	r.becomes(b, "revoked")
	again := r.subject("good", "good", nil)
	endAgain := r.keeper.Add("", []Subject{again})
	if got := testkit.Stapled(again.Pair.Certificate().OCSPStaple); got != "good" {
		t.Errorf("one more with the same certificate: %s", got)
	}
	end()
	r.asked(2)
	r.later(2 * time.Hour)
	r.asked(3)
	endAgain()
	end()
	r.later(2 * time.Hour)
	r.asked(3)
}

// TestClose does not wait for a responder that hangs.
func TestClose(t *testing.T) {
	r := newRig(t)
	var list []Subject
	for _, name := range []string{"good", "hang", "drip", "big", "old"} {
		for _, skew := range []time.Duration{0, time.Hour} {
			list = append(list, r.subject(name, "hang", func(s *Settings) { s.Skew, s.Timeout = skew, time.Hour }))
		}
	}
	r.keeper.Use("", list)
	if !testkit.Poll(testkit.Patience, func() bool {
		r.keeper.mu.Lock()
		defer r.keeper.mu.Unlock()
		return r.keeper.running == mostAtOnce
	}) {
		t.Error("requests are not limited, or not made")
	}
	begun := time.Now()
	r.keeper.Close()
	if d := time.Since(begun); d > 5*time.Second {
		t.Errorf("Close took %v", d)
	}
}

func TestCheck(t *testing.T) {
	r := newRig(t)
	for name, want := range map[string]string{"aia": "", "good": "names no OCSP responder", "alone": "does not have the certificate's issuer"} {
		s := r.subject(name, "good", nil)
		if name != "alone" {
			s.ForceURL = ""
		}
		if err := Check(s.Pair.Certificate(), s.Settings); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !Required(r.subject("must", "good", nil).Pair.Certificate().Leaf) || Required(r.subject("aia", "", nil).Pair.Certificate().Leaf) {
		t.Error("must-staple is not told from others")
	}
}

func FuzzJudge(f *testing.F) {
	r := testkit.StartResponder(f)
	dir := f.TempDir()
	cert, key := filepath.Join(dir, "c"), filepath.Join(dir, "k")
	if os.WriteFile(cert, []byte(r.Files["staple/good.full"]), 0o600) != nil || os.WriteFile(key, []byte(r.Files["staple/good.key"]), 0o600) != nil {
		f.Fatal("no files")
	}
	p, err := certfile.Load(certfile.Files{cert, key}, certfile.Access{})
	if err != nil {
		f.Fatal(err)
	}
	c := p.Certificate()
	issuer, err := issuerOf(c)
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range []string{"good", "delegated", "revoked", "trylater", "garbage", "noeku", "nonext"} {
		f.Add(r.Respond(path, c.Leaf.SerialNumber))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		v := judge(raw, c.Leaf, issuer, Defaults(), time.Now())
		if v.good && !bytes.Equal(v.staple, raw) || !v.good && v.why == nil {
			t.Errorf("%+v", v)
		}
	})
}

func FuzzFile(f *testing.F) {
	f.Add([]byte(`{"version":1,"responses":{"a b":{"fetched":"2026-01-01T00:00:00Z","der":"AAAA"}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if k, err := parse(text); err == nil && k.Responses == nil {
			t.Error("no map")
		}
	})
}
