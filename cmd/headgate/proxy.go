package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/demo"
	"github.com/headgate/headgate/internal/server"
	"github.com/spf13/cobra"
)

// spoken returns the options of a server whose configuration is a generated
// text.
func spoken(name, text string) server.Options {
	return server.Options{
		Config:  config.Options{File: "/" + name, ServerRoot: "/", Text: text, Version: product(), Made: made()},
		PidFile: server.PidFileNone, KeepUser: true, Fixed: true,
	}
}

func (p process) proxyCommand() *cobra.Command {
	var from, to string
	var keepHost, insecure bool
	c := &cobra.Command{
		Use: "proxy --from [HOST]:PORT --to URL", Short: "proxy one port to one backend, without any file",
		Example: "  headgate proxy --from :8080 --to http://127.0.0.1:3000\n  headgate proxy --from https://:8443 --to http://127.0.0.1:3000",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			at, secure := strings.CutPrefix(from, "https://")
			if !secure {
				at = strings.TrimPrefix(from, "http://")
			}
			text, err := proxyConf(at, to, keepHost, insecure)
			if err != nil {
				return err
			}
			return code(p.proxy(at, to, text, secure))
		},
	}
	c.Flags().StringVar(&from, "from", ":8080", "where to listen: `[HOST]:PORT`, or https://[HOST]:PORT with a certificate made on the spot")
	c.Flags().StringVar(&to, "to", "", "the backend's `URL`: HOST:PORT, http://HOST:PORT[/PATH] or https://HOST:PORT[/PATH]")
	c.Flags().BoolVar(&keepHost, "preserve-host", false, "send the backend the Host the client sent")
	c.Flags().BoolVar(&insecure, "insecure", false, "do not check the certificate of a backend by https://")
	_ = c.MarkFlagRequired("to") // the flag exists
	return c
}

// proxy serves the configuration text. secure: with a certificate that is made for this
// run, and removed after it.
func (p process) proxy(from, to, text string, secure bool) int {
	var spot *onTheSpot
	if secure {
		host, _, _ := net.SplitHostPort(from) // proxyConf has checked it; without a host it is ""
		var err error
		if spot, err = selfSign("proxy", host); err != nil {
			return p.failed("no certificate could be made: %v", err)
		}
		defer spot.remove()
		listen, rest, _ := strings.Cut(text, "\n")
		text = listen + " https\n" + spot.conf() + rest
	}
	return p.serve(spoken("proxy", text), func(st server.Status) {
		for _, a := range st.Addresses {
			fmt.Fprintf(p.stderr, "headgate: %s (%s) -> %s (Ctrl-C stops)\n", a.Listen, a.URL, to)
		}
		if spot != nil {
			fmt.Fprintf(p.stderr, "headgate: %s\n", spot.say())
		}
	})
}

// proxyConf returns the configuration of the proxy command.
func proxyConf(from, to string, keepHost, insecure bool) (string, error) {
	host, port, err := net.SplitHostPort(from)
	if err != nil {
		host, port = "", from
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", fmt.Errorf("--from %q: want [HOST]:PORT", from)
	}
	if host != "" {
		port = net.JoinHostPort(host, port)
	}
	backend, err := backendURL(to)
	if err != nil {
		return "", fmt.Errorf("--to %q: %w", to, err)
	}
	if strings.ContainsAny(port, " \t\r\n\"'\\$") {
		return "", fmt.Errorf("--from %q: want [HOST]:PORT", from)
	}
	trust, err := backendTrust(backend, insecure)
	if err != nil {
		return "", fmt.Errorf("--to %q: %w", to, err)
	}
	preserve := "Off"
	if keepHost {
		preserve = "On"
	}
	return strings.NewReplacer("FROM", port, "TO", backend, "KEEP", preserve).Replace(`Listen FROM
ServerName localhost
LogFormat "%h %l %u %t \"%r\" %>s %b" common
CustomLog /dev/stdout common
ErrorLog /dev/stderr
ProxyPreserveHost KEEP
ProxyPass / "TO"
ProxyPassReverse / "TO"
`) + trust, nil
}

// errBackend describes the values that --to accepts.
var errBackend = errors.New("want HOST:PORT, http://HOST:PORT[/PATH] or https://HOST:PORT[/PATH]")

