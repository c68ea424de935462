package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// serve starts a server at path with an echo, a failure, and one that hangs
// until the end.
func serve(t *testing.T, path string) (s *Server, hanging chan struct{}) {
	t.Helper()
	s, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	hanging = make(chan struct{})
	s.Serve(map[string]Handler{
		"echo": func(_ context.Context, args json.RawMessage) (any, error) { return args, nil },
		"fail": func(context.Context, json.RawMessage) (any, error) { return nil, errors.New("it cannot") },
		"hang": func(ctx context.Context, _ json.RawMessage) (any, error) {
			close(hanging)
			<-ctx.Done()
			return nil, ctx.Err()
		},
	})
	t.Cleanup(func() { _ = s.Close() })
	return s, hanging
}

func TestAsk(t *testing.T) {
	for _, name := range []string{"x.ctl", strings.Repeat("long", 40) + "/" + strings.Repeat("n", 60) + ".ctl"} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		s, _ := serve(t, path)
		if st, err := os.Stat(path); err != nil || st.Mode() != os.ModeSocket|0o600 {
			t.Errorf("%v %v", st.Mode(), err)
		}
		var got string
		if err := Ask(t.Context(), path, Request{Do: "echo", Args: json.RawMessage(`"hello\n"`)}, &got); err != nil || got != "hello\n" {
			t.Errorf("%q %v", got, err)
		}
		for _, row := range []struct{ do, says string }{{"fail", "it cannot"}, {"jump", `unknown request "jump"`}} {
			err := Ask(t.Context(), path, Request{Do: row.do}, nil)
			if _, ok := errors.AsType[*AnswerError](err); !ok || err.Error() != row.says {
				t.Errorf("%s: %v", row.do, err)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := Ask(t.Context(), path, Request{Do: "echo"}, nil); !errors.Is(err, ErrNone) {
			t.Errorf("after the end: %v", err)
		}
	}
}

// TestSession: several requests on one connection, and lines that are not
// requests.
func TestSession(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.ctl")
	serve(t, path)
	for _, row := range []struct{ send, want string }{
		{`{"do":"echo","args":1}` + "\n" + `{"do":"echo","args":2}` + "\n", `{"ok":true,"result":1}` + "\n" + `{"ok":true,"result":2}` + "\n"},
		{"hello\n", `{"ok":false,"error":"a request is one JSON object on a line"}` + "\n"},
		{`{"do":"echo","args":"` + strings.Repeat("x", maxLine) + "\"}\n", ""},
	} {
		c, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, row.send) // a line that is too long ends the connection
		_ = c.(*net.UnixConn).CloseWrite()
		if b, _ := io.ReadAll(bufio.NewReader(c)); string(b) != row.want {
			t.Errorf("%.40q: %q", row.send, b)
		}
		_ = c.Close()
	}
}

// TestEndWhileAsked: a client notices a server that ends, and leaves one that
// hangs when ctx ends.
func TestEndWhileAsked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.ctl")
	s, hanging := serve(t, path)
	ctx, stop := context.WithCancel(t.Context())
	answer := make(chan error, 1)
	go func() { answer <- Ask(ctx, path, Request{Do: "hang"}, nil) }()
	<-hanging
	stop()
	if err := <-answer; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	_ = s.Close()
	s, hanging = serve(t, path)
	go func() { answer <- Ask(t.Context(), path, Request{Do: "hang"}, nil) }()
	<-hanging
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-answer; !errors.Is(err, ErrCut) {
		t.Error(err)
	}
}

// TestLeftBehind: the socket of a server that was killed is replaced, a file
// that is not a socket is not.
func TestLeftBehind(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.ctl")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	_ = l.Close()
	if err := Ask(t.Context(), path, Request{Do: "echo"}, nil); !errors.Is(err, ErrNone) {
		t.Errorf("nobody listens: %v", err)
	}
	s, _ := serve(t, path)
	_ = s.Close()
	if err := os.WriteFile(path, []byte("precious"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(path); err == nil || !strings.Contains(err.Error(), "is in the way") {
		t.Error(err)
	}
}

// TestManyClients: clients above the limit are refused, and accepted once
// others have gone.
func TestManyClients(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.ctl")
	serve(t, path)
	var all []net.Conn
	for range maxClients {
		c, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
		_, _ = io.WriteString(c, `{"do":"echo","args":1}`+"\n")
		if _, err := bufio.NewReader(c).ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	if err := Ask(t.Context(), path, Request{Do: "fail"}, nil); err == nil || err.Error() == "it cannot" {
		t.Errorf("one too many: %v", err)
	}
	for _, c := range all {
		_ = c.Close()
	}
	testkit.Eventually(t, "an answer again", func() bool {
		return Ask(t.Context(), path, Request{Do: "echo", Args: json.RawMessage("1")}, nil) == nil
	})
}
