package ssl

import (
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/headgate/headgate/internal/backtls"
	"github.com/headgate/headgate/internal/certfile"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/state"
)

// The certificates that are shown to backends. Their files are read when the servers are
// built, not by the directives: only the privileged helper may be able to.

// ownRows are the directives about them.
func ownRows() []directive.Row {
	return []directive.Row{
		{Name: ownFile, Set: setOwn(func(s *backConf) *module.Opt[file] { return &s.own })},
		{Name: ownPath, Set: setOwn(func(s *backConf) *module.Opt[file] { return &s.ownPath })},
		{Name: "SSLProxyMachineCertificateChainFile", Set: func(c *directive.Call) error {
			list, err := readCAs(c, c.Path(c.Arg(0)))
			if err != nil {
				return err
			}
			backOf(c).ownChain.To(list)
			return nil
		}},
	}
}

const (
	ownFile = "SSLProxyMachineCertificateFile"
	ownPath = "SSLProxyMachineCertificatePath"
)

func setOwn(of func(*backConf) *module.Opt[file]) func(*directive.Call) error {
	return func(c *directive.Call) error {
		path := c.Path(c.Arg(0))
		switch {
		case !c.LooksAtFolders():
		case c.Row.Name == ownFile && missing(path):
			return c.Errorf("%s: file '%s' does not exist or is empty", c.Row.Name, path)
		case c.Row.Name == ownPath && !folder(path):
			return c.Errorf("%s: directory '%s' does not exist", c.Row.Name, path)
		}
		of(backOf(c)).To(file{path: path, pos: c.Pos()})
		return nil
	}
}

// folder reports whether a path is a folder, or may be one: a start has more rights.
func folder(path string) bool {
	info, err := os.Stat(path)
	if err != nil {
		return errors.Is(err, fs.ErrPermission)
	}
	return info.IsDir()
}

// infosKey is the key in Builder.Aux for what the files named by a directive hold.
type infosKey struct{ at file }

// readOwn reads the certificates of a configuration into Builder.Aux.
func readOwn(b *module.Builder, c *backConf) {
	read := func(o module.Opt[file], name string, of func() ([]certfile.Info, error)) {
		key := infosKey{o.V}
		if !o.Set || b.Aux.Get(key) != nil {
			return
		}
		list, err := of()
		if err != nil {
			b.Fail(o.V.pos, name, err)
		}
		for i := range list {
			if err := usable(&list[i]); err != nil {
				b.Fail(o.V.pos, name, &certfile.Error{File: o.V.path, Err: err})
				list = nil
				break
			}
		}
		b.Aux.Put(key, list)
	}
	read(c.own, ownFile, func() ([]certfile.Info, error) { return infos(b, c.own.V.path) })
	read(c.ownPath, ownPath, func() ([]certfile.Info, error) { return infosIn(b, c.ownPath.V) })
	if list, _ := ownOf(b, c); len(list) == 0 && len(b.Problems) == 0 {
		for _, o := range []module.Opt[file]{c.own, c.ownPath} {
			if o.Set {
				b.Warnf(o.V.pos, "AH02206: no client certs found for SSL proxy: %s has no certificate with a key", o.V.path)
			}
		}
	}
}

var (
	errOwnKey   = errors.New("AH02326: proxy client certificate and private key do not match: the key is not that of the certificate before it (headgate cert tells)")
	errOwnAlone = errors.New("AH02252: incomplete client cert configured for SSL proxy: there is a key without a certificate")
)

// usable returns why a start ends: a key that cannot be used. A certificate without one is
// an issuer's. httpd: ssl_init_proxy_certs.
func usable(i *certfile.Info) error {
	switch {
	case i.Err != nil:
		return i.Err
	case i.Key != nil && i.Cert == nil:
		return errOwnAlone
	case i.Key != nil && !i.Fits():
		return errOwnKey
	}
	return nil
}

// infos reads a file. A server that has become its User may not be able to any more:
// what was read before then stays.
func infos(b *module.Builder, path string) ([]certfile.Info, error) {
	b.Part.Keys = append(b.Part.Keys, path)
	kept := state.Attach(b.Lease, "tls machine certificates "+path, func() (*keptInfos, func()) { return new(keptInfos), nil })
	list, err := certfile.ReadInfos(path, b.OpenKey)
	switch {
	case err == nil:
		kept.list = list
	case kept.list != nil && errors.Is(err, fs.ErrPermission):
		b.Log.Logf(logsink.Record{Level: logsink.Warn, Module: name}, "the certificate for backends stays the one that was read at the start: %v", err)
		list, err = kept.list, nil
	}
	return list, err
}

// keptInfos is what a file held when it was read last.
type keptInfos struct{ list []certfile.Info }

// infosIn reads all files of a folder. httpd: those that cannot be read count for nothing.
func infosIn(b *module.Builder, dir file) (all []certfile.Info, err error) {
	files, err := filesIn(b, dir.path)
	if err != nil {
		return nil, err
	}
	for _, path := range files {
		list, err := infos(b, path)
		if err != nil {
			b.Warnf(dir.pos, "%s: a file is passed over: %v", ownPath, err)
		}
		all = append(all, list...)
	}
	return all, nil
}

// filesIn lists the files of a folder; those that were in it at the start, where a
// server that has become its User may not look into it any more.
func filesIn(b *module.Builder, dir string) ([]string, error) {
	kept := state.Attach(b.Lease, "tls machine certificates in "+dir, func() (*keptFiles, func()) { return new(keptFiles), nil })
	entries, err := os.ReadDir(dir)
	switch {
	case err == nil:
	case kept.list != nil && errors.Is(err, fs.ErrPermission):
		b.Log.Logf(logsink.Record{Level: logsink.Warn, Module: name}, "files that were added are not seen before a restart: %v", err)
		return kept.list, nil
	default:
		return nil, err
	}
	kept.list = []string{}
	for _, e := range entries {
		if !e.IsDir() {
			kept.list = append(kept.list, filepath.Join(dir, e.Name()))
		}
	}
	return kept.list, nil
}

// keptFiles is what a folder held when it was read last; nil: it never was.
type keptFiles struct{ list []string }

// ownOf returns the certificates with keys of a configuration, and those without.
func ownOf(b *module.Builder, c *backConf) (list []certfile.Info, issuers []*x509.Certificate) {
	for _, o := range []module.Opt[file]{c.own, c.ownPath} {
		if !o.Set {
			continue
		}
		infos, _ := b.Aux.Get(infosKey{o.V}).([]certfile.Info)
		for _, i := range infos {
			if i.Key == nil {
				issuers = append(issuers, i.Cert)
			} else {
				list = append(list, i)
			}
		}
	}
	return list, issuers
}

// machines adds the certificates for backends to the settings.
//
// httpd: issuers that are named for them are also trusted as issuers of backends'.
func machines(b *module.Builder, c *backConf, s *backtls.Settings) {
	list, issuers := ownOf(b, c)
	if len(list) == 0 {
		return
	}
	issuers = append(issuers, c.ownChain.V...)
	known := append(s.CAs[:len(s.CAs):len(s.CAs)], issuers...)
	for _, i := range list {
		s.Machines = append(s.Machines, backtls.NewMachine(i.Cert, i.Key, known, len(issuers) > 0))
	}
	s.CAs = known
	var at []string
	for _, name := range []string{ownFile, ownPath} {
		if c.at[name] != "" {
			at = append(at, name+" ("+c.at[name]+")")
		}
	}
	s.MachineAt = strings.Join(at, " and ")
}
