package remoteip

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/resolve"
	"github.com/headgate/headgate/internal/subnet"
	"github.com/headgate/headgate/internal/syntax"
)

// setProxies reads RemoteIPInternalProxy and RemoteIPTrustedProxy.
func setProxies(internal bool) func(*directive.Call) error {
	return func(c *directive.Call) error {
		for _, w := range c.Args {
			if err := add(c, w, internal); err != nil {
				return c.Errorf("%w", err)
			}
		}
		return nil
	}
}

// setList reads the files that the List directives name: words as in a
// configuration, comments from a word that begins with # on.
func setList(internal bool) func(*directive.Call) error {
	return func(c *directive.Call) error {
		name := c.Path(c.Arg(0))
		text, err := readList(name)
		if err != nil {
			return c.Errorf("%s: Could not open file %s: %w", c.Row.Name, name, err)
		}
		r := syntax.NewReader(name, text)
		for {
			l, ok, err := r.Next()
			if err != nil {
				return c.Errorf("%w at line %d of %s", err, r.Line(), name)
			}
			if !ok {
				return nil
			}
			for _, w := range words(l.Text) {
				if err := add(c, w, internal); err != nil {
					return c.Errorf("%w at line %d of %s", err, r.Line(), name)
				}
			}
		}
	}
}

// maxList is the largest list, in bytes.
const maxList = 16 << 20

func readList(name string) (string, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe does not hold the start up
	if err != nil {
		if cause := (*fs.PathError)(nil); errors.As(err, &cause) {
			err = cause.Err
		}
		return "", err
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return "", errors.New("it is no regular file")
	}
	b, err := io.ReadAll(io.LimitReader(f, maxList+1))
	if len(b) > maxList {
		return "", errors.New("it is too large")
	}
	return string(b), err
}

// words returns the words of a line ahead of a comment.
func words(line string) (list []string) {
	for line != "" {
		var w string
		if w, line = syntax.Word(line); w == "" || w[0] == '#' {
			break // httpd: an empty word ends the line too
		}
		list = append(list, w)
	}
	return list
}

// add adds an address, a network or the addresses that a name has now. httpd:
// proxies_set.
func add(c *directive.Call, word string, internal bool) error {
	s := slot.Of(c.Server)
	nets, err := networks(c, word)
	if err != nil {
		return err
	}
	for _, n := range nets {
		s.proxies = append(s.proxies, proxy{n, internal})
	}
	return nil
}

func networks(c *directive.Call, word string) ([]subnet.Subnet, error) {
	n, err := subnet.Parse(word)
	switch host, mask, masked := strings.Cut(word, "/"); {
	case err == nil:
		return []subnet.Subnet{n}, nil
	case !errors.Is(err, subnet.ErrNotAddress):
		return nil, c.Errorf("RemoteIP: Error parsing IP %s (%w error) for %s", word, err, c.Row.Name)
	case masked:
		return nil, c.Errorf("RemoteIP: Error parsing IP %s the subnet /%s is invalid for %s", word, mask, c.Row.Name)
	default:
		return named(c, host)
	}
}

// patience bounds the look-up of a name, which stands between us and serving.
const patience = 10 * time.Second

// named looks a name up. httpd: IPv6 addresses only where there are no others.
func named(c *directive.Call, host string) ([]subnet.Subnet, error) {
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	found, err := new(resolve.Resolver).Lookup(ctx, host)
	if err != nil {
		return nil, c.Errorf("RemoteIP: Error parsing IP %s (%s error) for %s", host, libcText(err), c.Row.Name)
	}
	var four, six []netip.Addr
	for _, a := range found.Addrs {
		if a.Is4() {
			four = append(four, a)
		} else {
			six = append(six, a)
		}
	}
	if four == nil {
		four = six
	}
	var nets []subnet.Subnet
	for _, a := range four {
		if n, err := subnet.Parse(a.WithZone("").String()); err == nil {
			nets = append(nets, n)
			c.Note("%s is %s now, and stays so until the next reload", host, a)
		}
	}
	return nets, nil
}

// libcText says why a name has no address in the C library's words.
func libcText(err error) string {
	if k := resolve.KindOf(err); k == resolve.NotFound || k == resolve.NoAddress || k == resolve.Invalid {
		return "Name or service not known"
	}
	return "Temporary failure in name resolution"
}

// setExceptions reads RemoteIPProxyProtocolExceptions.
func setExceptions(c *directive.Call) error {
	if len(c.Args) == 0 {
		return c.Errorf("%s requires an argument", c.Row.Name)
	}
	g := global(c)
	for _, w := range c.Args {
		n, err := subnet.Parse(w)
		host, _, _ := strings.Cut(w, "/")
		switch {
		case errors.Is(err, subnet.ErrNotAddress):
			return c.Errorf("ip address '%s' appears to be invalid", host)
		case err != nil:
			return c.Errorf("ip address '%s' appears to be invalid: %w", host, err)
		}
		g.except = append(g.except, n)
	}
	return nil
}
