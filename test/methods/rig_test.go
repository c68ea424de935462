package methods

import (
	"fmt"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// engines are those of the binary.
var engines = []string{"goroutine", "epoll"}

// rig is a server with backends, which say their name.
type rig struct {
	t       *testing.T
	server  *testkit.Server
	origins []*testkit.Origin
	client  *testkit.Client
}

// newRig starts a server; ${o0} and so on are the ports of its backends.
func newRig(t *testing.T, engine, conf string, backends int) *rig {
	t.Helper()
	r := &rig{t: t}
	vars := map[string]string{"dead": fmt.Sprint(testkit.FreePort(t))}
	for i := range backends {
		o := testkit.NewOrigin(t)
		r.origins = append(r.origins, o)
		r.responds(i, fmt.Sprintf("respond 200 %d", i))
		vars[fmt.Sprintf("o%d", i)] = o.Port()
	}
	r.server = testkit.StartHeadgate(t, engine, testkit.Site{Conf: "MaxKeepAliveRequests 0\n" + conf, Vars: vars})
	r.client = testkit.Dial(t, r.server.Addr())
	return r
}

// responds sets how a backend responds, in the language of testkit.Answer.
func (r *rig) responds(i int, answer string) {
	r.origins[i].Default(testkit.MustAnswer(answer))
}

// get sends a GET request with header fields, each "Name: value", and returns the
// response.
func (r *rig) get(path string, fields ...string) *testkit.Response {
	r.t.Helper()
	text := "GET " + path + " HTTP/1.1\r\nHost: www.test\r\n"
	for _, f := range fields {
		text += f + "\r\n"
	}
	r.client.Send(text + "\r\n")
	resp, err := r.client.Read("GET")
	if err != nil {
		r.t.Fatalf("GET %s: %v", path, err)
	}
	if resp.Header("Connection") == "close" {
		r.redial()
	}
	return resp
}

// redial opens a new connection.
func (r *rig) redial() { r.client = testkit.Dial(r.t, r.server.Addr()) }

// from returns the name of the backend that responds.
func (r *rig) from(path string, fields ...string) string { return string(r.get(path, fields...).Body) }
