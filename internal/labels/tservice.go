package labels

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// serviceDraft gathers what the labels of a service say.
type serviceDraft struct {
	c            *Container
	scheme, port string
	weight       string
	passHost     bool
	sticky       bool
	cookie       []string // parameters of the cookie
	cookieName   string
	check        bool
	checkMethod  string
	checkPath    string
	checkParams  []string
}

// serviceOption is a row of the table of a service's options.
type serviceOption struct {
	key string
	set func(d *serviceDraft, f *field) error
}

const lb = "loadbalancer."

var serviceOptions = []serviceOption{
	{lb + "server.port", func(d *serviceDraft, f *field) error {
		d.port = strings.TrimSpace(f.value)
		f.ok("the port of BalancerMember")
		return nil
	}},
	{lb + "server.scheme", func(d *serviceDraft, f *field) (err error) {
		if v := ascii.ToLower(f.value); v == "h2c" {
			return fmt.Errorf("HTTP/2 to containers is not supported yet")
		}
		d.scheme, err = checkScheme(f.value)
		f.ok("the scheme of BalancerMember")
		return err
	}},
	{lb + "server.url", setServerURL},
	{lb + "server.weight", func(d *serviceDraft, f *field) error {
		n, err := strconv.Atoi(f.value)
		if err != nil || n < 1 || n > 100 {
			return fmt.Errorf("the weight %q is no number from 1 to 100", clip(f.value))
		}
		d.weight = strconv.Itoa(n)
		f.ok("loadfactor= of BalancerMember")
		return nil
	}},
	{lb + "server.preservepath", func(d *serviceDraft, f *field) error {
		f.harmless("the URL of a container has no path")
		return nil
	}},
	{lb + "passhostheader", func(d *serviceDraft, f *field) error {
		return setSwitch(f, &d.passHost, "ProxyPreserveHost")
	}},
	{lb + "sticky", func(d *serviceDraft, f *field) error {
		return setSwitch(f, &d.sticky, "stickysession= and stickyinsert=On")
	}},
	{lb + "sticky.cookie", func(d *serviceDraft, f *field) error {
		return setSwitch(f, &d.sticky, "stickysession= and stickyinsert=On")
	}},
	{lb + "sticky.cookie.name", func(d *serviceDraft, f *field) error {
		d.cookieName, d.sticky = f.value, true
		if len(f.value) > 60 {
			return fmt.Errorf("the name of a cookie has at most 60 characters here")
		}
		f.ok("stickysession=")
		return checkToken(f.value)
	}},
	{lb + "sticky.cookie.secure", func(d *serviceDraft, f *field) error { return d.cookieSwitch(f, "cookiesecure") }},
	{lb + "sticky.cookie.httponly", func(d *serviceDraft, f *field) error { return d.cookieSwitch(f, "cookiehttponly") }},
	{lb + "sticky.cookie.samesite", func(d *serviceDraft, f *field) error {
		for _, v := range []string{"None", "Lax", "Strict"} {
			if ascii.EqualFold(v, f.value) {
				d.cookie, d.sticky = append(d.cookie, "cookiesamesite="+v), true
				f.ok("cookiesamesite=")
				return nil
			}
		}
		return fmt.Errorf("%q is none of none, lax and strict", clip(f.value))
	}},
	{lb + "sticky.cookie.maxage", func(d *serviceDraft, f *field) error {
		n, err := strconv.Atoi(f.value)
		if err != nil || n < 0 || n > 400*24*3600 {
			return fmt.Errorf("%q is no number of seconds up to 400 days", clip(f.value))
		}
		d.cookie, d.sticky = append(d.cookie, "cookiemaxage="+strconv.Itoa(n)), true
		f.ok("cookiemaxage=")
		return nil
	}},
	{lb + "sticky.cookie.path", func(d *serviceDraft, f *field) error {
		if err := checkPath(f.value); err != nil || strings.ContainsAny(f.value, ";,\"'\\") {
			return fmt.Errorf("%q is no path of a cookie", clip(f.value))
		}
		d.cookie, d.sticky = append(d.cookie, "cookiepath="+f.value), true
		f.ok("cookiepath=")
		return nil
	}},
	{lb + "healthcheck.path", func(d *serviceDraft, f *field) (err error) {
		d.check = true
		d.checkPath, err = healthURI(f.value)
		f.ok("hcuri=")
		return err
	}},
	{lb + "healthcheck.method", func(d *serviceDraft, f *field) error {
		d.checkMethod = upper(f.value)
		if !slices.Contains([]string{"GET", "HEAD", "OPTIONS"}, d.checkMethod) {
			return fmt.Errorf("the method %q is none of GET, HEAD and OPTIONS", clip(f.value))
		}
		f.ok("hcmethod=")
		return nil
	}},
	{lb + "healthcheck.interval", func(d *serviceDraft, f *field) error { return d.checkTime(f, "interval") }},
	{lb + "healthcheck.timeout", func(d *serviceDraft, f *field) error { return d.checkTime(f, "timeout") }},
	{lb + "healthcheck.hostname", func(d *serviceDraft, f *field) error {
		h, err := hostName(f.value)
		d.checkParams = append(d.checkParams, "hchost="+h)
		f.ok("hchost=")
		return err
	}},
	{lb + "healthcheck.followredirects", func(d *serviceDraft, f *field) error {
		f.mapped("a redirect counts as healthy, and is not followed")
		return nil
	}},
	{lb + "healthcheck.unhealthyinterval", func(d *serviceDraft, f *field) error {
		f.mapped("unhealthy members are checked as often as healthy ones")
		return nil
	}},
	{lb + "responseforwarding.flushinterval", func(d *serviceDraft, f *field) error {
		f.harmless("what arrives is passed on at once")
		return nil
	}},
	{lb + "strategy", func(d *serviceDraft, f *field) error {
		if v := ascii.ToLower(f.value); v == "wrr" {
			f.ok("lbmethod=byrequests")
		} else {
			f.mapped("lbmethod=byrequests: there is no %s", clip(v))
		}
		return nil
	}},
	{lb + "serverstransport", func(d *serviceDraft, f *field) error {
		return refusedOnly("it is defined in Traefik's files; SSLProxy directives say how containers are spoken to with TLS")
	}},
}

