package diff

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// dice makes random balancers. What Headgate does otherwise on purpose (docs/differences.md) it does not make: members with
// status=+I that fail, names that do not resolve, and requests for which httpd elects a member that has just failed them,
// as it may where all are in error or there is no retry= to wait for.
type dice struct{ *rand.Rand }

func (r *dice) chance(percent int) bool { return r.IntN(100) < percent }

func (r *dice) one(list ...string) string { return list[r.IntN(len(list))] }

// shape is what the parts of one balancer have to agree on.
type shape struct {
	sticky, separator string // "" where sessions do not stick
	cookie, param     string
	routes            []string
	fails, overlaps   bool
	again             bool // a member that failed may be elected again at once
	sets              bool
}

// balancer makes a balancer and what happens to it.
func (r *dice) balancer(name string) *randomBalancer {
	s := &shape{separator: ".", fails: r.chance(40), overlaps: r.chance(30), sets: r.chance(35)}
	params := r.params(s)
	n := 1 + r.IntN(6)
	var members []string
	for i := range n {
		members = append(members, r.member(s, fmt.Sprintf("%s-m%d", name, i)))
	}
	return &randomBalancer{name: name, conf: r.conf(name, params, members), acts: r.acts(s, name)}
}

// conf writes the balancer in one of the forms there are.
func (r *dice) conf(name string, params, members []string) string {
	url, all := "balancer://"+name, strings.Join(params, " ")
	var in, out strings.Builder
	for _, m := range members {
		if r.chance(10) {
			fmt.Fprintf(&out, "BalancerMember %s %s\n", url, m)
		} else {
			fmt.Fprintf(&in, "    BalancerMember %s\n", m)
		}
	}
	open, pass := "<Proxy "+url+">\n", fmt.Sprintf("ProxyPass /%s/ %s/", name, url)
	switch form := r.IntN(5); {
	case all == "":
	case form == 0:
		open = fmt.Sprintf("<Proxy %s %s>\n", url, all)
	case form == 1:
		pass = fmt.Sprintf("ProxySet %s %s\n%s", url, all, pass) // only what exists can be set
	case form == 2:
		pass += " " + all
	default:
		fmt.Fprintf(&in, "    ProxySet %s\n", all)
	}
	text := open + in.String() + "</Proxy>\n"
	if r.chance(50) {
		return text + out.String() + pass + "\n"
	}
	return out.String() + text + pass + "\n" // members outside come first
}

func (r *dice) params(s *shape) (ps []string) {
	if r.chance(70) {
		ps = append(ps, "lbmethod="+r.one("byrequests", "byrequests", "bytraffic", "bybusyness"))
	}
	if r.chance(50) {
		s.cookie = r.one("SID", "ROUTEID", "JSESSIONID", "s.id", "a-b")
		s.param = s.cookie
		s.sticky = s.cookie
		if r.chance(40) {
			s.param = r.one("sid", "jsessionid", "SID", "p")
			s.sticky += "|" + s.param
		}
		ps = append(ps, "stickysession="+s.sticky)
		if r.chance(25) {
			s.separator = r.one("-", "!", ":", "_")
			ps = append(ps, "stickysessionsep="+s.separator)
		}
		if r.chance(25) {
			ps = append(ps, "scolonpathdelim="+r.one("On", "Off"))
		}
		if r.chance(25) {
			ps = append(ps, "nofailover="+r.one("On", "Off"))
		}
	}
	if s.fails {
		if s.again = r.chance(40); s.again {
			ps = append(ps, "maxattempts=0")
		} else {
			ps = append(ps, "forcerecovery=Off")
		}
		if !s.again && r.chance(40) {
			ps = append(ps, fmt.Sprintf("maxattempts=%d", 1+r.IntN(4)))
		}
		if r.chance(40) {
			ps = append(ps, "failonstatus="+r.one("503", "500,503", "404,500"))
		}
	}
	return ps
}

