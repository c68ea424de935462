package autoindex

import (
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/uri"
)

// list prints the lines in their form. httpd: output_directories.
func (p *printer) list(list []entry) {
	l := &lines{printer: p, name: p.name.Or(width{n: defaultNameWidth}), desc: p.description.Or(width{n: defaultDescriptionWidth})}
	if p.order.opts&(fancy|table) == fancy {
		for i := range list {
			if l.name.adjust {
				l.name.n = max(l.name.n, len(list[i].name))
			}
			if l.desc.adjust {
				l.desc.n = max(l.desc.n, len(list[i].desc))
			}
		}
	}
	line := l.plain
	switch {
	case p.order.opts&table != 0:
		l.tableHead()
		line = l.row
	case p.order.opts&fancy != 0:
		l.fancyHead()
		line = l.fancy
	default:
		p.puts("<ul>")
	}
	for i := range list {
		line(i, &list[i])
		if p.flush(); p.err != nil {
			return
		}
	}
	switch {
	case p.order.opts&table != 0:
		l.rule()
		p.puts("</table>\n")
	case p.order.opts&fancy != 0:
		if p.order.opts&noRules == 0 {
			p.puts("<hr")
			p.slash()
			p.puts(">")
		}
		p.puts("</pre>\n")
	default:
		p.puts("</ul>\n")
	}
}

// lines prints the lines of a listing.
type lines struct {
	*printer
	name, desc width
	columns    int
}

// class begins the content of a cell: with a style sheet by its class, without by
// an attribute, which may be none.
func (l *lines) class(column, attribute string) {
	if l.style != "" {
		l.puts(` class="indexcol`, column, `">`)
		return
	}
	l.puts(attribute, ">")
}

// link prints the head of a column, which sorts by it. httpd: emit_link.
func (l *lines) link(text string, key byte) {
	if l.order.opts&noSorting != 0 {
		l.puts(text)
		return
	}
	direction := "A"
	if l.order.key == key && l.order.direction == 'A' {
		direction = "D"
	}
	l.puts(`<a href="?C=`, string(key), ";O=", direction, l.suffix, `">`, text, "</a>")
}

// image prints an icon.
func (l *lines) image(icon, alt string) {
	l.puts(`<img src="`)
	l.html(icon)
	l.puts(`" alt="`, alt, `"`)
	if l.iconWidth != 0 {
		l.puts(` width="`, strconv.Itoa(l.iconWidth), `"`)
	}
	if l.iconHeight != 0 {
		l.puts(` height="`, strconv.Itoa(l.iconHeight), `"`)
	}
	l.slash()
	l.puts(">")
}

func (l *lines) rule() {
	if l.order.opts&noRules != 0 {
		return
	}
	l.puts("   <tr")
	if l.style != "" {
		l.puts(` class="indexbreakrow"`)
	}
	l.puts(`><th colspan="`, strconv.Itoa(l.columns), `"><hr`)
	l.slash()
	l.puts("></th></tr>\n")
}

func (l *lines) tableHead() {
	if l.style != "" {
		l.puts("  <table id=\"indexlist\">\n   <tr class=\"indexhead\">")
	} else {
		l.puts("  <table>\n   <tr>")
	}
	l.columns = 1
	if l.order.opts&noIcon == 0 {
		l.puts("<th")
		l.class("icon", ` valign="top"`)
		if icon, ok := find(l.icons, "^^BLANKICON^^", nil, true); ok {
			l.image(icon, "[ICO]")
		} else {
			l.puts("&nbsp;")
		}
		l.puts("</th>")
		l.columns++
	}
	l.puts("<th")
	l.class("name", "")
	l.link("Name", 'N')
	for _, c := range []struct {
		class, text string
		key         byte
		off         options
	}{{"lastmod", "Last modified", 'M', noModified}, {"size", "Size", 'S', noSize}, {"desc", "Description", 'D', noDescription}} {
		if l.order.opts&c.off == 0 {
			l.puts("</th><th")
			l.class(c.class, "")
			l.link(c.text, c.key)
			l.columns++
		}
	}
	l.puts("</th></tr>\n")
	l.rule()
}

func (l *lines) fancyHead() {
	l.puts("<pre>")
	if l.order.opts&noIcon == 0 {
		if icon, ok := find(l.icons, "^^BLANKICON^^", nil, true); ok {
			l.image(icon, "Icon ")
			l.puts(" ")
		} else {
			l.puts("      ")
		}
	}
	l.link("Name", 'N')
	l.puts(strings.Repeat(" ", max(l.name.n-len("Name"), 0)), " ")
	if l.order.opts&noModified == 0 {
		l.link("Last modified", 'M')
		l.puts("      ")
	}
	if l.order.opts&noSize == 0 {
		l.link("Size", 'S')
		l.puts("  ")
	}
	if l.order.opts&noDescription == 0 {
		l.link("Description", 'D')
	}
	if l.order.opts&noRules == 0 {
		l.puts("<hr")
		l.slash()
		l.puts(">")
	} else {
		l.puts("\n")
	}
}

// anchor opens the link to an entry.
func (l *lines) anchor(e *entry) {
	l.puts(`<a href="`)
	l.b = uri.AppendHTML(l.b, uri.AppendLocation(nil, []byte(e.name)))
	l.puts(`">`)
}

