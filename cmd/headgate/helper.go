package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/listen"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/privsep"
)

// helper runs this program as the privileged helper of a server.
func (p process) helper(fd string) int {
	_ = os.Unsetenv(privsep.Env) // so that no configuration can see it
	if err := privsep.Serve(fd, p.grant); err != nil {
		fmt.Fprintf(p.stderr, "headgate: %v\n", err)
		return exitFailed
	}
	return exitOK
}

// privileged returns the flags for the privileged helper, with paths that do
// not depend on the working directory.
func (f *flags) privileged(o config.Options) privsep.Config {
	c := privsep.Config{
		File: o.File, Found: o.ServerRoot, Defines: f.defines, Pre: f.pre, Post: f.post, Blind: f.blind,
	}
	if f.root != "" {
		c.Root = o.ServerRoot
	}
	return c
}

// grant reads a configuration as a reload does, and returns what it allows to
// be opened.
func (p process) grant(c privsep.Config) (privsep.Grant, error) {
	l, err := p.judge(&flags{
		file: c.File, root: c.Root, found: c.Found, defines: c.Defines, pre: c.Pre, post: c.Post, blind: c.Blind,
	})
	if err != nil {
		return privsep.Grant{}, err
	}
	if !l.OK() || l.Snapshot == nil {
		return privsep.Grant{}, errors.New("it has errors")
	}
	s := l.Snapshot
	g := privsep.Grant{
		Listen: s.Listen, Keys: slices.Collect(s.Keys()),
		Socket: listen.Options{Backlog: s.Backlog, SendBuffer: s.SendBuffer, ReceiveBuffer: s.RecvBuffer},
	}
	for log := range s.Logs() {
		rule, err := logsink.ParseRotation(log.Dest, "")
		switch {
		case err != nil:
			return g, err
		case rule != nil:
			g.Rotated = append(g.Rotated, log.Dest)
		case filepath.IsAbs(log.Dest): // neither a program nor syslog
			g.Logs = append(g.Logs, log.Dest)
		}
	}
	return g, nil
}