// refusedOnly is an error that concerns one label: what it belongs to is served without it.
type refusedOnly string

func (e refusedOnly) Error() string { return string(e) }

// setSwitch reads a label that is true or false.
func setSwitch(f *field, to *bool, what string) error {
	on, ok := isTrue(f.value)
	if !ok {
		return fmt.Errorf("%q is neither true nor false", clip(f.value))
	}
	*to = on
	f.ok("%s", what)
	return nil
}

func (d *serviceDraft) cookieSwitch(f *field, name string) error {
	var on bool
	if err := setSwitch(f, &on, name+"="); err != nil {
		return err
	}
	d.cookie, d.sticky = append(d.cookie, name+"="+onOff(on)), true
	return nil
}

func onOff(on bool) string {
	if on {
		return "On"
	}
	return "Off"
}

func (d *serviceDraft) checkTime(f *field, name string) error {
	t, err := span(f.value)
	if err != nil {
		return err
	}
	if name == "interval" && t.Milliseconds() < 100 {
		return fmt.Errorf("%q is less than 100 ms", clip(f.value))
	}
	d.checkParams = append(d.checkParams, "hc"+name+"="+milliseconds(t))
	f.ok("hc%s=", name)
	return nil
}

// setServerURL reads a URL of a server: a container names only itself.
func setServerURL(d *serviceDraft, f *field) error {
	u, err := url.Parse(f.value)
	if err != nil || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return fmt.Errorf("%q is no URL of a server", clip(f.value))
	}
	own := u.Hostname() == d.c.Name || d.c.Service != "" && u.Hostname() == d.c.Service
	for _, a := range d.c.Addrs {
		own = own || a == u.Hostname()
	}
	if !own {
		return fmt.Errorf("%q is not the container itself: a label reaches no other server", clip(u.Hostname()))
	}
	if d.scheme, err = checkScheme(u.Scheme); err != nil {
		return err
	}
	if d.port = u.Port(); d.port == "" {
		d.port = map[string]string{"http": "80", "https": "443"}[d.scheme]
	}
	f.ok("BalancerMember")
	return nil
}

// readService makes a container a member of the service that its labels define.
func (t *translation) readService(o *object, network string) {
	c := o.fs.c
	d := serviceDraft{c: c, scheme: "http", passHost: true, checkMethod: "GET"}
	good := !o.bad
	for _, p := range o.opts {
		if p.f.judged {
			continue
		}
		switch err := d.set(p).(type) {
		case nil:
		case refusedOnly:
			o.fs.refuse(p.f, "%v", err)
		default:
			o.fs.refuse(p.f, "%v", err)
			good = false
		}
	}
	if !good {
		t.problem(c, o.label(), "the service is refused: one of its labels is")
		return
	}
	m, err := t.member(c, d.scheme, d.port, network)
	if err != nil {
		t.problem(c, o.label(), "%v", err)
		return
	}
	if d.weight != "" {
		m.params = []string{"loadfactor=" + d.weight}
	}
	wish := o.name
	if p := slug(c.Project); p != "" && !strings.HasPrefix(wish, p) {
		wish = p + "-" + wish
	}
	key := serviceKey{c.scope(), "traefik " + o.name}
	if _, err = t.join(key, wish, c, d.settings(), m); err != nil {
		t.problem(c, o.label(), "%v", err)
	}
}

// set applies one option.
func (d *serviceDraft) set(p option) error {
	for _, row := range serviceOptions {
		if row.key == p.key {
			return row.set(d, p.f)
		}
	}
	if strings.HasPrefix(p.key, lb+"healthcheck.headers.") {
		return refusedOnly("a check has no fields that could be chosen")
	}
	switch p.key {
	case lb + "healthcheck.port", lb + "healthcheck.scheme", lb + "healthcheck.status", lb + "healthcheck.mode":
		return refusedOnly("a check goes to the member's own address by its own scheme; hcexpr= says what is healthy")
	case lb + "sticky.cookie.domain":
		return refusedOnly("the cookie of a balancer is for the host of the request")
	}
	if strings.HasPrefix(p.key, lb+"passivehealthcheck.") {
		return refusedOnly("outlier= of a balancer is its like here")
	}
	return refusedOnly("unknown option of a service")
}

// settings writes what a service has in common.
func (d *serviceDraft) settings() (set settings) {
	if d.check {
		set.params = append(set.params, "hcmethod="+d.checkMethod, d.checkPath)
		set.params = append(set.params, d.checkParams...)
	}
	if d.sticky {
		set.params = append(set.params, "stickysession="+firstOf(d.cookieName, "HGROUTE"), "stickyinsert=On")
		set.params = append(set.params, d.cookie...)
	}
	set.lines = proxyLines(d.passHost)
	if d.scheme == "https" {
		set.lines = append(set.lines, "SSLProxyEngine On")
	}
	return set
}
