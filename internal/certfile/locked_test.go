package certfile

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// phrases is an Unlock that tries a list.
func phrases(list ...string) Unlock {
	return func(_ string, open func([]byte) error) (err error) {
		err = errors.New("no phrase")
		for _, p := range list {
			if err = open([]byte(p)); !errors.Is(err, ErrPhrase) {
				return err
			}
		}
		return err
	}
}

// TestLocked: keys in every form that OpenSSL encrypts them in.
func TestLocked(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		testkit.SkipPeer(t, "openssl is not installed")
	}
	f := folder{t, t.TempDir()}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	rsaCert, rsaText := pemText(t, "rsa", rsaKey)
	ecCert, ecText := pemText(t, "ec", ecKey(t))
	f.write("rsa.crt", rsaCert)
	f.write("rsa.key", rsaText)
	f.write("ec.crt", ecCert)
	f.write("ec.key", ecText)
	const phrase = "a phrase: with ümlaut"
	n := 0
	for _, kind := range []string{"rsa", "ec"} {
		for _, form := range []string{
			"pkcs8 -topk8", "pkcs8 -topk8 -v2 aes128", "pkcs8 -topk8 -v2 aes-192-cbc", "pkcs8 -topk8 -v2 aes256 -v2prf hmacWithSHA1", "pkcs8 -topk8 -v2 des3",
			"pkcs8 -topk8 -scrypt", "pkcs8 -topk8 -iter 1", "pkey -traditional -aes128", "pkey -traditional -aes256", "pkey -traditional -des3",
			"pkey -traditional -des", kind + " -aes192",
		} {
			args := append(strings.Fields(form), "-in", f.path(kind+".key"), "-out", f.path("locked"), "-passout", "pass:"+phrase)
			if strings.HasSuffix(form, "-des") {
				args = append(args, "-provider", "legacy", "-provider", "default")
			}
			if out, err := exec.Command(openssl, args...).CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s", form, err, out)
			}
			files := Files{f.path(kind + ".crt"), f.path("locked")}
			p, err := Load(files, Access{Unlock: phrases("wrong", "", phrase)})
			if err != nil || p.Certificate().PrivateKey == nil {
				t.Errorf("%s %s: %v", kind, form, err)
			}
			if _, err := Load(files, Access{Unlock: phrases("wrong", "Wrong")}); !errors.Is(err, ErrPhrase) {
				t.Errorf("%s %s, wrong phrases: %v", kind, form, err)
			}
			if _, err := Load(files, Access{}); !errors.Is(err, errEncrypted) {
				t.Errorf("%s %s, nobody asked: %v", kind, form, err)
			}
			n++
		}
	}
	t.Logf("%d keys", n)
}

// TestRenewedLocked: a changed key is decrypted by Again; one that it has no phrase for
// leaves the earlier one in use.
func TestRenewedLocked(t *testing.T) {
	f := folder{t, t.TempDir()}
	write := func(name, phrase string) {
		cert, private := pemText(t, name, ecKey(t))
		f.write("c", cert)
		f.write("k", testkit.Lock(t, private, phrase))
	}
	write("first", "one")
	p, err := Load(f.files(), Access{Unlock: phrases("one"), Again: phrases("two")})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ name, phrase, serves string }{{"second", "one", "first"}, {"third", "two", "third"}} {
		write(row.name, row.phrase)
		_, err1 := p.Look()
		_, err2 := p.Look()
		if got := p.Certificate().Leaf.Subject.CommonName; got != row.serves || err1 != nil || (err2 == nil) != (row.serves == row.name) {
			t.Errorf("%s: serves %s, %v, %v", row.name, got, err1, err2)
		}
	}
}

// TestSealed: a pair can be had without its key, and other faults are still found.
func TestSealed(t *testing.T) {
	f := folder{t, t.TempDir()}
	cert, private := pemText(t, "a", ecKey(t))
	f.write("c", cert)
	f.write("k", testkit.Lock(t, private, "x"))
	sealed := Access{Unlock: func(string, func([]byte) error) error { return ErrSealed }}
	if p, err := Load(f.files(), sealed); err != nil || p.Certificate().PrivateKey != nil {
		t.Errorf("%v", err)
	}
	f.write("c", cert[:100])
	if _, err := Load(f.files(), sealed); !errors.Is(err, errCut) {
		t.Errorf("%v", err)
	}
}

// TestDamagedLocked cuts and changes encrypted keys: there is an error, and no panic.
func TestDamagedLocked(t *testing.T) {
	_, private := pemText(t, "a", ecKey(t))
	b, _ := pem.Decode([]byte(testkit.Lock(t, private, "x")))
	for i := range b.Bytes {
		for _, der := range [][]byte{b.Bytes[:i], append(append([]byte(nil), b.Bytes[:i]...), append([]byte{b.Bytes[i] ^ 1}, b.Bytes[i+1:]...)...)} {
			text := pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: der})
			if key, err := privateKey(text, "", phrases("x")); (err == nil) != (key != nil) {
				t.Errorf("byte %d: %v, %v", i, key, err)
			}
		}
	}
}

// TestCostly: a key whose encryption asks for hours is refused at once.
func TestCostly(t *testing.T) {
	_, private := pemText(t, "a", ecKey(t))
	b, _ := pem.Decode([]byte(testkit.Lock(t, private, "x")))
	i := strings.Index(string(b.Bytes), "\x02\x01\x01\x30") // the one round, before the name of the hash
	if i < 0 {
		t.Fatal("no rounds found")
	}
	if steps, _ := cost(b.Bytes); steps != 1 {
		t.Errorf("%d rounds", steps)
	}
	l := locked{}
	if _, err := asn1.Unmarshal(b.Bytes, &l); err != nil {
		t.Fatal(err)
	}
	params := []byte(strings.Replace(string(l.Algorithm.Params.Derivation.Params.Bytes), "\x02\x01\x01\x30", "\x02\x04\x7f\xff\xff\xff\x30", 1))
	l.Algorithm.Params.Derivation.Params = asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: params}
	der, err := asn1.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decrypt(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: der}, []byte("x")); !errors.Is(err, errCostly) {
		t.Error(err)
	}
}

func FuzzLocked(f *testing.F) {
	_, private := pemText(f, "a", ecKey(f))
	f.Add(testkit.Lock(f, private, "x"), "x")
	for _, dek := range []string{"AES-256-CBC,C6AAA1A1808A1BA72806F508957B5CE9", "DES-EDE3-CBC,24ABA81CEF9EAC4E", "X", "AES-128-CBC,00"} {
		f.Add(fmt.Sprintf("-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: %s\n\nAAAAAAAAAAAAAAAAAAAAAA==\n-----END EC PRIVATE KEY-----\n", dek), "x")
	}
	f.Fuzz(func(t *testing.T, text, phrase string) {
		costly := false
		_ = blocks([]byte(text), func(b *pem.Block) bool {
			steps, memory := cost(b.Bytes)
			costly = costly || min(steps, mostSteps) > 10_000 || min(memory, mostMemory) > 1<<20
			return true
		})
		if costly {
			return
		}
		if key, err := privateKey([]byte(text), "", phrases(phrase)); (err == nil) != (key != nil) {
			t.Errorf("%v, %v", key, err)
		}
	})
}
