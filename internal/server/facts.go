package server

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/headgate/headgate/internal/certfile"
	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/discover"
	"github.com/headgate/headgate/internal/snapshot"
	"github.com/headgate/headgate/internal/source"
	"github.com/headgate/headgate/internal/unixd"
)

// facts are what sources must know of the files' configuration.
func (s *Server) facts(snap *snapshot.Snapshot) discover.Facts {
	f := Facts(snap, s.discovery.claims)
	f.Private, f.Compiles = privateFolder, s.compiles
	if !s.o.KeepUser && snap.User != "" && os.Geteuid() == 0 {
		if id, err := unixd.Identity(snap.User, snap.Group); err == nil {
			f.UID, f.GID = id.UID, id.GID
		}
	}
	return f
}

// Facts are what sources must know of a snapshot and what its files have.
func Facts(snap *snapshot.Snapshot, c *config.Claims) discover.Facts {
	f := discover.Facts{Taken: c.Taken, Member: c.Member, Balancer: c.Balancer, UID: -1}
	for _, a := range snap.Listen {
		set := snap.VHosts.Base(netip.AddrPortFrom(a.IP, a.Port))
		if snap.VHosts.Site(set).TLS.On() {
			f.Secure = append(f.Secure, a.Port)
		} else {
			f.Plain = append(f.Plain, a.Port)
		}
	}
	f.Certificate = func(host string) (cert, key string, ok bool) { return certificateFor(snap, host) }
	return f
}

// compiles returns why a text that was discovered does not compile by itself.
func (s *Server) compiles(text string) error {
	o := config.Options{File: "/alone", ServerRoot: "/", Text: "# nothing\n", Version: s.o.Config.Version, Check: true, Fragment: true,
		Guests: []source.Text{{Name: snapshot.GuestPrefix + "alone", Text: text}}}
	l := config.Load(o, s.rt, s.o.Modules)
	if guests, _ := l.Blame(); len(guests) > 0 {
		return errors.New(strings.Join(guests[snapshot.GuestPrefix+"alone"], "; "))
	}
	return nil
}

// privateFolder names a folder that nobody else can guess.
func privateFolder() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("headgate-%d-%s", os.Getpid(), rand.Text()))
}

// certificateFor returns the files of the certificate that a file's virtual host shows
// for a name, else those of the first one of the port for TLS.
func certificateFor(snap *snapshot.Snapshot, host string) (cert, key string, ok bool) {
	var found *certfile.Pair
	for p := range snap.Certs() {
		leaf := p.Certificate().Leaf
		switch {
		case leaf == nil:
		case host != "" && leaf.VerifyHostname(host) == nil:
			return p.Files[certfile.Cert], p.Files[certfile.Key], true
		case found == nil:
			found = p
		}
	}
	if found == nil {
		return "", "", false
	}
	return found.Files[certfile.Cert], found.Files[certfile.Key], true
}
