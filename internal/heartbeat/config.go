package heartbeat

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"time"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/freshfile"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/state"
	"github.com/headgate/headgate/internal/syntax"
)

// Config is what the main server says of heartbeats.
type Config struct {
	Listen  netip.AddrPort // HeartbeatListen; the zero value: nothing is heard
	Pos     syntax.Pos     // of HeartbeatListen
	Storage string         // HeartbeatStorage; "": hb.dat
	Max     int            // HeartbeatMaxServers; 0: the file is written instead
}

// Slot is where it is kept. It is here, because mod_proxy's balancers need it too.
var Slot = directive.Slot[Config]{Name: "heartbeat"}

// path returns the name of the file, below the folder of DefaultRuntimeDir (httpd:
// ap_runtime_dir_relative).
func (c *Config) path(folder string) string {
	p := c.Storage
	if p == "" {
		p = "hb.dat"
	}
	if !filepath.IsAbs(p) {
		p = filepath.Join(folder, p)
	}
	return p
}

// opened is a Source with why it could not be opened.
type opened struct {
	Source
	err error
}

// Open returns what elections go by: the monitor, where the configuration has
// one, else the file. Both survive a reload. folder is where relative names begin. check: nothing is opened.
func (c *Config) Open(lease *state.Lease, folder string, log *logsink.ErrorLog, check bool) (Source, error) {
	path := c.path(folder)
	switch {
	case check:
		return new(Table), nil
	case !c.Listen.IsValid():
		return state.Attach(lease, "heartbeats|"+path, func() (*File, func()) { return NewFile(path), nil }), nil
	case c.Max > 0:
		path = ""
	}
	key := fmt.Sprintf("heartmonitor|%v|%s|%d", c.Listen, path, c.Max)
	o := state.Attach(lease, key, func() (*opened, func()) {
		m, err := Listen(c.Listen, path, c.Max)
		if err != nil {
			return &opened{err: err}, nil
		}
		return &opened{Source: m}, m.Close
	})
	if m, ok := o.Source.(*Monitor); ok {
		m.Log(log)
	}
	return o.Source, o.err
}

// File is a Source that another process writes. It is safe for concurrent use.
type File struct{ file *freshfile.File[*Table] }

// NewFile returns the source with that name.
func NewFile(path string) *File {
	return &File{freshfile.New(path, func(text string) *Table { return ParseTable(text, time.Now()) })}
}

// Slots implements Source. It may leave the loop once a second.
//
// Ours: what the file says ages while nobody writes it. httpd believes it for
// ever.
func (f *File) Slots(l reactor.Loop, host string) int {
	t, err := f.file.Get(l)
	if err != nil {
		return 0
	}
	return t.Slots(l, host)
}
