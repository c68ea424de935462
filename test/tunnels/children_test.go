package tunnels

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
	"github.com/headgate/headgate/internal/testkit/ports"
)

// roleVar names the role of a child process.
const roleVar = "TUNNELS_ROLE"

// The ends of tunnels are in child processes: only the proxy has two
// descriptors for each tunnel, and only its limit counts.
func TestMain(m *testing.M) {
	var err error
	switch os.Getenv(roleVar) {
	case "":
		testkit.Main(m)
	case "backend":
		err = backend(os.Stdin, os.Stdout)
	case "clients":
		err = clients(os.Stdin, os.Stdout)
	}
	if err != nil {
		fmt.Println("failed:", err)
	}
}

// child is this test binary in a role. It reads a command from each line of its
// input, and responds with a line: "ok" and the result, or the error.
type child struct {
	t   *testing.T
	in  io.Writer
	out *bufio.Reader
}

// start starts a child, which ends with the test.
func start(t *testing.T, role string) *child {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVar+"="+role)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close(); _ = cmd.Wait() })
	return &child{t, in, bufio.NewReader(out)}
}

// ask sends a command and returns the result.
func (c *child) ask(format string, args ...any) string {
	c.t.Helper()
	_, _ = fmt.Fprintf(c.in, format+"\n", args...)
	line, err := c.out.ReadString('\n')
	result, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "ok ")
	if err != nil || !ok {
		c.t.Fatalf("a child responds to %q with %q, %v", fmt.Sprintf(format, args...), line, err)
	}
	return result
}

// backend responds to "addr" with its address. It changes to the protocol "chat"
// on request and then echoes; it responds to any other request at once.
func backend(in io.Reader, out io.Writer) error {
	l, p, err := ports.Listen()
	if err != nil {
		return err
	}
	defer p.Release()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go converse(c)
		}
	}()
	for s := bufio.NewScanner(in); s.Scan(); {
		_, _ = fmt.Fprintln(out, "ok", l.Addr())
	}
	return nil
}

func converse(c net.Conn) {
	defer func() { _ = c.Close() }()
	br := bufio.NewReaderSize(c, 512)
	for {
		q, err := http.ReadRequest(br)
		if err != nil {
			return
		}
		if q.Header.Get("Upgrade") == "chat" {
			_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: chat\r\nConnection: Upgrade\r\n\r\n")
			// Without the methods by which net would splice: an idle splice holds a pipe.
			_, _ = io.CopyBuffer(struct{ io.Writer }{c}, struct{ io.Reader }{br}, make([]byte, 512))
			_ = c.(*net.TCPConn).CloseWrite()
			return
		}
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	}
}

// clients has the client ends. It reads "open ADDR N", "say N WORD" (to the
// first N) and "ended" (all have).
func clients(in io.Reader, out io.Writer) error {
	var cs []net.Conn
	for s := bufio.NewScanner(in); s.Scan(); {
		words := strings.Fields(s.Text())
		var err error
		switch words[0] {
		case "open":
			cs, err = openMany(cs, words[1], number(words[2]))
		case "say":
			for _, c := range cs[:number(words[1])] {
				if err = say(c, words[2]); err != nil {
					break
				}
			}
		case "ended":
			for _, c := range cs {
				if _, e := c.Read(make([]byte, 1)); e == nil {
					err = fmt.Errorf("a tunnel is left")
				}
			}
		}
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintln(out, "ok", len(cs))
	}
	return nil
}

func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// openMany opens n more tunnels.
func openMany(cs []net.Conn, addr string, n int) ([]net.Conn, error) {
	for range n {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			return nil, fmt.Errorf("tunnel %d: %w", len(cs), err)
		}
		cs = append(cs, c)
		_ = c.SetDeadline(time.Now().Add(testkit.Patience))
		_, _ = io.WriteString(c, "GET /chat HTTP/1.1\r\nHost: www.test\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n")
		var head []byte
		for b := [1]byte{}; !strings.HasSuffix(string(head), "\r\n\r\n"); head = append(head, b[0]) {
			if _, err := c.Read(b[:]); err != nil {
				return nil, fmt.Errorf("tunnel %d: %w after %q", len(cs), err, head)
			}
		}
		if !strings.HasPrefix(string(head), "HTTP/1.1 101 ") {
			return nil, fmt.Errorf("tunnel %d: %q", len(cs), head)
		}
	}
	return cs, nil
}

// say sends a word through a tunnel and waits for it to come back.
func say(c net.Conn, word string) error {
	_ = c.SetDeadline(time.Now().Add(testkit.Patience))
	_, _ = io.WriteString(c, word)
	b := make([]byte, len(word))
	if _, err := io.ReadFull(c, b); err != nil || string(b) != word {
		return fmt.Errorf("%q came back for %q: %w", b, word, err)
	}
	return nil
}
