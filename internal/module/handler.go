package module

import (
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
)

// HandlerKind is a content handler that configurations call by its name, as in
// SetHandler. The module puts the handler itself among Chain.Handlers, where it
// declines what it is not named for (Exchange.HandlerName).
type HandlerKind struct {
	Name string // in lower case; one that ends with a colon is what its names begin with
	// Judge tells what is done about a name, which is in lower case.
	Judge func(c *directive.Call, name string) (directive.Tier, string)
}

const (
	noPage     = "there is no such page yet: requests there get 404"
	noPrograms = "programs are not run: there would be no response. Start them in an application server and name that with ProxyPass"
)

// pages are the handlers that make pages about the server.
var pages = []string{"status", "ldap-status", "md-status"}

// fileHandlers are those that send files in some way, which are not built.
var fileHandlers = []string{"imap-file"}

// programs are what names of handlers contain that run programs.
var programs = []string{
	"cgi", "php", "perl", "python", "wsgi", "lua", "servlet", "jk", "isapi", "ruby", "passenger", "mono", "asp", "httpd-",
}

// JudgeHandler judges a directive whose first argument names a handler. What no
// module makes is answered 404, as httpd does where there is no such file; a file
// is never sent in its place.
func JudgeHandler(kinds []HandlerKind, c *directive.Call) (directive.Tier, string) {
	v := ascii.ToLower(c.Arg(0))
	for _, k := range kinds {
		if v == k.Name || strings.HasSuffix(k.Name, ":") && strings.HasPrefix(v, k.Name) {
			return k.Judge(c, v)
		}
	}
	switch {
	case v == "none" || v == "default-handler":
		return directive.Honoured, ""
	case slices.Contains(pages, v):
		return directive.Noted, noPage
	case slices.Contains(fileHandlers, v):
		return directive.Noted, "files are not processed that way: requests there get 404"
	case strings.Contains(v, "%{"):
		return directive.Honoured, ""
	case slices.ContainsFunc(programs, func(p string) bool { return strings.Contains(v, p) }):
		return directive.Refused, noPrograms
	}
	return directive.Noted, "nothing here is called " + c.Arg(0) + ": requests there get 404, unless they are mapped to a backend"
}
