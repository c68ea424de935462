package demo

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Backends are the running demo backends.
type Backends struct {
	PageAddr string    // "127.0.0.1:port"
	EchoAddr [2]string // the members of a balancer
	TLSPort  uint16    // where the page is to be had by https; 0: nowhere. Set it before the first request

	servers []*http.Server
	done    sync.WaitGroup
}

// Start opens the backends. conf is shown on the page; it may need the
// addresses, so it is a function of them.
func Start(conf func(b *Backends) string) (*Backends, error) {
	b := &Backends{}
	var text string
	for _, row := range []struct {
		addr    *string
		handler http.Handler
	}{
		{&b.PageAddr, pages(b, func() string { return text })},
		{&b.EchoAddr[0], http.HandlerFunc(echo)},
		{&b.EchoAddr[1], http.HandlerFunc(echo)},
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, errors.Join(fmt.Errorf("demo backend: %w", err), b.Close())
		}
		*row.addr = l.Addr().String()
		b.serve(l, row.handler)
	}
	// No request has come yet: nobody knows the addresses.
	text = conf(b)
	return b, nil
}

func (b *Backends) serve(l net.Listener, h http.Handler) {
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	b.servers = append(b.servers, s)
	b.done.Go(func() { _ = s.Serve(l) })
}

// Close ends the backends at once, their running requests included.
func (b *Backends) Close() error {
	var err error
	for _, s := range b.servers {
		err = errors.Join(err, s.Close())
	}
	b.done.Wait()
	return err
}

// Config is the configuration that puts all of them behind one port, and behind TLSPort
// with a certificate and key in files. host may be "" for all addresses.
func Config(b *Backends, host string, port uint16, cert, key string) string {
	listen := func(port uint16) string {
		if host == "" {
			return fmt.Sprint(port)
		}
		return net.JoinHostPort(host, fmt.Sprint(port))
	}
	text := strings.NewReplacer("LISTEN", listen(port), "PAGE", b.PageAddr, "ECHO1", b.EchoAddr[0], "ECHO2", b.EchoAddr[1]).Replace(`Listen LISTEN
ServerName localhost

LogFormat "%h \"%r\" %>s %b %{ms}Tms" short
CustomLog /dev/stdout short
ErrorLog /dev/stderr

<Proxy balancer://echo>
    BalancerMember http://ECHO1 hcmethod=TCP hcinterval=5
    BalancerMember http://ECHO2 hcmethod=TCP hcinterval=5
</Proxy>
ProxyPass        /echo/ balancer://echo/
ProxyPassReverse /echo/ balancer://echo/
ProxyPass        /chat  http://PAGE/chat upgrade=websocket

ProxyPass        /server-status !
<Location /server-status>
    SetHandler server-status
    Require local
</Location>

ProxyPass        /balancer-manager !
<Location /balancer-manager>
    SetHandler balancer-manager
    Require local
</Location>

ProxyPass        /metrics !
<Location /metrics>
    SetHandler headgate-metrics
    Require local
</Location>

# A backend that is not there: the response says why, by its Proxy-Status.
ProxyPass         /broken/ http://127.0.0.1:1/
ProxyStatusHeader local

AddOutputFilterByType BROTLI_COMPRESS;DEFLATE text/html text/plain text/css text/javascript

ProxyPass        /      http://PAGE/
ProxyPassReverse /      http://PAGE/
`)
	if b.TLSPort == 0 {
		return text
	}
	return text + fmt.Sprintf(`
Listen %s https
<VirtualHost *:%d>
    SSLEngine             on
    SSLCertificateFile    "%s"
    SSLCertificateKeyFile "%s"
    RequestHeader set X-Forwarded-Proto https
    RequestHeader set X-TLS "%%{SSL_PROTOCOL}s %%{SSL_CIPHER}s"
</VirtualHost>
`, listen(b.TLSPort), b.TLSPort, cert, key)
}
