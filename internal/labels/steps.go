package labels

import "strings"

// steps are what happens to a request of a router before and besides it is proxied. They are made of middlewares.
type steps struct {
	redirects []redirect
	paths     []pathStep
	section   []string // lines of the router's section
	access    []string // Require lines, all of which must hold
	errors    []errorPages
	retry     int  // how often a service is tried; 0: as usual
	ends      bool // a redirect takes every request: nothing reaches the service
}

// redirect is a group of rewrite rules.
type redirect struct {
	lines []string
	rules int        // how many of lines are a RewriteRule
	url   *urlEffect // of a redirect by a pattern, which may not concern all hosts
}

// pathStep changes the path that the service gets.
type pathStep struct {
	lines  []string // RewriteRule lines that do it
	prefix string   // it takes this text off the path, and does nothing else
	add    string   // it puts this text ahead of the path
}

// errorPages are pages of a service in place of its responses.
type errorPages struct {
	name    string
	service *service
	codes   []string
	path    string // with {status}
}

// errorBase is where the pages of errors are mapped. No router gets requests for it.
const errorBase = "/.headgate-errors/"

// rawTarget captures the target of the request as the client has sent it, so that a redirect changes nothing in it.
const rawTarget = `RewriteCond "%{THE_REQUEST}" "^[^ ]+ (?:[a-z]+://[^/ ]*)?(/[^ ]*)"`

// redirect sends the client to another scheme. A request that is no GET keeps its method.
func (e *schemeEffect) redirect() redirect {
	get, other := "302", "307"
	if e.permanent {
		get, other = "301", "308"
	}
	host := firstOf(e.host, "%{SERVER_NAME}")
	if e.port != "" {
		host += ":" + e.port
	}
	rule := func(code string) string {
		return `RewriteRule "^" ` + ruleArg(e.scheme+"://"+host+"%1") + " [R=" + code + ",NE,QSD,UnsafeAllow3F,L]"
	}
	return redirect{rules: 2, lines: []string{
		`RewriteCond "%{REQUEST_METHOD}" "=GET"`, rawTarget, rule(get),
		rawTarget, rule(other),
	}}
}

// requires returns the lines that let only those in who meet all conditions, whatever else is configured for the path.
func requires(access []string) (lines []string) {
	if len(access) == 0 {
		return nil
	}
	lines = append(lines, "AuthMerging And")
	if len(access) == 1 {
		return append(lines, access[0])
	}
	lines = append(lines, "<RequireAll>")
	for _, l := range access {
		lines = append(lines, "    "+l)
	}
	return append(lines, "</RequireAll>")
}

// sectionLines are the lines of the section of a router.
func (r *router) sectionLines() []string {
	var lines []string
	lines = append(lines, requires(r.steps.access)...)
	lines = append(lines, r.steps.section...)
	for _, e := range r.steps.errors {
		lines = append(lines, "ProxyErrorOverride On "+strings.Join(e.codes, " "))
		for _, code := range e.codes {
			path := strings.ReplaceAll(e.path, "{status}", code)
			lines = append(lines, "ErrorDocument "+code+" "+quote(errorBase+e.name+path))
		}
	}
	return append(lines, r.conf...)
}

// text is the same for steps that do the same.
func (s *steps) text() string {
	lines := append(append([]string(nil), s.section...), s.access...)
	for _, r := range s.redirects {
		lines = append(lines, r.lines...)
	}
	for _, p := range s.paths {
		lines = append(lines, p.lines...)
	}
	for _, e := range s.errors {
		lines = append(lines, e.name, e.service.balancer, e.path, strings.Join(e.codes, " "))
	}
	return strings.Join(lines, "\n")
}
