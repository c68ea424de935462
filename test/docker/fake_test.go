package docker

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/events"
)

// fake is a daemon that has as many containers as a test says, at the other end of
// the client's transport.
type fake struct {
	socket string

	mu     sync.Mutex
	all    map[string]json.RawMessage // by id
	events []chan events.Message
	listed int // containers that it has listed
}

// newFake starts a daemon at a socket.
func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{socket: filepath.Join(t.TempDir(), "d.sock"), all: map[string]json.RawMessage{}}
	l, err := net.Listen("unix", f.socket)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: f}
	var wait sync.WaitGroup
	wait.Go(func() { _ = s.Serve(l) })
	t.Cleanup(func() { _ = s.Close(); wait.Wait() })
	return f
}

// ServeHTTP responds as a daemon of API 1.41.
func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Api-Version", "1.41")
	w.Header().Set("Ostype", "linux")
	switch {
	case strings.HasSuffix(r.URL.Path, "/containers/json"):
		f.list(w, r)
	case strings.HasSuffix(r.URL.Path, "/events"):
		f.follow(w, r)
	}
}

func (f *fake) list(w http.ResponseWriter, r *http.Request) {
	var filters map[string]map[string]bool
	_ = json.Unmarshal([]byte(r.URL.Query().Get("filters")), &filters)
	f.mu.Lock()
	defer f.mu.Unlock()
	list := []json.RawMessage{}
	if ids := filters["id"]; ids != nil {
		for id := range ids {
			if c := f.all[id]; c != nil {
				list = append(list, c)
			}
		}
	} else {
		for _, c := range f.all {
			list = append(list, c)
		}
	}
	f.listed += len(list)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(list)
}

func (f *fake) follow(w http.ResponseWriter, r *http.Request) {
	ch := make(chan events.Message, 10_000)
	f.mu.Lock()
	f.events = append(f.events, ch)
	f.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	flush := http.NewResponseController(w)
	_ = flush.Flush()
	e := json.NewEncoder(w)
	for {
		select {
		case <-r.Context().Done():
			return
		case m := <-ch:
			if e.Encode(m) != nil || flush.Flush() != nil {
				return
			}
		}
	}
}

// put adds or changes a container of the service s at a port of this machine.
func (f *fake) put(s string, n, port int, more ...string) {
	id := fmt.Sprintf("%s%061d", "abc", n)
	c := container.Summary{ID: id, Names: []string{fmt.Sprint("/many-", n)}, Image: "x", Created: int64(1_700_000_000 + n), State: "running", Status: "Up 2 hours"}
	c.HostConfig.NetworkMode = "host"
	c.Labels = map[string]string{"headgate.host": s + ".test", "headgate.port": fmt.Sprint(port), "com.docker.compose.project": s, "com.docker.compose.service": "web"}
	for i := 0; i+1 < len(more); i += 2 {
		c.Labels[more[i]] = more[i+1]
	}
	b, _ := json.Marshal(c)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all[id] = b
	f.say(events.ActionStart, id)
}

// drop ends a container.
func (f *fake) drop(n int) {
	id := fmt.Sprintf("%s%061d", "abc", n)
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.all, id)
	f.say(events.ActionDie, id)
	f.say(events.ActionDestroy, id)
}

// say sends an event; the caller holds mu.
func (f *fake) say(action events.Action, id string) {
	for _, ch := range f.events {
		ch <- events.Message{Type: events.ContainerEventType, Action: action, Actor: events.Actor{ID: id}}
	}
}