func (r *dice) member(s *shape, path string) string {
	url, ps, failing := "http://127.0.0.1:"+r.one("${o1}", "${o1}", "${o2}")+"/"+path, []string{}, false
	if s.fails && r.chance(40) {
		failing = true
		switch r.IntN(2) {
		case 0:
			url = "http://127.0.0.1:${dead}/" + path
		default:
			u := r.one("u1", "u2")
			url, ps = "unix:${"+u+"}|http://"+u+"/"+path, append(ps, "disablereuse=On")
		}
	}
	if s.fails && r.chance(25) {
		retry := "60"
		if s.again || !failing {
			retry = r.one("0", "60")
		}
		ps = append(ps, "retry="+retry)
	}
	switch {
	case r.chance(25):
		ps = append(ps, fmt.Sprintf("loadfactor=%d", 1+r.IntN(9)))
	case r.chance(10):
		ps = append(ps, fmt.Sprintf("loadfactor=%d.%d", 1+r.IntN(99), r.IntN(100)))
	case r.chance(5):
		ps = append(ps, "loadfactor=100")
	}
	if s.sets && r.chance(60) {
		ps = append(ps, fmt.Sprintf("lbset=%d", r.IntN(3)))
	}
	if r.chance(30) {
		flags := "DSHRENCHRHNU"
		if !failing {
			flags += "I"
		}
		text := "status="
		for range 1 + r.IntN(2) {
			text += r.one("+", "+", "+", "+", "-", "")
			text += string(flags[r.IntN(len(flags))])
		}
		ps = append(ps, text)
	}
	if s.sticky != "" && r.chance(85) {
		route := r.one("r1", "r2", "r3", "node.4", "R1")
		s.routes = append(s.routes, route)
		ps = append(ps, "route="+route)
		if r.chance(30) {
			ps = append(ps, "redirect="+r.one("r1", "r2", "r3", "r9"))
		}
	}
	return strings.Join(append([]string{url}, ps...), " ")
}

// acts makes the requests to a balancer and what fails between them.
func (r *dice) acts(s *shape, name string) (as []electAct) {
	for range 6 + r.IntN(14) {
		if s.fails && r.chance(20) {
			as = append(as, electAct{fate: r.one("down u1", "up u1", "down u2", "up u2")})
		}
		as = append(as, r.request(s, name))
	}
	return as
}

func (r *dice) request(s *shape, name string) electAct {
	a := electAct{status: 200, size: 2}
	method, path, cookie := "GET", "/"+name+"/x", ""
	if r.chance(10) {
		method = r.one("HEAD", "OPTIONS", "DELETE")
	}
	if r.chance(20) {
		a.size = r.IntN(5000)
	}
	if r.chance(15) {
		method, a.body = "POST", 1+r.IntN(3000)
	}
	if s.fails && r.chance(20) {
		a.status = []int{500, 503, 404}[r.IntN(3)]
	}
	if s.overlaps {
		a.client = r.IntN(4)
		a.held = a.status == 200 && r.chance(60)
	}
	if s.sticky != "" && r.chance(60) {
		path, cookie = r.session(s, path)
	}
	a.describe = method + " " + path
	a.head = fmt.Sprintf("%s %s HTTP/1.1\r\nHost: a.test\r\n", method, path)
	if a.body > 0 {
		a.head += fmt.Sprintf("Content-Length: %d\r\n", a.body)
		a.describe += fmt.Sprintf(" body=%d", a.body)
	}
	if cookie != "" {
		a.head += "Cookie: " + cookie + "\r\n"
		a.describe += " cookie: " + cookie
	}
	a.head += "\r\n"
	return a
}

// session puts a session into a path or a cookie, in one of many forms.
func (r *dice) session(s *shape, path string) (to, cookie string) {
	route := r.one("r1", "r2", "r3", "r9", "node.4", "", "r 1")
	if len(s.routes) > 0 && r.chance(80) {
		route = r.one(s.routes...)
	}
	value := r.one("", "x", "abc123") + s.separator + route
	if r.chance(5) {
		value = strings.ReplaceAll(value, s.separator, r.one("", ".", "--"))
	}
	plain := strings.ReplaceAll(value, " ", "%20")
	switch r.IntN(12) {
	case 0:
		return path + ";" + s.param + "=" + plain, ""
	case 1:
		return path + "?" + s.param + "=" + plain, ""
	case 2:
		return path + "?a=b&" + s.param + "=" + plain + r.one("&c=d", ";c=d", "?e"), ""
	case 3:
		return path + ";" + s.param + "=" + plain + r.one(";v=1", "/y", "?z=1", "&z"), ""
	case 4:
		return path + r.one(";", "?") + r.one("x"+s.param, strings.ToLower(s.param), s.cookie) + "=" + plain, ""
	case 5:
		return path + "?" + s.param + "=" + plain, s.cookie + "=" + r.one("a", "b") + s.separator + r.one("r1", "r2")
	case 6:
		return path, r.one("a=b; ", "a=b;", "x"+s.cookie+"=z.r1; ", "q=\"1\", ") + s.cookie + "=" + value + r.one("", "; c=d", ";c=d", ",c=d")
	case 7:
		return path, s.cookie + r.one("=\"", " = ", "= ", " =") + value + r.one("", "\"", " ", " ;")
	case 8:
		return path, r.one(strings.ToLower(s.cookie), s.param) + "=" + value
	}
	return path, s.cookie + "=" + value
}
