// Package unixd is mod_unixd: the user the server runs as, and its pid file.
//
// Imports module and the layers below it.
package unixd

import (
	"path/filepath"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/syntax"
	procs "github.com/headgate/headgate/internal/unixd"
)

// conf holds the directives' values.
type conf struct {
	user, group string
	userPos     syntax.Pos
	chroot      string
	pidFile     string
}

var slot = directive.Slot[conf]{Name: "unixd"}

// New returns the module.
func New() *module.Module {
	return &module.Module{Name: "mod_unixd", ID: "unixd_module", Static: true, Rows: rows(), Finish: finish}
}

func rows() []directive.Row {
	return []directive.Row{
		{Name: "User", Set: setUser},
		{Name: "Group", Set: setGroup},
		{Name: "PidFile", Set: func(c *directive.Call) error {
			slot.Of(c.Server).pidFile = c.Arg(0)
			return nil
		}},
	}
}

func setUser(c *directive.Call) error {
	if _, err := procs.LookupUser(c.Arg(0)); err != nil {
		return c.Errorf("%w", err)
	}
	s := slot.Of(c.Server)
	s.user, s.userPos = c.Arg(0), c.Pos()
	return nil
}

func setGroup(c *directive.Call) error {
	if _, err := procs.LookupGroup(c.Arg(0)); err != nil {
		return c.Errorf("%w", err)
	}
	slot.Of(c.Server).group = c.Arg(0)
	return nil
}

// finish fills the snapshot. httpd's default of PidFile is logs/httpd.pid; ours
// is written only when the directive names one or a start detaches.
func finish(b *module.Builder) error {
	c, ok := slot.Peek(b.Main.Server)
	if !ok {
		c = &conf{}
	}
	s := b.Settings
	s.User, s.Group, s.Chroot = c.user, c.group, c.chroot
	if err := procs.CheckDrop(c.user, c.group, c.chroot); err != nil {
		b.Fail(c.userPos, "User", err)
	}
	if p := c.pidFile; p != "" {
		if !filepath.IsAbs(p) {
			p = filepath.Join(b.ServerRoot, p)
		}
		s.PidFile = p
	}
	return nil
}
