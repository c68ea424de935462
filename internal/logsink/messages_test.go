package logsink

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

// daemon is a socket of datagrams that collects what it gets.
type daemon struct {
	conn *net.UnixConn
	got  chan string
}

func listenAt(t *testing.T, path string) *daemon {
	t.Helper()
	_ = os.Remove(path) // of a daemon before
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	d := &daemon{conn, make(chan string, 1000)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		buf := make([]byte, 1<<17)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			d.got <- string(buf[:n])
		}
	}()
	t.Cleanup(func() {
		_ = conn.Close()
		<-ended
	})
	return d
}

func (d *daemon) next(t *testing.T) string {
	t.Helper()
	select {
	case m := <-d.got:
		return m
	case <-time.After(testkit.Patience):
		t.Fatal("no message")
		return ""
	}
}

// messages returns a registry whose messages go to one socket.
func messages(t *testing.T) (*Registry, string) {
	t.Helper()
	path := filepath.Join(plainDir(t), "socket")
	r := NewRegistry(Options{Loops: 1, Syslog: []string{path}, Journal: []string{path}})
	t.Cleanup(r.Close)
	return r, path
}

func TestSyslog(t *testing.T) {
	r, path := messages(t)
	d := listenAt(t, path)
	out, err := r.Error("syslog:local1:tag")
	if err != nil {
		t.Fatal(err)
	}
	levels := DefaultLevels()
	log := NewErrorLog(out, &levels)
	log.Logf(Record{Level: Notice, Module: "core"}, "not at this level")
	log.Logf(Record{Level: Error, Module: "proxy", ID: "AH1"}, "down")
	log.Logf(Record{Level: Trace2, Module: "proxy"}, "deep")
	lines := access(t, r, "syslog:local1:tag") // another appender: its lines have no severity
	lines.line(0, "1 GET /")
	out.Flush()
	lines.Flush()
	stamp := `[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d tag\[` + fmt.Sprint(os.Getpid()) + `\]: `
	for _, want := range []string{
		`^<139>` + stamp + `\[proxy:error\] \[pid .*\] AH1: down\n$`, `^<143>` + stamp + `\[proxy:trace2\] .*deep\n$`, `^<142>` + stamp + `1 GET /\n$`,
	} {
		if got := d.next(t); !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("%q, want %s", got, want)
		}
	}
}

func TestJournal(t *testing.T) {
	r, path := messages(t)
	d := listenAt(t, path)
	out, err := r.Error("journald")
	if err != nil {
		t.Fatal(err)
	}
	levels := DefaultLevels()
	log := NewErrorLog(out, &levels)
	log.Logf(Record{Level: Notice, Module: "core"}, "resuming") // as in files, whatever LogLevel says
	log.Logf(Record{Level: Emerg, Module: "core"}, "all is lost")
	log.Logf(Record{Level: Error, Module: "core"}, "down")
	out.Flush()
	lines := access(t, r, "journald:shop")
	lines.line(0, "GET /")
	lines.Flush()
	for i, want := range []string{
		"PRIORITY=5\nSYSLOG_IDENTIFIER=@\nLOG=error_log\nMESSAGE=*resuming\n",
		"PRIORITY=1\nSYSLOG_IDENTIFIER=@\nLOG=error_log\nMESSAGE=*all is lost\n", "PRIORITY=3\nSYSLOG_IDENTIFIER=@\nLOG=error_log\nMESSAGE=*down\n",
		"PRIORITY=6\nSYSLOG_IDENTIFIER=@\nLOG=shop\nMESSAGE=GET /\n",
	} {
		before, after, _ := strings.Cut(strings.Replace(want, "@", program(), 1), "*")
		if got := d.next(t); !strings.HasPrefix(got, before) || !strings.HasSuffix(got, after) {
			t.Errorf("message %d: %q", i, got)
		}
	}
	if got := appendJournalField(nil, "MESSAGE", []byte("a\nb")); !bytes.Equal(got, []byte("MESSAGE\n\x03\x00\x00\x00\x00\x00\x00\x00a\nb\n")) {
		t.Errorf("%q", got)
	}
}

// TestDeadDaemon: a daemon that is not there stops nothing; what is lost is counted
// and said once; a daemon that comes back gets the next lines.
func TestDeadDaemon(t *testing.T) {
	r, path := messages(t)
	var errors syncBuffer
	r.ReportTo(NewStartupLog(&errors))
	a := access(t, r, "syslog")
	a.line(0, "lost")
	a.line(0, "lost too")
	a.Flush()
	if n := r.Lost(); n != 2 {
		t.Errorf("%d lines lost, want 2", n)
	}
	r.reportLoss(a)
	if !strings.Contains(errors.String(), "No such file or directory: log lines lost: 2 of syslog") {
		t.Errorf("said %q", errors.String())
	}
	d := listenAt(t, path)
	a.line(0, "first")
	a.Flush()
	d.next(t)
	_ = d.conn.Close() // it is restarted
	d = listenAt(t, path)
	a.line(0, "second")
	a.Flush()
	if got := d.next(t); !strings.HasSuffix(got, ": second\n") {
		t.Errorf("%q", got)
	}
}

// TestStuckDaemon: a daemon that does not read stops neither requests nor the end.
func TestStuckDaemon(t *testing.T) {
	r, path := messages(t)
	_ = os.Remove(path)
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	a := access(t, r, "journald")
	for range 10_000 {
		a.line(0, "GET / that nobody reads")
	}
	a.Wake()
	began := time.Now()
	r.Force()
	a.Release()
	if d := time.Since(began); d > closeGrace {
		t.Errorf("closing took %v", d)
	}
}

// TestStreamDaemon: a daemon with a stream only.
func TestStreamDaemon(t *testing.T) {
	r, path := messages(t)
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a := access(t, r, "syslog::x")
	a.line(0, "one")
	a.line(0, strings.Repeat("long", 20_000))
	a.Wake()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	a.Release()
	var got bytes.Buffer
	if _, err := got.ReadFrom(conn); err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(got.Bytes(), []byte("\n")); n != 2 || got.Len() > maxMessage+200 {
		t.Errorf("%d lines, %d bytes", n, got.Len())
	}
}

func TestSyslogName(t *testing.T) {
	for dest, want := range map[string]string{
		"syslog": "23 x", "syslog:local1": "17 x", "syslog::tag": "23 tag", "syslog:USER:tag": "1 tag", "syslog:odd": "23 x",
	} {
		facility, tag := syslogName(dest)
		if tag != "tag" {
			tag = "x"
		}
		if got := fmt.Sprint(facility, " ", tag); got != want {
			t.Errorf("%s: %s, want %s", dest, got, want)
		}
	}
}
