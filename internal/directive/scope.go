package directive

import (
	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/syntax"
)

// Kind is the kind of a scope.
type Kind uint8

// The kinds. A section written with ~ has the kind of its Match twin.
const (
	KindMain Kind = iota
	KindVirtualHost
	KindDirectory
	KindDirectoryMatch
	KindLocation
	KindLocationMatch
	KindFiles
	KindFilesMatch
	KindProxy
	KindProxyMatch
	KindIf
	KindElseIf
	KindElse
	KindLimit
	KindLimitExcept
	KindRequireAll
	KindRequireAny
	KindRequireNone
	KindProviderAlias // <AuthnProviderAlias>, which is merged over the sections that use it
	KindAccess        // a .htaccess file; its only word is its folder, with a slash at the end
	KindContainer     // any other section: a block that does not change the context
)

// argRule says how many words a section's opening line needs.
type argRule uint8

const (
	argsFree argRule = iota // none, or the module checks it
	argsSome                // at least one word
	argsOne                 // one word, or ~ and one word
)

// kindRow describes a kind of section.
type kindRow struct {
	name   string // "<Location>"
	place  Where
	args   argRule
	match  Kind // the regular-expression twin, which ~ turns it into; itself for the twin
	shares bool // uses the per-directory configuration of the scope around it
}

var kinds = [...]kindRow{
	KindMain:           {name: "main server", place: Main},
	KindVirtualHost:    {name: "<VirtualHost>", place: VHost, args: argsSome},
	KindDirectory:      {name: "<Directory>", place: Directory, args: argsOne, match: KindDirectoryMatch},
	KindDirectoryMatch: {name: "<DirectoryMatch>", place: Directory, args: argsOne, match: KindDirectoryMatch},
	KindLocation:       {name: "<Location>", place: Location, args: argsOne, match: KindLocationMatch},
	KindLocationMatch:  {name: "<LocationMatch>", place: Location, args: argsOne, match: KindLocationMatch},
	KindFiles:          {name: "<Files>", place: Files, args: argsOne, match: KindFilesMatch},
	KindFilesMatch:     {name: "<FilesMatch>", place: Files, args: argsOne, match: KindFilesMatch},
	KindProxy:          {name: "<Proxy>", place: Proxy},
	KindProxyMatch:     {name: "<ProxyMatch>", place: Proxy, match: KindProxyMatch},
	KindIf:             {name: "<If>", place: If, args: argsSome},
	KindElseIf:         {name: "<ElseIf>", place: If, args: argsSome},
	KindElse:           {name: "<Else>", place: If},
	KindLimit:          {name: "<Limit>", place: Limit, args: argsSome, shares: true},
	KindLimitExcept:    {name: "<LimitExcept>", place: Limit, args: argsSome, shares: true},
	KindRequireAll:     {name: "<RequireAll>", place: Authz, shares: true},
	KindRequireAny:     {name: "<RequireAny>", place: Authz, shares: true},
	KindRequireNone:    {name: "<RequireNone>", place: Authz, shares: true},
	KindProviderAlias:  {name: "<AuthnProviderAlias>", place: Directory},
	KindAccess:         {name: ".htaccess", place: Directory},
	KindContainer:      {name: "<block>", shares: true},
}

// kindOf finds the kind of a section by its name, written <Name>.
func kindOf(name string) Kind {
	for k := range kinds {
		if ascii.EqualFold(kinds[k].name, name) {
			return Kind(k)
		}
	}
	return KindContainer
}

// String is the section's name: <Location>, or "main server".
func (k Kind) String() string { return kinds[k].name }

// Server reports whether a scope of this kind is a server: the main one or a
// virtual host.
func (k Kind) Server() bool { return k == KindMain || k == KindVirtualHost }

// Regex reports whether a scope of this kind is chosen by a regular expression.
func (k Kind) Regex() bool { return kinds[k].match == k && k != KindMain }

// Scope is a server or a section: a context for directives, with the
// configurations they set.
//
// As in httpd a server has two vectors: Server, for the server as a whole, and
// Dir, for directives that are legal in sections but were written outside of
// any. Dir is the base that every section is merged over. A section has its own
// Dir and its server's Server. <Limit> and the Require containers use the Dir of
// the scope around them; their rows look at the scope to know what they are
// inside of.
type Scope struct {
	Kind  Kind
	Pos   syntax.Pos
	Node  *syntax.Node // nil for the main server
	Args  string       // of the opening line, raw, without a leading ~
	Words []string     // the same, split
	head  string       // the section's name as its row has it: <Location

	Override *Override // of a .htaccess file: what it may contain
	Parent   *Scope
	Server   *Confs
	Dir      *Confs
	Children []*Scope // sections and virtual hosts in file order
}

// NewMain makes an empty main server.
func NewMain() *Scope {
	return &Scope{Kind: KindMain, Server: new(Confs), Dir: new(Confs)}
}

// Host returns the server the scope belongs to: a virtual host or the main
// server.
func (s *Scope) Host() *Scope {
	for !s.Kind.Server() {
		s = s.Parent
	}
	return s
}

// Within returns the innermost scope around s, s included, of one of the kinds;
// nil when there is none.
func (s *Scope) Within(kinds ...Kind) *Scope {
	for ; s != nil; s = s.Parent {
		for _, k := range kinds {
			if s.Kind == k {
				return s
			}
		}
	}
	return nil
}

// Untrusted reports whether s is in a .htaccess file: somebody else than the
// administrator of the server may have written it.
func (s *Scope) Untrusted() bool { return s.Within(KindAccess) != nil }

// Section returns the innermost scope around s that has its own Dir: s itself
// unless it is a <Limit>, a Require container or some other block.
func (s *Scope) Section() *Scope {
	for kinds[s.Kind].shares {
		s = s.Parent
	}
	return s
}

// Hosts returns the virtual hosts of a main server in file order.
func (s *Scope) Hosts() []*Scope {
	var hosts []*Scope
	for _, c := range s.Children {
		if c.Kind == KindVirtualHost {
			hosts = append(hosts, c)
		}
	}
	return hosts
}

// String returns the opening line.
func (s *Scope) String() string {
	if s.Node == nil {
		return kinds[s.Kind].name
	}
	if s.Node.Args == "" {
		return "<" + s.Node.Name + ">"
	}
	return "<" + s.Node.Name + " " + s.Node.Args + ">"
}

// place returns the context of a directive directly inside s.
func (s *Scope) place() Where {
	for s.Kind == KindContainer {
		s = s.Parent
	}
	return kinds[s.Kind].place
}
