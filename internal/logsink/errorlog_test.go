package logsink

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

var fixed = time.Date(2026, 11, 2, 18, 7, 6, 833844_000, time.Local)

// opened returns an error log over a file, and a function that reads the file
// without the process and thread.
func opened(t *testing.T) (*ErrorLog, func() string) {
	t.Helper()
	r := NewRegistry(Options{Loops: 1, Now: func() time.Time { return fixed }})
	t.Cleanup(r.Close)
	path := filepath.Join(t.TempDir(), "error.log")
	a, err := r.Error(path)
	if err != nil {
		t.Fatal(err)
	}
	levels := DefaultLevels()
	return NewErrorLog(a, &levels), func() string {
		a.Flush()
		pid := fmt.Sprintf("[pid %d:tid ", os.Getpid())
		before, after, _ := strings.Cut(read(t, path), pid)
		_, after, _ = strings.Cut(after, "] ")
		return before + "[P] " + after
	}
}

func TestErrorLogFormat(t *testing.T) {
	refused := &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	tests := []struct {
		rec  Record
		msg  string
		want string
	}{
		{Record{Level: Notice, Module: "core", ID: "AH00094"}, "Command line: 'headgate'",
			"[core:notice] [P] AH00094: Command line: 'headgate'"},
		{Record{Level: Error, Module: "proxy", ID: "AH00957", Err: refused}, "http: attempt to connect to 127.0.0.1:1 failed",
			"[proxy:error] [P] (111)Connection refused: AH00957: http: attempt to connect to 127.0.0.1:1 failed"},
		{Record{Level: Error, Module: "proxy_http", ID: "AH01114", Client: "127.0.0.1:58190", Referer: "http://x/\"\x1b[1m\\"}, "HTTP: failed",
			`[proxy_http:error] [P] [client 127.0.0.1:58190] AH01114: HTTP: failed, referer: http://x/"\x1b[1m\\`},
		{Record{Level: Warn, Module: "proxy", Client: "[2001:db8::1]:80", LogID: "AbC"}, "a\nb\tc\xe9",
			`[proxy:warn] [P] [client 2001:db8::1:80] a\nb\tc\xe9 (id AbC)`},
		{Record{Level: Trace3, Module: "http1", Remote: "10.0.0.1:80"}, "x", "[http1:trace3] [P] [remote 10.0.0.1:80] x"},
	}
	for _, c := range tests {
		log, got := opened(t)
		log.Logf(c.rec, "%s", c.msg)
		if g, want := got(), "[Mon Nov 02 18:07:06.833844 2026] "+c.want+"\n"; g != want {
			t.Errorf(" got %q\nwant %q", g, want)
		}
	}
}

func TestErrorLogLineIsBounded(t *testing.T) {
	log, got := opened(t)
	log.Logf(Record{Level: Error, Module: "core"}, "%s", strings.Repeat("\x00", 5000))
	if g := got(); len(g) > maxLine || strings.Count(g, "\n") != 1 {
		t.Errorf("%d bytes, %d lines", len(g), strings.Count(g, "\n"))
	}
}

func TestNoLogIsSilent(t *testing.T) {
	var none *ErrorLog
	none.Logf(Record{}, "nothing")
	new(ErrorLog).Logf(Record{}, "nothing")
}

func TestStartupLog(t *testing.T) {
	var b bytes.Buffer
	NewStartupLog(&b).Logf(Record{Level: Error, Module: "core", ID: "AH00558", Err: syscall.EACCES}, "no\x07 bell")
	if got := b.String(); got != `(13)Permission denied: AH00558: no\x07 bell`+"\n" {
		t.Errorf("got %q", got)
	}
}

func TestErrno(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{nil, ""}, {errors.New("x"), ""}, {fmt.Errorf("a: %w", syscall.ECONNRESET), "(104)Connection reset by peer"},
		{os.ErrDeadlineExceeded, "(70007)The timeout specified has expired"},
		{context.DeadlineExceeded, "(70007)The timeout specified has expired"},
		{io.ErrUnexpectedEOF, "(70014)End of file found"},
	} {
		got, ok := AppendErrno(nil, c.err)
		if string(got) != c.want || ok != (c.want != "") {
			t.Errorf("%v: %q", c.err, got)
		}
	}
}

func TestSlogHandler(t *testing.T) {
	log, got := opened(t)
	l := slog.New(log.Handler()).With("module", "proxy", "worker", "http://a b").WithGroup("g")
	l.Info("not enabled")
	l.Error("failed", "n", 3, slog.Group("in", "x", true))
	want := "[Mon Nov 02 18:07:06.833844 2026] [proxy:error] [P] failed worker=\"http://a b\" g.n=3 g.in.x=true\n"
	if g := got(); g != want {
		t.Errorf(" got %q\nwant %q", g, want)
	}
	log, got = opened(t)
	slog.New(log.Handler()).Log(context.Background(), Notice.Slog(), "up",
		"id", "AH00489", "client", "1.2.3.4:5", "logid", "L", "referer", "r", "err", syscall.EPIPE)
	want = "[Mon Nov 02 18:07:06.833844 2026] [core:notice] [P] (32)Broken pipe: [client 1.2.3.4:5] AH00489: up (id L), referer: r\n"
	if g := got(); g != want {
		t.Errorf(" got %q\nwant %q", g, want)
	}
	log, got = opened(t)
	slog.New(log.Handler()).Warn("odd", "err", errors.New("no number"), "remote", "r:1")
	want = "[Mon Nov 02 18:07:06.833844 2026] [core:warn] [P] [remote r:1] odd err=\"no number\"\n"
	if g := got(); g != want {
		t.Errorf(" got %q\nwant %q", g, want)
	}
	for l := Emerg; l <= Trace8; l++ {
		if levelOfSlog(l.Slog()) != l {
			t.Errorf("%v does not survive slog", l)
		}
	}
}
