package core

import (
	"cmp"
	"time"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/listen"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/snapshot"
	"github.com/headgate/headgate/internal/syntax"
)

// ServerConf holds core's directives for a server as a whole.
type ServerConf struct {
	Name             module.Opt[Name]
	Aliases          []string
	Admin            module.Opt[string]
	DocumentRoot     module.Opt[string]
	AccessNames      module.Opt[[]string] // AccessFileName
	Timeout          module.Opt[time.Duration]
	TimeoutPlace     string // of the directive; "": none
	KeepAlive        module.Opt[bool]
	KeepAliveTimeout module.Opt[time.Duration]
	MaxKeepAlive     module.Opt[int]
	LimitLine        module.Opt[int]
	LimitField       module.Opt[int]
	LimitFields      module.Opt[int]
	EncodedSlashes   module.Opt[exchange.EncodedSlashes]
	MergeSlashes     module.Opt[bool]
	Trace            module.Opt[exchange.Trace]
	RegisteredOnly   module.Opt[bool]
	ErrorLog         module.Opt[string]
	ErrorLogPos      syntax.Pos // of the directive that named it
	Levels           *logsink.Levels
	Formats          logsink.ErrorFormats // ErrorLogFormat
	Addrs            []snapshot.Addr      // of a <VirtualHost>
}

// Name is a ServerName with its optional scheme and port.
type Name struct {
	Scheme string
	Host   string
	Port   uint16
}

// serverSlot identifies a server's ServerConf.
var serverSlot = directive.Slot[ServerConf]{Name: "core server", Merge: mergeServer}

// ServerOf returns the core configuration of a server.
func ServerOf(c *directive.Confs) *ServerConf {
	if v, ok := serverSlot.Peek(c); ok {
		return v
	}
	return &ServerConf{}
}

// mergeServer merges a virtual host over the main server. It does not inherit
// name, aliases, addresses and AllowEncodedSlashes, as in httpd, which
// documents this for the last.
func mergeServer(base, add *ServerConf) *ServerConf {
	out := &ServerConf{
		Name: add.Name, Aliases: add.Aliases, Addrs: add.Addrs,
		Admin:            module.Over(base.Admin, add.Admin),
		DocumentRoot:     module.Over(base.DocumentRoot, add.DocumentRoot),
		AccessNames:      module.Over(base.AccessNames, add.AccessNames),
		Timeout:          module.Over(base.Timeout, add.Timeout),
		TimeoutPlace:     base.TimeoutPlace,
		KeepAlive:        module.Over(base.KeepAlive, add.KeepAlive),
		KeepAliveTimeout: module.Over(base.KeepAliveTimeout, add.KeepAliveTimeout),
		MaxKeepAlive:     module.Over(base.MaxKeepAlive, add.MaxKeepAlive),
		LimitLine:        module.Over(base.LimitLine, add.LimitLine),
		LimitField:       module.Over(base.LimitField, add.LimitField),
		LimitFields:      module.Over(base.LimitFields, add.LimitFields),
		EncodedSlashes:   add.EncodedSlashes,
		MergeSlashes:     module.Over(base.MergeSlashes, add.MergeSlashes),
		Trace:            module.Over(base.Trace, add.Trace),
		RegisteredOnly:   module.Over(base.RegisteredOnly, add.RegisteredOnly),
		ErrorLog:         module.Over(base.ErrorLog, add.ErrorLog),
		ErrorLogPos:      base.ErrorLogPos,
		Levels:           add.Levels.Over(base.Levels),
	}
	out.Formats = base.Formats
	if f := add.Formats.Main; f != nil {
		out.Formats.Main = f
	}
	if f := add.Formats.Connection; f != nil {
		out.Formats.Connection = f
	}
	if f := add.Formats.Request; f != nil {
		out.Formats.Request = f
	}
	if add.ErrorLog.Set {
		out.ErrorLogPos = add.ErrorLogPos
	}
	if add.Timeout.Set {
		out.TimeoutPlace = add.TimeoutPlace
	}
	return out
}

// GlobalConf holds directives that are allowed once, in the main server.
type GlobalConf struct {
	Listen          []listen.Addr
	AcceptFilters   map[string]string // by protocol
	Backlog         int
	Tokens          module.Opt[string]
	PidFile         module.Opt[string]
	RuntimeDir      module.Opt[string]
	GracefulTimeout time.Duration
	Chroot          string
	SendBuffer      int
	RecvBuffer      int
}

// globalSlot is in the main server's vector only; a virtual host inherits it
// unchanged.
var globalSlot = directive.Slot[GlobalConf]{Name: "core global"}

// GlobalOf returns the global core configuration.
func GlobalOf(c *directive.Confs) *GlobalConf {
	if v, ok := globalSlot.Peek(c); ok {
		return v
	}
	return &GlobalConf{}
}

// DirConf holds core's directives in a section.
type DirConf struct {
	Canonical module.Opt[exchange.Canonical]
	Signature module.Opt[exchange.Signature]
	Charset   module.Opt[string] // AddDefaultCharset; "": none is added
	PassAuth  module.Opt[bool]   // CGIPassAuth
	Current   module.Opt[bool]   // CGIVar REQUEST_URI current-uri
	LimitBody module.Opt[int64]
	Handler   module.Opt[handler]
	Files     fileConf
	Filters   module.Opt[[]module.FilterKind] // SetOutputFilter, as named
	Inputs    module.Opt[[]module.FilterKind] // SetInputFilter, as named
	Type      module.Opt[string]              // ForceType; "": none
	ErrorDocs map[int]exchange.ErrorDoc       // a zero ErrorDoc is "default"
	Options   exchange.OptionRules

	Override     *directive.Override     // AllowOverride; nil: unset
	OverrideList *directive.OverrideList // AllowOverrideList; nil: unset
	Levels       *logsink.Levels
}

// dirSlot identifies a section's DirConf.
var dirSlot = directive.Slot[DirConf]{Name: "core dir", Merge: mergeDir}

func mergeDir(base, add *DirConf) *DirConf {
	out := &DirConf{
		Canonical: module.Over(base.Canonical, add.Canonical),
		Signature: module.Over(base.Signature, add.Signature),
		Charset:   module.Over(base.Charset, add.Charset),
		PassAuth:  module.Over(base.PassAuth, add.PassAuth),
		Current:   module.Over(base.Current, add.Current),
		LimitBody: module.Over(base.LimitBody, add.LimitBody),
		Handler:   module.Over(base.Handler, add.Handler),
		Type:      module.Over(base.Type, add.Type),
		Files:     mergeFiles(&base.Files, &add.Files),
		Filters:   module.Over(base.Filters, add.Filters),
		Inputs:    module.Over(base.Inputs, add.Inputs),
		ErrorDocs: base.ErrorDocs,
		Options:   add.Options.Over(base.Options),

		Override: cmp.Or(add.Override, base.Override), OverrideList: cmp.Or(add.OverrideList, base.OverrideList),
		Levels: add.Levels.Over(base.Levels),
	}
	if len(add.ErrorDocs) == 0 {
		return out
	}
	out.ErrorDocs = make(map[int]exchange.ErrorDoc, len(base.ErrorDocs)+len(add.ErrorDocs))
	for k, v := range base.ErrorDocs {
		out.ErrorDocs[k] = v
	}
	for k, v := range add.ErrorDocs {
		out.ErrorDocs[k] = v
	}
	return out
}
