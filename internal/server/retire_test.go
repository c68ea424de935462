package server_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/headgate/headgate/internal/server"
)

// TestClosingHoldsNobody: closing a retired snapshot does not delay an event
// loop, and a stop waits for it only for a limited time.
func TestClosingHoldsNobody(t *testing.T) {
	t.Setenv("HEADGATE_LOOPS", "1")
	arrived, answer := make(chan struct{}), make(chan struct{})
	a := origin(t, func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Path == "/slow" {
			close(arrived)
			<-answer
		}
		_, _ = io.WriteString(w, "a")
	})
	r := newRig(t, "", server.Options{})
	r.write(one, "ORIGIN", a)
	r.up()
	closing, letGo := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(letGo) })
	old := r.Pipeline().Current()
	old.Parts[0].Closers = append(old.Parts[0].Closers, func() { close(closing); <-letGo })
	slow := make(chan int, 1)
	go func() {
		code, _ := get(t, r.port, "/slow")
		slow <- code
	}()
	<-arrived
	if err := r.Reload(); err != nil {
		t.Fatal(err)
	}
	close(answer)
	if code := <-slow; code != 200 {
		t.Errorf("the request of the old snapshot: %d", code)
	}
	<-closing
	for range 5 {
		if code, body := get(t, r.port, "/"); code != 200 || body != "a" {
			t.Fatalf("while the old snapshot closes: %d %q", code, body)
		}
	}
	r.Stop(false, 0, nil)
}

// TestStopAfterReload: lines for a log program that a reload has just removed
// still reach it when the server stops.
func TestStopAfterReload(t *testing.T) {
	a := origin(t, says("a"))
	r := newRig(t, "", server.Options{})
	if err := syscall.Mkfifo(r.path("go"), 0o600); err != nil {
		t.Fatal(err)
	}
	ready, err := os.OpenFile(r.path("go"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer ready.Close()
	r.write(fmt.Sprintf("%sCustomLog \"|$sh -c \\\"trap '' TERM; read x < %s; exec cat > %s\\\"\" %%U\n", one, r.path("go"), r.path("out")), "ORIGIN", a)
	r.up()
	for i := range 20 {
		get(t, r.port, fmt.Sprint("/", i))
	}
	r.write(one, "ORIGIN", a)
	if err := r.Reload(); err != nil {
		t.Fatal(err)
	}
	stopped := make(chan struct{})
	go func() { r.Stop(false, 0, nil); close(stopped) }()
	r.logs("AH00491: caught SIGTERM, shutting down")
	if _, err := io.WriteString(ready, "x\n"); err != nil {
		t.Fatal(err)
	}
	<-stopped
	b, _ := os.ReadFile(r.path("out"))
	if n := strings.Count(string(b), "\n"); n != 20 {
		t.Errorf("%d of 20 lines were written:\n%s\n%s", n, b, r.log())
	}
}

// TestStopStuckLog: a log program that reads nothing does not keep the server
// from stopping, and a second signal ends the waiting for it.
func TestStopStuckLog(t *testing.T) {
	a := origin(t, says("a"))
	r := newRig(t, "", server.Options{})
	r.write(one+"CustomLog \"|/bin/sleep 60\" %{X-Long}i\n", "ORIGIN", a)
	r.up()
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for range 40 { // more than a pipe holds
		q, err := http.NewRequest("GET", fmt.Sprintf("http://127.0.0.1:%d/", r.port), nil)
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("X-Long", strings.Repeat("y", 7000))
		res, err := c.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
	}
	signals := make(chan os.Signal, 1)
	ended := make(chan struct{})
	go func() { r.Run(signals); close(ended) }()
	signals <- syscall.SIGTERM
	r.logs("AH00491: caught SIGTERM, shutting down")
	signals <- syscall.SIGTERM
	<-ended
	r.logs("log lines lost: ")
}
