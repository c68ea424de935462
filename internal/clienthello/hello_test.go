package clienthello

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
)

// hello returns what crypto/tls sends first.
func hello(t testing.TB, c *tls.Config) []byte {
	t.Helper()
	client, server := net.Pipe()
	done := make(chan struct{})
	go func() { defer close(done); _ = tls.Client(client, c).Handshake() }()
	head := make([]byte, recordHead)
	if _, err := io.ReadFull(server, head); err != nil {
		t.Fatal(err)
	}
	body := make([]byte, int(head[3])<<8|int(head[4]))
	if _, err := io.ReadFull(server, body); err != nil {
		t.Fatal(err)
	}
	_ = server.Close()
	<-done
	return append(head, body...)
}

// spread puts the message of one record into records of n bytes.
func spread(b []byte, n int) (out []byte) {
	for m := b[recordHead:]; len(m) > 0; {
		k := min(n, len(m))
		out = append(append(out, handshake, 3, 1, byte(k>>8), byte(k)), m[:k]...)
		m = m[k:]
	}
	return out
}

func configs() map[string]*tls.Config {
	long := strings.Repeat("p", 250)
	many := make([]string, 50)
	for i := range many {
		many[i] = long
	}
	return map[string]*tls.Config{
		"a.test":       {ServerName: "a.test"},
		"A_b-9.x.test": {ServerName: "A_b-9.x.test"},
		"":             {InsecureSkipVerify: true},
		"old.test":     {ServerName: "old.test", MaxVersion: tls.VersionTLS12},
		"big.test":     {ServerName: "big.test", NextProtos: many},
	}
}

func TestServerName(t *testing.T) {
	for want, c := range configs() {
		b := hello(t, c)
		for _, n := range []int{1, 2, 3, 4, 5, 100, mostRecord} {
			s := spread(b, n)
			if len(s) > MaxSize {
				continue
			}
			if got, err := ServerName(append(s, "\x14\x03\x03more"...)); got != want || err != nil {
				t.Errorf("%q in records of %d bytes: %q, %v", want, n, got, err)
			}
			for i := range s {
				if _, err := ServerName(s[:i]); !errors.Is(err, ErrIncomplete) {
					t.Fatalf("%q in records of %d bytes, %d of them: %v", want, n, i, err)
				}
			}
		}
	}
}

func TestNone(t *testing.T) {
	b := string(hello(t, &tls.Config{ServerName: "name.test"}))
	with := func(name string) string { return strings.ReplaceAll(b, "name.test", name) }
	at := strings.Index(b, "name.test")
	for what, in := range map[string]string{
		"HTTP":                      "GET / HTTP/1.1\r\n",
		"SSL 2":                     "\x80\x2e\x01\x03\x01",
		"an alert":                  "\x15\x03\x01\x00\x02\x01\x00",
		"an empty record":           "\x16\x03\x01\x00\x00",
		"a record that is too long": "\x16\x03\x01\x40\x01",
		"another message":           "\x16\x03\x01\x00\x04\x02\x00\x00\x10",
		"a message of 16 MiB":       "\x16\x03\x01\x00\x04\x01\xff\xff\xff",
		"a control character":       with("name\n.tes"),
		"a NUL":                     with("name\x00.tes"),
		"a colon":                   with("name:.tes"),
		"a dot at the end":          with("name.tes."),
		"a dot at the beginning":    with(".ame.test"),
		"another type of name":      b[:at-3] + "\x01" + b[at-2:],
		"a longer name":             b[:at-1] + "\x0a" + b[at:],
		"a longer list":             b[:at-4] + "\x0d" + b[at-3:],
		"16 KiB that do not end":    strings.Repeat("\x16\x03\x01\x00\x01\x01", 1+MaxSize/6),
	} {
		if name, err := ServerName([]byte(in)); !errors.Is(err, ErrNone) {
			t.Errorf("%s: %q, %v", what, name, err)
		}
	}
	if name, err := ServerName(spread([]byte(b), 1)[:0]); name != "" || !errors.Is(err, ErrIncomplete) {
		t.Errorf("nothing: %q, %v", name, err)
	}
}

// FuzzServerName: every beginning of a hello is incomplete, what follows it changes nothing, records do not matter, and
// a name is one that a Host field may hold.
func FuzzServerName(f *testing.F) {
	for _, c := range configs() {
		f.Add(hello(f, c), 7)
	}
	f.Add([]byte("GET / HTTP/1.1\r\n"), 1)
	f.Fuzz(func(t *testing.T, b []byte, n int) {
		name, err := ServerName(b)
		if errors.Is(err, ErrIncomplete) {
			if len(b) >= MaxSize {
				t.Errorf("%d bytes are not enough", len(b))
			}
			return
		}
		if strings.ContainsAny(name, "\r\n\x00 :/") || err != nil && name != "" {
			t.Errorf("%q, %v", name, err)
		}
		if again, e := ServerName(append(b[:len(b):len(b)], "more"...)); again != name || !errors.Is(e, err) {
			t.Errorf("%q, %v; with more behind it %q, %v", name, err, again, e)
		}
		if err != nil {
			return
		}
		m, err := message(b)
		if err != nil {
			t.Fatal(err)
		}
		whole := append([]byte{handshake, 3, 1, 0, 0, clientHello, byte(len(m) >> 16), byte(len(m) >> 8), byte(len(m))}, m...)
		if s := spread(whole, 1+n&0xFFF); len(s) <= MaxSize {
			if again, e := ServerName(s); again != name || e != nil {
				t.Errorf("%q; spread %q, %v", name, again, e)
			}
		}
	})
}
