package diff

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// electStage is a server with balancers and their backends.
type electStage struct {
	t       *testing.T
	server  *testkit.Server
	origins []*testkit.Origin
	sockets string
	down    map[string]bool
	clients []*electClient
	gates   int
	out     *strings.Builder
}

// electClient is a connection, with a request on it that still waits for its response.
type electClient struct {
	*testkit.Client
	waiting string // the gate; "": no request waits
	result  chan string
}

// electEnv makes visible what a balancer says of a request.
const electEnv = `Header always set X-Member "%{BALANCER_WORKER_NAME}e" env=BALANCER_WORKER_NAME
Header always set X-Route "%{BALANCER_WORKER_ROUTE}e" env=BALANCER_WORKER_ROUTE
Header always set X-Session "%{BALANCER_SESSION_STICKY}e:%{BALANCER_SESSION_ROUTE}e" env=BALANCER_SESSION_STICKY
Header always set X-Changed "1" env=BALANCER_ROUTE_CHANGED
`

// play starts a server with the balancers and returns the transcript of all that happens.
func (bs balancers) play(t *testing.T, start func(testing.TB, testkit.Site) *testkit.Server) string {
	t.Helper()
	sockets, err := os.MkdirTemp("", "hg-elect-")
	if err == nil {
		err = os.Chmod(sockets, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(sockets) })
	st := &electStage{t: t, sockets: sockets, out: new(strings.Builder)}
	vars := map[string]string{"dead": fmt.Sprint(testkit.FreePort(t))}
	for _, name := range []string{"o1", "o2"} {
		o := testkit.NewOrigin(t)
		st.origins, vars[name] = append(st.origins, o), o.Port()
	}
	for _, name := range []string{"u1", "u2"} {
		vars[name] = filepath.Join(sockets, name)
		st.origins = append(st.origins, testkit.NewUnixOrigin(t, vars[name]))
	}
	conf := electEnv
	for _, b := range bs {
		conf += b.conf
	}
	st.server = start(t, testkit.Site{Conf: conf, Vars: vars})
	for _, b := range bs {
		fmt.Fprintf(st.out, "= %s\n", b.name)
		st.balancer(b)
	}
	st.server.Stop()
	return st.out.String()
}

// balancer plays what happens to one balancer.
func (st *electStage) balancer(b *randomBalancer) {
	st.down, st.clients = map[string]bool{}, nil
	for range 4 {
		st.clients = append(st.clients, nil)
	}
	for _, a := range b.acts {
		if a.fate != "" {
			st.fate(a.fate)
			continue
		}
		c := st.client(a.client)
		fmt.Fprintf(st.out, "%s: %s\n", a.describe, st.request(c, &a))
	}
	for i, c := range st.clients {
		if c != nil {
			st.client(i)
			c.Close()
		}
	}
	st.fate("up u1")
	st.fate("up u2")
}

// fate takes a unix socket away, or puts it back.
func (st *electStage) fate(text string) {
	way, name, _ := strings.Cut(text, " ")
	path := filepath.Join(st.sockets, name)
	if down := way == "down"; down != st.down[name] {
		from, to := path+".away", path
		if down {
			from, to = to, from
		}
		if err := os.Rename(from, to); err != nil {
			st.t.Fatal(err)
		}
		st.down[name] = down
	}
}

// client returns a connection that is free: the request that waits there is finished first. One more request, which has
// nothing to do with balancers, makes sure that the server is done with it.
func (st *electStage) client(i int) *electClient {
	c := st.clients[i]
	if c == nil {
		c = &electClient{Client: testkit.Dial(st.t, st.server.Addr())}
		st.clients[i] = c
	}
	if c.waiting != "" {
		for _, o := range st.origins {
			o.Release(c.waiting)
		}
		<-c.result
		c.waiting = ""
		st.done(i)
	}
	return c
}

// done makes sure that the server has finished the requests of a connection.
func (st *electStage) done(i int) {
	if !st.clients[i].Probe() {
		st.clients[i] = &electClient{Client: testkit.Dial(st.t, st.server.Addr())}
	}
}

// request sends a request and returns what became of it: its members, or its response if that is there.
func (st *electStage) request(c *electClient, a *electAct) string {
	say := fmt.Sprintf("respond %d -size %d", a.status, a.size)
	gate := ""
	if a.held {
		st.gates++
		gate = fmt.Sprintf("g%d", st.gates)
		say = "wait " + gate + " ; " + say
	}
	for _, o := range st.origins {
		o.Forget()
		o.Default(testkit.MustAnswer(say))
	}
	method, _, _ := strings.Cut(a.head, " ")
	c.Send(a.head + testkit.Pattern(a.body))
	result := make(chan string, 1)
	go func() {
		r, err := c.Read(method)
		if err != nil {
			result <- "no response"
			return
		}
		result <- electResult(r)
	}()
	if !a.held {
		text := <-result
		for i := range st.clients {
			if st.clients[i] == c {
				st.done(i)
			}
		}
		return st.seen() + text
	}
	text := ""
	testkit.Poll(testkit.Patience, func() bool {
		select {
		case text = <-result:
			return true
		default:
			return st.seen() != ""
		}
	})
	if text == "" {
		c.waiting, c.result = gate, result
	}
	return st.seen() + text
}

// seen returns the members that got the request.
func (st *electStage) seen() (text string) {
	for _, o := range st.origins {
		for _, r := range o.Requests() {
			_, target, _ := strings.Cut(r.Line, " ")
			text += strings.SplitN(target, "/", 3)[1] + " "
		}
	}
	return text
}

func electResult(r *testkit.Response) string {
	text := fmt.Sprint(r.Status)
	for _, name := range []string{"X-Member", "X-Route", "X-Session", "X-Changed"} {
		v := r.Header(name)
		if i := strings.LastIndexByte(v, '/'); name == "X-Member" {
			v = v[i+1:]
		}
		if v != "" {
			text += " " + strings.ToLower(name[2:]) + "=" + v
		}
	}
	return text
}
