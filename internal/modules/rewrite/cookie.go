package rewrite

import (
	"strings"
	"time"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
)

// cookieNote is the prefix of notes that record which cookies were set, because
// each is set only once.
const cookieNote = "rewrite-cookie:"

// typeNote and handlerNote name the notes with the values of T= and H=. endNote
// is set after a rule with the END flag.
const (
	typeNote    = "rewrite-forced-mimetype"
	handlerNote = "rewrite-forced-handler"
	endNote     = "rewrite-really-last"
)

// setCookie applies [CO=name:value:domain:minutes:path:secure:httponly:samesite].
// If the value begins with ; the separator is ; instead of a colon. httpd:
// add_cookie, whose strtok treats several separators as one.
func (u *run) setCookie(text string) {
	sep := ":"
	if strings.HasPrefix(text, ";") {
		sep, text = ";", text[1:]
	}
	f := strings.FieldsFunc(text, func(r rune) bool { return string(r) == sep })
	if len(f) < 3 {
		return
	}
	main := u.x
	for main.Main != nil {
		main = main.Main
	}
	if main.Notes.Has(cookieNote + f[0]) {
		if u.traces(5) {
			u.tracef(5, "", "skipping already set cookie '%s'", f[0])
		}
		return
	}
	cookie := cookieText(f, u.x.Times.Start)
	main.Notes.Set(cookieNote+f[0], nil)
	main.Always.Add([]byte("Set-Cookie"), []byte(cookie))
	if u.traces(5) {
		u.tracef(5, "", "setting cookie '%s'", cookie)
	}
}

// cookieText returns the value of Set-Cookie. f has at least three fields.
func cookieText(f []string, now time.Time) string {
	field := func(i int) string {
		if i < len(f) {
			return f[i]
		}
		return ""
	}
	path := field(4)
	if path == "" {
		path = "/"
	}
	c := f[0] + "=" + f[1] + "; path=" + path + "; domain=" + f[2]
	if minutes := ascii.LeadingInt(field(3)); minutes != 0 {
		c += "; expires=" + now.UTC().Add(time.Duration(minutes)*time.Minute).Format("Mon, 02-Jan-2006 15:04:05 GMT")
	}
	if anyOf(field(5), "true", "1", "secure") {
		c += "; secure"
	}
	if anyOf(field(6), "true", "1", "HttpOnly") {
		c += "; HttpOnly"
	}
	if s := field(7); s != "" && !anyOf(s, "0", "false") {
		c += "; SameSite=" + s
	}
	return c
}

func anyOf(s string, words ...string) bool {
	for _, w := range words {
		if ascii.EqualFold(s, w) {
			return true
		}
	}
	return false
}

// forced sets the type of a T flag, which overrides what the name of the file says
// and ForceType; a backend's own type holds. It is built only for servers with
// such a rule. It implements exchange.Step. httpd: hook_mimetype.
type forced struct{}

// Do implements exchange.Step.
func (forced) Do(x *exchange.Exchange) error {
	if t, ok := x.Notes.Get(typeNote); ok {
		x.Media.Type = t
	}
	return nil
}
