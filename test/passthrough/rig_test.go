package passthrough

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/proxyproto"
	"github.com/headgate/headgate/internal/testkit"
	"github.com/headgate/headgate/internal/testkit/ports"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func forEngines(t *testing.T, f func(t *testing.T, engine string)) {
	for _, engine := range []string{"goroutine", "epoll"} {
		t.Run(engine, func(t *testing.T) { f(t, engine) })
	}
}

// member is a server with TLS that says its name and echoes.
type member struct {
	name   string
	header bool // a PROXY header comes first
	cfg    *tls.Config

	mu      sync.Mutex
	clients []string // of PROXY headers
	conns   map[net.Conn]bool
	total   int
	wg      sync.WaitGroup
	ln      net.Listener
}

// newMember starts one with a certificate of testkit.CertFiles.
func newMember(t *testing.T, name, cert string, header bool) *member {
	t.Helper()
	files := testkit.CertFiles()
	pair, err := tls.X509KeyPair([]byte(files["certs/"+cert+".crt"]), []byte(files["certs/"+cert+".key"]))
	if err != nil {
		t.Fatal(err)
	}
	ln, p, err := ports.Listen()
	if err != nil {
		t.Fatal(err)
	}
	m := &member{name: name, header: header, cfg: &tls.Config{Certificates: []tls.Certificate{pair}}, conns: make(map[net.Conn]bool), ln: ln}
	m.wg.Go(m.accept)
	t.Cleanup(func() {
		_ = ln.Close()
		m.mu.Lock()
		for c := range m.conns {
			_ = c.Close()
		}
		m.mu.Unlock()
		m.wg.Wait()
		p.Release()
	})
	return m
}

func (m *member) port() string { return strconv.Itoa(m.ln.Addr().(*net.TCPAddr).Port) }

func (m *member) accept() {
	for {
		c, err := m.ln.Accept()
		if err != nil {
			return
		}
		m.mu.Lock()
		m.conns[c] = true
		m.total++
		m.mu.Unlock()
		m.wg.Go(func() {
			m.serve(c)
			_ = c.Close()
			m.mu.Lock()
			delete(m.conns, c)
			m.mu.Unlock()
		})
	}
}

func (m *member) serve(c net.Conn) {
	if m.header {
		var head []byte
		for b := make([]byte, 1); ; {
			if _, err := io.ReadFull(c, b); err != nil {
				return
			}
			head = append(head, b[0])
			h, _, err := proxyproto.Parse(head)
			if errors.Is(err, proxyproto.ErrIncomplete) {
				continue
			}
			m.mu.Lock()
			m.clients = append(m.clients, fmt.Sprint(h.Client.Addr(), " ", err))
			m.mu.Unlock()
			break
		}
	}
	s := tls.Server(c, m.cfg)
	if _, err := io.WriteString(s, m.name+"\n"); err != nil {
		return
	}
	_, _ = io.Copy(s, s)
	_ = s.CloseWrite()
}

// counts returns how many connections there were, and how many are open.
func (m *member) counts() (total, open int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.total, len(m.conns)
}

// dial makes a handshake with a name and returns the first name of the certificate.
func dial(addr, from, name string) (*tls.Conn, string, error) {
	d := &net.Dialer{Timeout: testkit.Patience}
	if from != "" {
		d.LocalAddr = &net.TCPAddr{IP: net.ParseIP(from)}
	}
	raw, err := d.Dial("tcp", addr)
	if err != nil {
		return nil, "", err
	}
	_ = raw.SetDeadline(time.Now().Add(3 * testkit.Patience))
	c := tls.Client(raw, &tls.Config{ServerName: name, InsecureSkipVerify: true})
	if err := c.Handshake(); err != nil {
		_ = raw.Close()
		return nil, "", err
	}
	return c, c.ConnectionState().PeerCertificates[0].DNSNames[0], nil
}

// line reads the name of the member.
func line(c net.Conn) (string, error) {
	var out []byte
	for b := make([]byte, 1); ; {
		if _, err := io.ReadFull(c, b); err != nil {
			return "", err
		}
		if b[0] == '\n' {
			return string(out), nil
		}
		out = append(out, b[0])
	}
}

// who returns the member that a connection with a name leads to.
func who(t *testing.T, addr, from, name string) string {
	t.Helper()
	c, _, err := dial(addr, from, name)
	if err != nil {
		return "none"
	}
	defer func() { _ = c.Close() }()
	got, err := line(c)
	if err != nil {
		return "none: " + err.Error()
	}
	return got
}

// echo sends text and expects it back.
func echo(c net.Conn, text string) error {
	sent := make(chan error, 1)
	go func() { _, err := io.WriteString(c, text); sent <- err }()
	got := make([]byte, len(text))
	if _, err := io.ReadFull(c, got); err != nil {
		return err
	}
	if string(got) != text {
		return errors.New("other bytes came back")
	}
	return <-sent
}
