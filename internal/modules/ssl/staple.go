package ssl

import (
	"errors"
	"path/filepath"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/certfile"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/stapling"
	"github.com/headgate/headgate/internal/state"
	"github.com/headgate/headgate/internal/syntax"
)

// stapleConf is what a server says of OCSP responses that go with its certificates.
type stapleConf struct {
	use      module.Opt[bool]
	at       syntax.Pos // of SSLUseStapling
	cache    bool       // SSLStaplingCache, of the main server
	url      module.Opt[string]
	timeout  module.Opt[time.Duration]
	skew     module.Opt[time.Duration]
	maxAge   module.Opt[time.Duration]
	standard module.Opt[time.Duration]
	failure  module.Opt[time.Duration]
	errors   module.Opt[bool]
	fake     module.Opt[bool]
}

var stapleSlot = directive.Slot[stapleConf]{Name: "ssl stapling", Merge: func(base, add *stapleConf) *stapleConf {
	m := &stapleConf{
		use: module.Over(base.use, add.use), at: base.at, cache: base.cache, url: module.Over(base.url, add.url),
		timeout: module.Over(base.timeout, add.timeout), skew: module.Over(base.skew, add.skew), maxAge: module.Over(base.maxAge, add.maxAge),
		standard: module.Over(base.standard, add.standard), failure: module.Over(base.failure, add.failure),
		errors: module.Over(base.errors, add.errors), fake: module.Over(base.fake, add.fake),
	}
	if add.use.Set {
		m.at = add.at
	}
	return m
}}

const stapleFile = "OCSP responses are kept in the file " + stapling.File + " of DefaultRuntimeDir, whatever kind of cache is named"

// stapleRows are the directives about OCSP stapling.
func stapleRows() []directive.Row {
	seconds := func(of func(*stapleConf) *module.Opt[time.Duration]) func(*directive.Call) error {
		return setSeconds(func(c *directive.Call) *module.Opt[time.Duration] { return of(stapleSlot.Of(c.Server)) })
	}
	flag := func(of func(*stapleConf) *module.Opt[bool]) func(*directive.Call) error {
		return func(c *directive.Call) error {
			of(stapleSlot.Of(c.Server)).To(c.On)
			return nil
		}
	}
	return []directive.Row{
		{Name: "SSLUseStapling", Set: func(c *directive.Call) error {
			s := stapleSlot.Of(c.Server)
			s.use.To(c.On)
			s.at = c.Pos()
			return nil
		}},
		{Name: "SSLStaplingCache", Tier: directive.Mapped, Note: stapleFile, Set: setStapleCache},
		{Name: "SSLStaplingForceURL", Set: setStapleURL},
		{Name: "SSLStaplingResponderTimeout", Set: seconds(func(s *stapleConf) *module.Opt[time.Duration] { return &s.timeout })},
		{Name: "SSLStaplingResponseTimeSkew", Set: seconds(func(s *stapleConf) *module.Opt[time.Duration] { return &s.skew })},
		{Name: "SSLStaplingResponseMaxAge", Set: seconds(func(s *stapleConf) *module.Opt[time.Duration] { return &s.maxAge })},
		{Name: "SSLStaplingStandardCacheTimeout", Set: seconds(func(s *stapleConf) *module.Opt[time.Duration] { return &s.standard })},
		{Name: "SSLStaplingErrorCacheTimeout", Set: seconds(func(s *stapleConf) *module.Opt[time.Duration] { return &s.failure })},
		{Name: "SSLStaplingReturnResponderErrors", Set: flag(func(s *stapleConf) *module.Opt[bool] { return &s.errors })},
		{Name: "SSLStaplingFakeTryLater", Set: flag(func(s *stapleConf) *module.Opt[bool] { return &s.fake })},
	}
}

// setStapleCache reads SSLStaplingCache kind[:arguments].
func setStapleCache(c *directive.Call) error {
	kind, args, _ := strings.Cut(c.Arg(0), ":")
	if err := cacheKind(c, "stapling", kind, args); err != nil {
		return err
	}
	stapleSlot.Of(c.Server).cache = true
	return nil
}

// setStapleURL reads SSLStaplingForceURL. httpd checks nothing here.
func setStapleURL(c *directive.Call) error {
	if !ascii.HasPrefixFold(c.Arg(0), "http://") {
		c.Warn("SSLStaplingForceURL: '%s' is no http:// URL: no response can be requested there", c.Arg(0))
	}
	stapleSlot.Of(c.Server).url.To(c.Arg(0))
	return nil
}

// settings returns what the directives say.
func (s *stapleConf) settings() stapling.Settings {
	d := stapling.Defaults()
	return stapling.Settings{
		ForceURL: s.url.V, Timeout: s.timeout.Or(d.Timeout), Skew: s.skew.Or(d.Skew), MaxAge: s.maxAge.Or(d.MaxAge),
		Standard: s.standard.Or(d.Standard), Error: s.failure.Or(d.Error), ReturnErrors: s.errors.Or(d.ReturnErrors), FakeTryLater: s.fake.Or(d.FakeTryLater),
	}
}

