package script

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/testkit"
)

// client runs a client command: it chooses the connection, opens it if necessary, and sends.
func (p *play) client(args []string) error {
	p.current = "c"
	if len(args) > 2 && args[0] == "-c" {
		p.current, args = args[1], args[2:]
	}
	name, secure := "", p.mode == "tls"
	if len(args) > 2 && args[0] == "-tls" {
		name, secure, args = args[1], true, args[2:]
	}
	cert := ""
	if len(args) > 2 && args[0] == "-cert" {
		cert, args = args[1], args[2:]
	}
	if len(args) == 0 {
		return fmt.Errorf("usage: client [-c C] [-tls NAME [-cert CERTIFICATE]] METHOD TARGET ...")
	}
	c := p.clients[p.current]
	if c == nil {
		c = &talk{Client: testkit.Dial(p.t, p.server.Addr())}
		c.OneByOne = p.mode == "bytes"
		p.clients[p.current] = c
		if secure {
			cfg := &tls.Config{InsecureSkipVerify: true, ServerName: name, ClientSessionCache: p.sessions}
			if cert != "" {
				own, ok := testkit.ClientCert(cert)
				if !ok {
					return fmt.Errorf("there is no certificate %s", cert)
				}
				cfg.ClientSessionCache = p.sessionsWith(cert)
				cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &own, nil }
			}
			if err := c.StartTLS(cfg); err != nil {
				return err
			}
		}
	}
	switch args[0] {
	case "connect":
		return nil
	case "close", "abort":
		if args[0] == "abort" {
			c.Abort()
		} else {
			c.Close()
		}
		delete(p.clients, p.current)
		return nil
	case "shutdown":
		c.CloseWrite()
		return nil
	case "more":
		c.Send(strings.Join(args[1:], ""))
		return nil
	}
	if err := c.finish(); err != nil {
		return fmt.Errorf("response before: %w", err)
	}
	size := 0
	if n := len(args); n > 3 && args[n-2] == "-size" {
		var err error
		if size, err = strconv.Atoi(args[n-1]); err != nil {
			return err
		}
		args = append(args[:n-2:n-2], "-h", fmt.Sprintf("Content-Length: %d", size))
	}
	text, err := p.requestText(args)
	if err != nil {
		return err
	}
	c.method, _, _ = strings.Cut(text, " ")
	c.resp, c.err, c.asked = nil, nil, true
	c.Send(text)
	if size > 0 { // too many for byte by byte
		one := c.OneByOne
		c.OneByOne = false
		c.Send(testkit.Pattern(size))
		c.OneByOne = one
	}
	return nil
}

// requestText returns the bytes that a client command sends.
func (p *play) requestText(args []string) (string, error) {
	switch args[0] {
	case "raw":
		return strings.Join(args[1:], ""), nil
	case "file":
		text, ok := p.ar.File(args[1])
		if !ok {
			return "", fmt.Errorf("no file %s", args[1])
		}
		return testkit.CRLFHead(testkit.Expand(text, p.vars)), nil
	}
	if len(args) < 2 {
		return "", fmt.Errorf("usage: client METHOD TARGET [-p PROTO] [-h 'N: v']... [BODY]")
	}
	line, proto, host, length := args[0]+" "+args[1], "HTTP/1.1", "Host: a.test\r\n", true
	fields := ""
	args = args[2:]
	for len(args) > 1 && (args[0] == "-h" || args[0] == "-p") {
		if args[0] == "-p" {
			proto = args[1]
		} else {
			fields += args[1] + "\r\n"
			lower := strings.ToLower(args[1])
			if strings.HasPrefix(lower, "host:") {
				host = ""
			}
			if strings.HasPrefix(lower, "content-length:") || strings.HasPrefix(lower, "transfer-encoding:") {
				length = false
			}
		}
		args = args[2:]
	}
	body := strings.Join(args, " ")
	if len(args) > 0 && length {
		fields += fmt.Sprintf("Content-Length: %d\r\n", len(body))
	}
	return line + " " + proto + "\r\n" + host + fields + "\r\n" + body, nil
}

// talk returns the current connection.
func (p *play) talk() (*talk, error) {
	c := p.clients[p.current]
	if c == nil {
		return nil, fmt.Errorf("no client %s", p.current)
	}
	return c, nil
}

// head makes sure that the head of the present response is read.
func (c *talk) head() (*testkit.Response, error) {
	if c.resp == nil && c.err == nil {
		if !c.asked {
			return nil, errors.New("no request was sent")
		}
		c.resp, c.err = c.ReadHead(c.method)
		c.asked = false
	}
	if c.err == io.EOF {
		return nil, errors.New("the server closed without an answer")
	}
	return c.resp, c.err
}

// whole makes sure that the present response is read to its end.
func (c *talk) whole() (*testkit.Response, error) {
	r, err := c.head()
	if err == nil {
		err = c.ReadBody(r)
	}
	return r, err
}

// finish reads the rest of the present response, if there is one.
func (c *talk) finish() error {
	if c.resp == nil && !c.asked {
		return nil
	}
	_, err := c.whole()
	return err
}

// sessionsWith returns the sessions of clients with a certificate.
func (p *play) sessionsWith(cert string) tls.ClientSessionCache {
	if p.certSessions[cert] == nil {
		p.certSessions[cert] = tls.NewLRUClientSessionCache(0)
	}
	return p.certSessions[cert]
}
