package autoindex

import (
	"bytes"
	"io/fs"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/glob"
)

// find returns the data of the first item for a file. onlyPath: its type and its
// encoding do not count. httpd: find_item.
func find(list []item, path string, media *exchange.Media, onlyPath bool) (string, bool) {
	for i := range list {
		it := &list[i]
		if !strings.HasPrefix(path, "^") && !glob.Match(it.path, path, glob.Simple) {
			continue
		}
		switch {
		case it.to == "":
			return it.data, true
		case it.kind == byPath || strings.HasPrefix(path, "^"):
			if glob.Match(it.to, path, glob.Simple) {
				return it.data, true
			}
		case onlyPath || media == nil:
		case it.kind == byType && media.Encoding == nil && media.Type != nil:
			if glob.Match(it.to, string(baseType(media.Type)), glob.Simple|glob.Fold) {
				return it.data, true
			}
		case it.kind == byEncoding && media.Encoding != nil:
			if glob.Match(it.to, string(media.Encoding), glob.Simple|glob.Fold) {
				return it.data, true
			}
		}
	}
	return "", false
}

// baseType returns a content type without its parameters.
func baseType(t []byte) []byte {
	t, _, _ = bytes.Cut(t, []byte(";"))
	return bytes.TrimRight(t, " \t")
}

// ignores reports whether a file is not shown. httpd: ignore_entry.
func (c *conf) ignores(path string) bool {
	last := path[strings.LastIndexByte(path, '/')+1:]
	for i := range c.ignored {
		it := &c.ignored[i]
		to := it.to[strings.LastIndexByte(it.to, '/')+1:]
		if glob.Match(it.path, path, glob.Simple) && glob.Match(to, last, glob.Simple) {
			return true
		}
	}
	return false
}

// describe returns the description of a file. httpd: find_desc.
func (c *conf) describe(path string) (string, bool) {
	last := path[strings.LastIndexByte(path, '/')+1:]
	for i := range c.descriptions {
		d := &c.descriptions[i]
		name := last
		if d.fullPath {
			name = path
		}
		if d.wild && glob.Match(d.pattern, name, 0) || !d.wild && strings.Contains(name, d.pattern) {
			return d.text, true
		}
	}
	return "", false
}

// parent returns the line for the folder above, if it is shown. httpd:
// make_parent_entry.
func (c *conf) parent(x *exchange.Exchange, o *order, folder string) (e entry, ok bool) {
	up := strings.TrimSuffix(string(x.Path), "/")
	if up == "" {
		return e, false
	}
	e.name = up[:strings.LastIndexByte(up, '/')+1]
	path := folder + ".."
	if e.name == "" || c.ignores(path) {
		return e, false
	}
	e.size, e.modified = -1, -1
	if o.opts&fancy != 0 {
		if e.icon, ok = find(c.icons, path, nil, true); !ok {
			e.icon, _ = find(c.icons, "^^DIRECTORY^^", nil, true)
		}
		if e.alt, e.hasAlt = find(c.alts, path, nil, true); !e.hasAlt {
			if e.alt, e.hasAlt = find(c.alts, "^^DIRECTORY^^", nil, true); !e.hasAlt {
				e.alt, e.hasAlt = "PARENTDIR", true
			}
		}
		e.desc, e.hasDesc = c.describe(path)
	}
	return e, true
}

// entries looks at each name as a request for it would be looked at. It gives way
// to other requests of its loop.
func (c *conf) entries(x *exchange.Exchange, o *order, folder string, names []fs.FileInfo) []entry {
	var list []entry
	if e, ok := c.parent(x, o, folder); ok {
		list = append(list, e)
	}
	for i, info := range names {
		if i%64 == 63 {
			x.Loop.Yield()
		}
		if o.hasP && !glob.Match(o.pattern, info.Name(), glob.Period) {
			continue
		}
		if e, ok := c.entry(x, o, folder, info); ok {
			list = append(list, e)
		}
	}
	sortEntries(list, o)
	return list
}

// entry makes a line. ok is false if the file is not shown. httpd:
// make_autoindex_entry.
func (c *conf) entry(x *exchange.Exchange, o *order, folder string, info fs.FileInfo) (e entry, ok bool) {
	name, isFolder := info.Name(), info.IsDir()
	path := folder + name
	if !isFolder && !info.Mode().IsRegular() || c.ignores(path) {
		return e, false
	}
	sub := x.Lookups.LookupEntry(x, name)
	if !shown(sub.Status, o.opts) {
		return e, false
	}
	e = entry{name: name, size: -1, modified: -1}
	if isFolder {
		e.name += "/"
	}
	if o.opts&(fancy|table) == 0 {
		return e, true
	}
	e.modified = info.ModTime().Unix()
	if isFolder {
		e.folder = o.opts&foldersFirst != 0
		if e.icon, ok = find(c.icons, path, nil, true); !ok {
			e.icon, _ = find(c.icons, "^^DIRECTORY^^", nil, true)
		}
		if e.alt, e.hasAlt = find(c.alts, path, nil, true); !e.hasAlt {
			if e.alt, e.hasAlt = find(c.alts, "^^DIRECTORY^^", nil, true); !e.hasAlt {
				e.alt, e.hasAlt = "DIR", true
			}
		}
	} else {
		e.icon, _ = find(c.icons, path, &sub.Media, false)
		e.alt, e.hasAlt = find(c.alts, path, &sub.Media, false)
		e.size = info.Size()
	}
	if e.desc, e.hasDesc = c.describe(path); !e.hasDesc && o.opts&scanTitles != 0 && isPage(sub) {
		if title, err := await(x, path, readTitle); err == nil && title != "" {
			e.desc, e.hasDesc = title, true
		}
	}
	return e, true
}

// shown reports whether an entry is shown whose look-up ended with a status.
func shown(status int, o options) bool {
	return status >= 200 && status < 400 || o&showForbidden != 0 && (status == 401 || status == 403)
}

// isPage reports whether a look-up ended at a page that is sent as it is.
func isPage(sub *exchange.Exchange) bool {
	t := baseType(sub.Media.Type)
	return sub.Status == 200 && sub.Mapped == nil && sub.Media.Encoding == nil &&
		(ascii.EqualFoldBytes(t, "text/html") || ascii.EqualFoldBytes(t, "application/xhtml+xml"))
}