// shownName is the name as it is read. httpd: only the first line can be the
// parent.
func shownName(i int, e *entry) string {
	if i == 0 && strings.HasPrefix(e.name, "/") {
		return "Parent Directory"
	}
	return e.name
}

// named prints the link with its name in the width of the column.
func (l *lines) named(i int, e *entry) {
	name := shownName(i, e)
	if len(name) > l.name.n {
		name = name[:max(l.name.n-3, 0)] + "..>"
	}
	l.anchor(e)
	l.html(name)
	l.puts("</a>", strings.Repeat(" ", max(l.name.n-len(name), 0)))
}

func (l *lines) plain(i int, e *entry) {
	l.puts("<li>")
	l.anchor(e)
	l.puts(" ")
	l.html(shownName(i, e))
	l.puts("</a></li>\n")
}

// icon prints the icon of an entry, or blanks.
func (l *lines) icon(e *entry, blank string) {
	if l.order.opts&iconsAreLinks != 0 {
		l.anchor(e)
	}
	switch icon := first(e.icon, l.defaultIcon); {
	case icon == "":
		l.puts(blank)
	case e.hasAlt:
		l.image(icon, "["+e.alt+"]")
	default:
		l.image(icon, "[   ]")
	}
	if l.order.opts&iconsAreLinks != 0 {
		l.puts("</a>")
	}
}

func (l *lines) fancy(i int, e *entry) {
	if l.order.opts&noIcon == 0 {
		l.icon(e, "     ")
		l.puts(" ")
	}
	l.named(i, e)
	l.puts(" ")
	if l.order.opts&noModified == 0 {
		if e.modified >= 0 {
			l.puts(l.date(e.modified))
		} else {
			l.puts("                   ")
		}
	}
	if l.order.opts&noSize == 0 {
		l.puts(size(e.size), "  ")
	}
	if l.order.opts&noDescription == 0 && e.hasDesc {
		l.puts(l.shortened(e.desc))
	}
	l.puts("\n")
}

func (l *lines) row(i int, e *entry) {
	l.rowTag(i, e)
	if l.order.opts&noIcon == 0 {
		l.puts("<td")
		l.class("icon", ` valign="top"`)
		l.icon(e, "&nbsp;")
		l.puts("</td>")
	}
	l.puts("<td")
	l.class("name", "")
	if l.name.adjust {
		l.anchor(e)
		l.html(shownName(i, e))
		l.puts("</a>")
	} else {
		l.named(i, e)
	}
	if l.order.opts&noModified == 0 {
		l.puts("</td><td")
		if e.modified >= 0 {
			l.class("lastmod", ` align="right"`)
			l.puts(l.date(e.modified))
		} else {
			l.class("lastmod", "")
			l.puts("&nbsp;")
		}
	}
	if l.order.opts&noSize == 0 {
		l.puts("</td><td")
		l.class("size", ` align="right"`)
		l.puts(size(e.size))
	}
	if l.order.opts&noDescription == 0 {
		l.puts("</td><td")
		l.class("desc", "")
		switch {
		case !e.hasDesc:
			l.puts("&nbsp;")
		case l.desc.adjust:
			l.puts(e.desc)
		default:
			l.puts(l.shortened(e.desc))
		}
	}
	l.puts("</td></tr>\n")
}

// rowTag opens a row, whose class says whether its number is even.
func (l *lines) rowTag(i int, e *entry) {
	if l.style == "" {
		l.puts("<tr>")
		return
	}
	parity := "even"
	if i%2 == 1 {
		parity = "odd"
	}
	l.puts(`   <tr class="`, parity)
	if l.order.opts&altClass != 0 && e.hasAlt {
		l.puts("-", ascii.ToLower(e.alt))
	}
	l.puts(`">`)
}

// date prints a time of change, in local time.
func (l *lines) date(seconds int64) string {
	layout := "2006-01-02 15:04  "
	if l.order.opts&oldDates != 0 {
		layout = "02-Jan-2006 15:04  "
	}
	return time.Unix(seconds, 0).Format(layout)
}

// shortened cuts a description to the width of its column, which is larger where
// others are left out, unless it was set.
func (l *lines) shortened(text string) string {
	most := l.desc.n
	if !l.description.Set {
		for _, o := range []struct {
			off  options
			more int
		}{{noIcon, 6}, {noModified, 19}, {noSize, 7}} {
			if l.order.opts&o.off != 0 {
				most += o.more
			}
		}
	}
	return shorten(text, most)
}

// size words a number of bytes in four characters. httpd: apr_strfsize.
func size(n int64) string {
	switch {
	case n < 0:
		return "  - "
	case n < 973:
		return pad(strconv.FormatInt(n, 10)) + " "
	}
	for _, unit := range "KMGTPE" {
		rest := n & 1023
		n >>= 10
		if n >= 973 {
			continue
		}
		if n < 9 || n == 9 && rest < 973 {
			tenths := (rest*5 + 256) / 512
			if tenths >= 10 {
				n, tenths = n+1, 0
			}
			return strconv.FormatInt(n, 10) + "." + strconv.FormatInt(tenths, 10) + string(unit)
		}
		if rest >= 512 {
			n++
		}
		return pad(strconv.FormatInt(n, 10)) + string(unit)
	}
	return "****"
}

func pad(s string) string { return strings.Repeat(" ", max(3-len(s), 0)) + s }