// staples returns the settings of a server whose certificates go with OCSP responses.
func staples(b *module.Builder, s *module.Server) (set stapling.Settings, on bool) {
	c, ok := stapleSlot.Peek(s.Conf)
	if !ok || !c.use.Or(false) {
		return set, false
	}
	if !c.cache {
		b.Errorf(c.at, "AH01958: SSLStapling: no stapling cache available: SSLUseStapling requires an SSLStaplingCache")
	}
	return c.settings(), true
}

// stapleKey is the key in Builder.Aux for the subjects of a build.
type stapleKey struct{}

// stapled gathers the certificates of a build that go with OCSP responses.
type stapled struct {
	list    []stapling.Subject
	seen    map[*certfile.Pair]bool
	files   *stapled // of the files, for a text that was discovered; nil: they have none
	without []string // files of certificates that name no responder
	at      syntax.Pos
}

// staple has a pair go with OCSP responses, on; a certificate that must is warned about
// where that is not so.
func staple(b *module.Builder, s *module.Server, p *certfile.Pair, set stapling.Settings, on bool) {
	c := p.Certificate()
	required := stapling.Required(c.Leaf)
	if !on {
		if required {
			b.Warnf(s.Scope.Pos, "%s tells clients to refuse it without an OCSP response, and SSLUseStapling is off", p.Files[certfile.Cert])
		}
		return
	}
	conf, _ := stapleSlot.Peek(s.Conf)
	all, ok := b.Aux.Own(stapleKey{}).(*stapled)
	if !ok {
		all = &stapled{at: conf.at, seen: make(map[*certfile.Pair]bool)}
		all.files, _ = b.Aux.Get(stapleKey{}).(*stapled)
		b.Aux.Put(stapleKey{}, all)
	}
	if all.seen[p] || all.files != nil && all.files.seen[p] {
		return
	}
	all.seen[p] = true
	switch err := stapling.Check(c, set); {
	case errors.Is(err, stapling.ErrNoResponder) && !required:
		all.without = append(all.without, p.Files[certfile.Cert])
	case err != nil && required:
		b.Warnf(conf.at, "%s tells clients to refuse it without an OCSP response, and there will be none: %v", p.Files[certfile.Cert], err)
	case err != nil:
		b.Warnf(conf.at, "SSLUseStapling has no effect for %s: %v", p.Files[certfile.Cert], err)
	}
	// Without a responder too: a renewed certificate may name one.
	all.list = append(all.list, stapling.Subject{Pair: p, Settings: set, Report: reporter(s.Site)})
}

// reporter logs to the error log of a site.
func reporter(site *exchange.Site) stapling.Report {
	levels := map[stapling.Level]logsink.Level{stapling.Info: logsink.Info, stapling.Warning: logsink.Warn, stapling.Failure: logsink.Error}
	return func(level stapling.Level, id, text string) {
		if l := levels[level]; site.Log != nil && (site.Levels == nil || site.Levels.Enabled(name, l)) {
			site.Log.Logf(logsink.Record{Level: l, Module: name, ID: id}, "%s", strings.TrimPrefix(text, id+": "))
		}
	}
}

// beginStapling says which certificates go without responses, and has responses kept
// for the others once the build is the current one.
func beginStapling(b *module.Builder) {
	all, ok := b.Aux.Own(stapleKey{}).(*stapled)
	if !ok || len(all.list) == 0 {
		return
	}
	if n := len(all.without); n > 0 {
		b.Warnf(all.at, "SSLUseStapling has no effect for certificates that name no OCSP responder, as those of Let's Encrypt since 2025: %s", strings.Join(all.without, ", "))
	}
	if b.Check || b.Blind {
		return
	}
	keeper := state.Attach(b.Lease, "ocsp stapling", func() (*stapling.Keeper, func()) {
		k := stapling.NewKeeper()
		return k, k.Close
	})
	file := ""
	if b.RuntimeDir != "" {
		file = filepath.Join(b.RuntimeDir, stapling.File)
	}
	if b.Guest {
		also := &moreStapling{keeper: keeper, file: file, list: all.list}
		b.Part.Begin, b.Part.Tasks = append(b.Part.Begin, also.begin), append(b.Part.Tasks, also)
		return
	}
	b.Part.Begin = append(b.Part.Begin, func() { keeper.Use(file, all.list) })
}

// moreStapling has responses kept for the certificates of a text that was discovered,
// while a snapshot with it is current. It is a snapshot.Task.
type moreStapling struct {
	keeper *stapling.Keeper
	file   string
	list   []stapling.Subject
	end    func() // nil: not begun
}

func (m *moreStapling) begin() { m.end = m.keeper.Add(m.file, m.list) }

// Start implements snapshot.Task: it has begun.
func (m *moreStapling) Start(func(func(reactor.Loop))) {}

// Stop implements snapshot.Task.
func (m *moreStapling) Stop() {
	if m.end != nil {
		m.end()
	}
}
