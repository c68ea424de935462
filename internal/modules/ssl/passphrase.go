package ssl

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/certfile"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/passphrase"
	"github.com/headgate/headgate/internal/state"
	"github.com/headgate/headgate/internal/syntax"
)

// dialogConf is SSLPassPhraseDialog.
type dialogConf struct {
	source module.Opt[passphrase.Source]
	pos    syntax.Pos
}

var dialogSlot = directive.Slot[dialogConf]{Name: "ssl dialog", Merge: func(base, _ *dialogConf) *dialogConf { return base }}

// phraseRows are the directives about encrypted keys.
func phraseRows() []directive.Row {
	return []directive.Row{{Name: "SSLPassPhraseDialog", Set: setDialog}}
}

// setDialog reads SSLPassPhraseDialog builtin|exec:program|"|program". What follows the
// prefix is one path, without arguments.
func setDialog(c *directive.Call) error {
	arg := c.Arg(0)
	var s passphrase.Source
	switch {
	case ascii.EqualFold(arg, "builtin"):
	case len(arg) > 5 && ascii.HasPrefixFold(arg, "exec:"):
		s = passphrase.Source{Kind: passphrase.Exec, Program: c.Path(arg[5:])}
	case len(arg) > 1 && arg[0] == '|':
		s = passphrase.Source{Kind: passphrase.Pipe, Program: c.Path(arg[1:])}
	default:
		return c.Errorf("SSLPassPhraseDialog: Invalid argument")
	}
	if s.Program != "" && c.LooksAtFolders() {
		info, err := os.Stat(s.Program)
		switch {
		case err != nil && s.Kind == passphrase.Pipe: // httpd: that fails when a phrase is needed
			c.Warn("SSLPassPhraseDialog: '%s' cannot be run: %v", s.Program, err)
		case err != nil && !errors.Is(err, fs.ErrPermission):
			return c.Errorf("SSLPassPhraseDialog: file '%s' does not exist", s.Program)
		case err == nil && (info.IsDir() || info.Mode()&0o111 == 0):
			c.Warn("SSLPassPhraseDialog: '%s' is no program that can be run (chmod +x makes it one)", s.Program)
		}
	}
	d := dialogSlot.Of(c.Server)
	d.source.To(s)
	d.pos = c.Pos()
	return nil
}

// dialogKey is the key in Builder.Aux for the dialog of a build.
type dialogKey struct{}

// access returns how the i-th pair of a server is read. Pass phrases that fitted are
// kept over reloads: a server that has become its User may not be able to run the
// program again. A configuration that is only judged asks nobody: the privileged helper
// judges too, and must not run programs on request.
func access(b *module.Builder, s *module.Server, i int) certfile.Access {
	a := certfile.Access{Open: b.OpenKey}
	conf := &dialogConf{}
	if c, ok := dialogSlot.Peek(b.Main.Server); ok {
		conf = c
	}
	if b.Check {
		a.Unlock = func(string, func([]byte) error) error {
			if conf.source.V.Kind == passphrase.Builtin {
				b.Warnf(conf.pos, "%s", asksPeople)
			}
			b.Settings.Asks = true
			return certfile.ErrSealed
		}
		return a
	}
	ring := state.Attach(b.Lease, "tls pass phrases", func() (*passphrase.Ring, func()) { return new(passphrase.Ring), nil })
	d, ok := b.Aux.Get(dialogKey{}).(*passphrase.Dialog)
	if !ok {
		d = passphrase.NewDialog(ring, conf.source.V)
		b.Aux.Put(dialogKey{}, d)
		b.Part.Begin = append(b.Part.Begin, ring.Serving)
	}
	a.Unlock = d.For(passphrase.Key{Server: hostPort(s), Index: i})
	a.Again = ring.Unlock
	return a
}

const asksPeople = "an encrypted key has a start ask for its pass phrase at the terminal (SSLPassPhraseDialog builtin), so one by systemd or cron fails; exec:/path/to/program does not ask"

// endDialog ends the program that was asked for pass phrases.
func endDialog(b *module.Builder) {
	if d, ok := b.Aux.Get(dialogKey{}).(*passphrase.Dialog); ok {
		d.Close()
	}
}

// hostPort returns the name and port of a server that programs for pass phrases are
// told (httpd: ssl_util_vhostid).
func hostPort(s *module.Server) string {
	port := s.Site.Port
	if port == 0 {
		port = 443
	}
	return fmt.Sprintf("%s:%d", s.Site.Name, port)
}
