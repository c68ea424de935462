package trouble

import (
	"net"
	"syscall"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// failure is one staged failure.
type failure struct {
	title string
	cause string
	conf  string // of the virtual host; ${o1}, ${dead} and so on are ports
	after int    // the limit in milliseconds; 0: there is none
	setup func(s *stage)
	// ask makes the failure; nil: one GET /.
	ask func(s *stage)
}

// failures are in the order of the page.
var failures = []failure{
	{title: "Connection refused", cause: "backend-refused", conf: `ProxyPass / http://127.0.0.1:${dead}/
`},
	{title: "No way to the backend", cause: "backend-unreachable", conf: `ProxyPass / unix:${dir}/app.sock|http://app/
`},
	{title: "A name without an address", cause: "dns-failed", conf: `ProxyPass / http://backend.invalid:3000/ connectiontimeout=2
`},
	{title: "A certificate for another name", cause: "tls-name", conf: `SSLProxyEngine On
SSLProxyCACertificateFile back/ca.crt
ProxyPass / https://127.0.0.1:${twrong}/
`},
	{title: "An expired certificate", cause: "tls-expired", conf: `SSLProxyEngine On
SSLProxyCACertificateFile back/ca.crt
ProxyPass / https://localhost:${texpired}/
`},
	{title: "The backend does not accept in time", cause: "connect-timeout", after: 500, conf: `ProxyPass / http://127.0.0.1:${full}/ connectiontimeout=500ms timeout=30
`},
	{title: "The backend does not respond in time", cause: "first-byte-timeout", after: 1000, conf: `Timeout 30
ProxyTimeout 1
ProxyPass / http://127.0.0.1:${o1}/
`, setup: answer("wait never; respond 200")},
	{title: "A connection reset inside the head", cause: "reset-in-head", conf: `ProxyPass / http://127.0.0.1:${o1}/
`, setup: answer(`write "HTTP/1.1 200 OK\r\nConte"; rst`)},
	{title: "A body cut short", cause: "body-cut", conf: `ProxyPass / http://127.0.0.1:${o1}/
`, setup: answer(`write "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello"; close`)},
	{title: "All connections in use", cause: "queue-timeout", after: 200, conf: `ProxyPass / http://127.0.0.1:${o1}/ max=1 acquire=200
`, setup: answer("wait busy; respond 200"), ask: func(s *stage) {
		first := s.send("/slow")
		testkit.Eventually(s.t, "the first request is at the backend", func() bool { return len(s.origin.Requests()) == 1 })
		s.get("/")
		s.origin.Release("busy")
		_ = first.Close()
	}},
	{title: "All members down", cause: "all-members-down", conf: `<Proxy balancer://shop forcerecovery=Off>
    BalancerMember http://127.0.0.1:${dead} retry=60
    BalancerMember http://127.0.0.1:${dead2} retry=60
</Proxy>
ProxyPass / balancer://shop/
`, ask: func(s *stage) { s.get("/"); s.get("/") }},
	{title: "The client went away", cause: "client-gone", conf: `LogLevel info
ProxyPass / http://127.0.0.1:${o1}/
`, setup: answer(`head 200; chunk hello; wait gone; chunk x; wait again; respond 200 -size 4000000`), ask: func(s *stage) {
		c := s.send("/")
		buf := make([]byte, 10)
		_, _ = c.Read(buf)
		_ = c.(*net.TCPConn).SetLinger(0)
		_ = c.Close()
		s.origin.Release("gone")
		s.origin.Release("again")
	}},
}

// answer sets what the backend does.
func answer(text string) func(s *stage) {
	return func(s *stage) { s.origin.Default(testkit.MustAnswer(text)) }
}

// fullPort listens on a port whose queue is full, so that nobody else is accepted.
func fullPort(t *testing.T) (port string) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	sa, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	addr := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: sa.(*syscall.SockaddrInet4).Port}
	for range 3 { // one is accepted by the system, those after it fill what room there is
		fill, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = syscall.Close(fill) })
		_ = syscall.Connect(fill, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: addr.Port})
	}
	_, port, _ = net.SplitHostPort(addr.String())
	return port
}