// backendURL checks a backend's address or URL and returns its URL with the
// slash that "ProxyPass /" needs.
func backendURL(s string) (string, error) {
	scheme, rest, ok := strings.Cut(s, "://")
	switch {
	case !ok:
		s = "http://" + s
	case !ascii.EqualFold(scheme, "http") && !ascii.EqualFold(scheme, "https"):
		return "", fmt.Errorf("%w: %s is not supported yet", errBackend, scheme)
	case rest == "":
		return "", errBackend
	}
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" ||
		strings.ContainsAny(s, " \t\r\n\"'\\$") {
		return "", errBackend
	}
	if n, err := strconv.ParseUint(u.Port(), 10, 16); u.Port() != "" && (err != nil || n == 0) {
		return "", fmt.Errorf("%w: a port is a number from 1 to 65535", errBackend)
	}
	return strings.TrimSuffix(u.String(), "/") + "/", nil
}

func (p process) demoCommand() *cobra.Command {
	var port, secure uint16
	var host string
	c := &cobra.Command{
		Use: "demo", Short: "a page and an echo service behind the proxy, to look at",
		Long: `Start three small backends on this machine and Headgate in front of them, by http
and, with a certificate made on the spot, by https. Ctrl-C stops everything.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			switch {
			case port == 0:
				return errors.New("--port: want 1 to 65535")
			case port == secure:
				return errors.New("--tls-port: want a port other than --port")
			case !c.Flags().Changed("tls-port") && !free(host, secure):
				fmt.Fprintf(p.stderr, "headgate: port %d is taken, so there is no https (--tls-port chooses another)\n", secure)
				secure = 0
			}
			return code(p.demo(host, port, secure))
		},
	}
	c.Flags().Uint16Var(&port, "port", 8080, "where to listen: `PORT`")
	c.Flags().Uint16Var(&secure, "tls-port", 8443, "`PORT` for https; 0: no https")
	c.Flags().StringVar(&host, "host", "127.0.0.1", "`ADDRESS` to listen at; * for all")
	return c
}

// free reports whether a server could listen at a port.
func free(host string, port uint16) bool {
	l, err := net.Listen("tcp", net.JoinHostPort(strings.TrimPrefix(host, "*"), fmt.Sprint(port)))
	if err != nil {
		return false
	}
	_ = l.Close()
	return true
}

// demo runs the demo backends behind the proxy. secure is the port for https; 0: none.
func (p process) demo(host string, port, secure uint16) int {
	if host == "*" {
		host = ""
	}
	spot := new(onTheSpot)
	if secure != 0 {
		var err error
		if spot, err = selfSign("demo", host); err != nil {
			return p.failed("no certificate could be made: %v", err)
		}
		defer spot.remove()
	}
	var text string
	back, err := demo.Start(func(b *demo.Backends) string {
		b.TLSPort = secure
		text = demo.Config(b, host, port, spot.cert, spot.key)
		return text
	})
	if err != nil {
		fmt.Fprintf(p.stderr, "headgate: %v\n", err)
		return exitFailed
	}
	defer func() { _ = back.Close() }()
	return p.serve(spoken("demo", text), func(server.Status) { p.welcome(port, secure, spot) })
}

// welcome prints what there is to see.
func (p process) welcome(port, secure uint16, spot *onTheSpot) {
	at, https := fmt.Sprintf("localhost:%d", port), ""
	if secure != 0 {
		https = fmt.Sprintf("    with TLS    https://localhost:%[1]d/   curl -ik https://localhost:%[1]d/\n", secure)
	}
	fmt.Fprintf(p.stderr, `
  Headgate demo: a page, and an echo service that is a balancer with two members.

    open        http://%[1]s/
%[3]s    page        curl -i %[1]s/
    echo        curl -i -d 'some body' %[1]s/echo/hello     (twice: Host is the member)
    streaming   curl -N %[1]s/events
    status      http://%[1]s/server-status
    balancer    http://%[1]s/balancer-manager
    metrics     curl %[1]s/metrics
    compressed  curl -i --compressed %[1]s/
    failing     curl -i %[1]s/broken/     (Proxy-Status and the error log say why)

  Ctrl-C stops it (pid %[2]d).

`, at, os.Getpid(), https)
	if secure != 0 {
		fmt.Fprintf(p.stderr, "headgate: %s\n\n", spot.say())
	}
}
