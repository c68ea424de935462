package core

import (
	"errors"
	"math"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/rx"
	"github.com/headgate/headgate/internal/snapshot"
)

// sectionRows are the sections. Package directive applies their contents;
// opening one only checks its line.
func sectionRows() []directive.Row {
	return append(conditionRows(), []directive.Row{
		{Name: "<VirtualHost>", Open: openVirtualHost},
		{Name: "<Directory>", Open: openRegex},
		{Name: "<DirectoryMatch>", Open: openRegex},
		{Name: "<Location>", Open: openRegex},
		{Name: "<LocationMatch>", Open: openRegex},
		{Name: "<Files>", Open: openRegex},
		{Name: "<FilesMatch>", Open: openRegex},
	}...)
}

// openVirtualHost reads the addresses of the tag. A name that does not
// resolve is left out with a warning, as httpd does.
func openVirtualHost(c *directive.Call) error {
	s := serverSlot.Of(c.Server)
	for _, w := range c.Args {
		if w == "" {
			continue
		}
		addrs, err := vhostAddrs(w)
		switch bad := (*addrFault)(nil); {
		case errors.As(err, &bad):
			return c.Errorf("%w", bad)
		case err != nil:
			c.Warn("%s: this address is left out", err)
		}
		s.Addrs = append(s.Addrs, addrs...)
	}
	return nil
}

// addrFault is an address that prevents a start, in httpd's words.
type addrFault struct{ text string }

func (f *addrFault) Error() string { return f.text }

// vhostAddrs reads one address of a <VirtualHost> tag.
//
// httpd: apr_parse_addr_port. Digits after the last colon are a port and must
// be valid, digits alone are a port without an address, and any other text
// after a colon is part of the name, which then does not resolve.
func vhostAddrs(w string) ([]snapshot.Addr, error) {
	host, port := w, ""
	if i := strings.LastIndexByte(w, ':'); i >= 0 && !strings.HasSuffix(w, "]") && (digits(w[i+1:]) || w[i+1:] == "*") {
		host, port = w[:i], w[i+1:]
	} else if digits(w) {
		host, port = "", w
	}
	a := snapshot.Addr{}
	if port != "" && port != "*" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return nil, &addrFault{"The address or port is invalid"}
		}
		a.Port = uint16(n)
	}
	switch {
	case host == "" && w == port:
		return nil, &addrFault{"Missing address for VirtualHost"}
	case host == "":
		return nil, &addrFault{"The address or port is invalid"}
	case host == "*" || ascii.EqualFold(host, "_default_") || host == "255.255.255.255":
		return []snapshot.Addr{a}, nil
	}
	if ip, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		a.IP = ip
		return []snapshot.Addr{a}, nil
	}
	ips, err := net.LookupIP(host)
	if err != nil {
		return nil, &net.AddrError{Err: "could not resolve host name", Addr: host}
	}
	var out []snapshot.Addr
	for _, ip := range ips {
		n, _ := netip.AddrFromSlice(ip)
		out = append(out, snapshot.Addr{IP: n.Unmap(), Port: a.Port, Host: host})
	}
	return out, nil
}

func digits(s string) bool {
	for i := range len(s) {
		if !ascii.IsDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

// openRegex checks the regular expression of a Match section.
func openRegex(c *directive.Call) error {
	if !c.Scope.Kind.Regex() && !c.Inner.Kind.Regex() {
		return nil
	}
	if _, err := rx.Compile(sectionArg(c.Inner), 0); err != nil {
		return c.Errorf("Regex could not be compiled")
	}
	return nil
}

func sectionArg(s *directive.Scope) string {
	if len(s.Words) > 0 {
		return s.Words[0]
	}
	return ""
}

// VHost returns the description of a built virtual host for the table of
// virtual hosts; nil when no address of its tag could be used.
func VHost(b *module.Builder, s *module.Server) *snapshot.VHost {
	own := ServerOf(s.Own)
	if len(own.Addrs) == 0 {
		b.Warnf(s.Scope.Pos, "<VirtualHost %s> has no usable address and is never chosen", s.Scope.Args)
		return nil
	}
	h := &snapshot.VHost{Site: s.Site, Addrs: own.Addrs, Defined: s.Scope.Pos.String()}
	if file := s.Scope.Pos.File; snapshot.IsGuest(file) {
		h.Guest = file
	}
	if own.Name.Set {
		h.Names = append(h.Names, own.Name.V.Host)
	} else {
		h.Names = append(h.Names, s.Site.Name)
	}
	for _, a := range own.Aliases {
		a = strings.TrimSuffix(a, ".")
		if strings.ContainsAny(a, "*?") {
			h.Wild = append(h.Wild, a)
		} else {
			h.Names = append(h.Names, a)
		}
	}
	return h
}

// sectionKinds say how each kind of section is matched and which it merges
// with. A nil match is a regular expression.
var sectionKinds = map[directive.Kind]struct {
	match func(root, arg string) snapshot.Matcher
	list  func(*snapshot.SectionLists) *[]snapshot.Section
}{
	directive.KindDirectory:      {folderMatch, dirSections},
	directive.KindDirectoryMatch: {nil, dirSections},
	directive.KindFiles:          {nameMatch, fileSections},
	directive.KindFilesMatch:     {nil, fileSections},
	directive.KindLocation:       {locationMatch, locationSections},
	directive.KindLocationMatch:  {nil, locationSections},
	directive.KindProxy:          {proxyMatch, proxySections},
	directive.KindProxyMatch:     {nil, proxySections},
}

func dirSections(l *snapshot.SectionLists) *[]snapshot.Section      { return &l.Dirs }
func fileSections(l *snapshot.SectionLists) *[]snapshot.Section     { return &l.Files }
func locationSections(l *snapshot.SectionLists) *[]snapshot.Section { return &l.Locations }
func proxySections(l *snapshot.SectionLists) *[]snapshot.Section    { return &l.Proxies }

// Sections lists the sections of a server: the main server's first, then its
// own, each kind in the order it merges.
func Sections(b *module.Builder, outer, own *directive.Scope) snapshot.SectionLists {
	var l snapshot.SectionLists
	var depth []int // of l.Dirs: number of path segments, and more than any for a pattern
	for _, top := range []*directive.Scope{outer, own} {
		if top == nil {
			continue
		}
		l.Ifs = append(l.Ifs, conditions(b, top)...)
		for _, s := range top.Children {
			kind, ok := sectionKinds[s.Kind]
			if !ok {
				continue
			}
			list := kind.list(&l)
			*list = append(*list, section(b, s))
			switch s.Kind {
			case directive.KindDirectory:
				depth = append(depth, snapshot.Depth((*list)[len(*list)-1].Match))
			case directive.KindDirectoryMatch:
				depth = append(depth, math.MaxInt)
			}
		}
	}
	l.Dirs = byDepth(l.Dirs, depth)
	l.Rules = snapshot.FolderRules{Options: firstOptions, May: noOverride}
	for _, top := range []*directive.Scope{outer, own} {
		if top != nil {
			l.Rules = folderRules(top.Dir).Over(l.Rules)
		}
	}
	return l
}

// section makes one section with those nested in it.
func section(b *module.Builder, s *directive.Scope) snapshot.Section {
	sec := snapshot.Section{Dir: s.Dir, Defined: s.Pos.String(), Tag: s.String()}
	switch match := sectionKinds[s.Kind].match; {
	case s.Kind == directive.KindAccess:
		sec.Defined, sec.Tag, sec.Match = s.Pos.File, s.Kind.String(), snapshot.Folder(sectionArg(s))
	case match != nil:
		sec.Match = match(b.ServerRoot, sectionArg(s))
	default:
		sec.Match = regexMatch(b, s)
	}
	sec.Inner.Ifs = conditions(b, s)
	switch s.Kind {
	case directive.KindDirectory, directive.KindDirectoryMatch, directive.KindAccess:
		sec.Rules = folderRules(s.Dir)
		for _, in := range s.Children {
			if in.Kind == directive.KindFiles || in.Kind == directive.KindFilesMatch {
				sec.Inner.Files = append(sec.Inner.Files, section(b, in))
			}
		}
	default:
		neverMatched(b, s)
	}
	return sec
}

// AccessSection makes a section of a .htaccess file.
func AccessSection(b *module.Builder, s *directive.Scope) snapshot.Section { return section(b, s) }

// AccessNames returns the names of .htaccess files in a server.
func AccessNames(c *directive.Confs) []string {
	return ServerOf(c).AccessNames.Or([]string{".htaccess"})
}

// byDepth sorts <Directory> sections by their number of path segments, keeping
// file order among equals.
func byDepth(list []snapshot.Section, depth []int) []snapshot.Section {
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return depth[a] - depth[b] })
	out := make([]snapshot.Section, len(list))
	for i, o := range order {
		out[i] = list[o]
	}
	return out
}

func regexMatch(b *module.Builder, s *directive.Scope) snapshot.Matcher {
	re, err := rx.Compile(sectionArg(s), 0)
	if err != nil {
		b.Errorf(s.Pos, "%s: Regex could not be compiled", s)
		return snapshot.Prefix("")
	}
	if re.Backtracking() {
		b.Warnf(s.Pos, "%s needs backtracking, which is slower and bounded", s)
	}
	return snapshot.NewRegex(re)
}

// isPattern says whether p is to be matched as a shell pattern (httpd:
// apr_fnmatch_test).
func isPattern(p string) bool {
	for i := 0; i < len(p); i++ {
		switch p[i] {
		case '*', '?':
			return true
		case '\\':
			i++
		case '[':
			if strings.IndexByte(p[i:], ']') > 0 {
				return true
			}
		}
	}
	return false
}

func folderMatch(root, p string) snapshot.Matcher {
	p = abs(root, p)
	if isPattern(p) {
		return snapshot.Glob{Pattern: p, Path: true, Below: true}
	}
	return snapshot.Folder(p)
}

func nameMatch(_, p string) snapshot.Matcher {
	if isPattern(p) {
		return snapshot.Glob{Pattern: p}
	}
	return snapshot.Name(p)
}

func locationMatch(_, p string) snapshot.Matcher {
	if isPattern(p) {
		return snapshot.Glob{Pattern: p, Path: true}
	}
	return snapshot.Prefix(p)
}

func proxyMatch(_, p string) snapshot.Matcher {
	switch {
	case p == "*": // httpd: rewritten to proxy:*
		return snapshot.URLPrefix("")
	case isPattern(p):
		return snapshot.Glob{Pattern: p}
	}
	return snapshot.URLPrefix(p)
}
