package labels

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/ascii"
)

// ownMapping is what the headgate.* labels of one container say.
type ownMapping struct {
	hosts, paths []string
	target       string
	port, scheme string
	network      string
	balancer     string
	member       []string // parameters of the member
	set          settings
	conf         []string
	tls          string // "", "on" or "redirect"
}

// ownLabel is a row of the table of our labels.
type ownLabel struct {
	name string
	set  func(m *ownMapping, f *field) error
}

var ownLabels = []ownLabel{
	{"host", setOwnHost},
	{"path", setOwnPath},
	{"target", setOwnTarget},
	{"port", setOwnPort},
	{"scheme", setOwnScheme},
	{"network", setOwnNetwork},
	{"balancer", setOwnBalancer},
	{"loadfactor", setOwnLoadfactor},
	{"health", setOwnHealth},
	{"sticky", setOwnSticky},
	{"tls", setOwnTLS},
	{"conf", setOwnConf},
}

// readOwn reads the headgate.* labels of a container. It reports whether they decide about it, so that no others do.
func (t *translation) readOwn(fs *fields) (decides bool) {
	enable := fs.get("headgate.enable")
	if enable != nil && !enable.bad {
		on, ok := isTrue(enable.value)
		switch {
		case !ok:
			fs.refuse(enable, "%q is neither true nor false: the container is not served", clip(enable.value))
			return fs.setAside("the container is not served")
		case !on:
			enable.ok("the container is not served")
			return fs.setAside("headgate.enable is false")
		}
		enable.ok("the container is served")
	}
	if enable != nil && enable.bad {
		return fs.setAside("the container is not served, as headgate.enable is refused")
	}
	m := ownMapping{scheme: "http"}
	good, some := true, false
	for _, row := range ownLabels {
		f := fs.get("headgate." + row.name)
		if f == nil {
			continue
		}
		some = true
		if f.bad {
			good = false
		} else if err := row.set(&m, f); err != nil {
			fs.refuse(f, "%v", err)
			good = false
		}
	}
	if fs.unknownOwn() {
		good = false
	}
	if !some && good && (enable == nil || fs.hasTraefik()) {
		return false
	}
	if good {
		good = t.addOwn(fs, &m)
	}
	if !good {
		fs.t.problem(fs.c, "", "it is not served: what its labels ask for is refused as a whole")
	}
	fs.setAsidePrefix("traefik.", "the container has headgate labels, which decide")
	return true
}

// unknownOwn refuses labels that do not exist.
func (fs *fields) unknownOwn() (found bool) {
	for _, f := range fs.all {
		if !strings.HasPrefix(f.folded, "headgate.") {
			continue
		}
		if f.bad {
			found = true
			continue
		}
		name := strings.TrimPrefix(f.folded, "headgate.")
		if name != "enable" && !slices.ContainsFunc(ownLabels, func(l ownLabel) bool { return l.name == name }) {
			fs.refuse(f, "unknown label (there are headgate.enable%s)", ownNames())
			found = true
		}
	}
	return found
}

func ownNames() string {
	var b strings.Builder
	for _, l := range ownLabels {
		b.WriteString(", ." + l.name)
	}
	return b.String()
}

func (fs *fields) hasTraefik() bool {
	return slices.ContainsFunc(fs.all, func(f *field) bool { return strings.HasPrefix(f.folded, "traefik.") })
}

// setAside notes why none of the labels that are left has an effect.
func (fs *fields) setAside(why string) bool {
	fs.setAsidePrefix("", why)
	return true
}

func (fs *fields) setAsidePrefix(prefix, why string) {
	for _, f := range fs.all {
		if !f.judged && strings.HasPrefix(f.folded, prefix) {
			f.harmless("no effect: %s", why)
		}
	}
}

func setOwnHost(m *ownMapping, f *field) error {
	for _, h := range strings.FieldsFunc(f.value, func(r rune) bool { return r == ',' || r == ' ' }) {
		name, err := hostName(h)
		if err != nil {
			return err
		}
		if !slices.Contains(m.hosts, name) {
			m.hosts = append(m.hosts, name)
		}
	}
	if n := len(m.hosts); n == 0 || n > maxHosts {
		return fmt.Errorf("a mapping has 1 to %d hosts", maxHosts)
	}
	f.ok("ServerName and ServerAlias of a <VirtualHost>")
	return nil
}

func setOwnPath(m *ownMapping, f *field) error {
	for _, p := range strings.FieldsFunc(f.value, func(r rune) bool { return r == ',' || r == ' ' }) {
		if err := checkPath(p); err != nil {
			return err
		}
		if p = strings.TrimRight(p, "/"); p == "" {
			p = "/"
		}
		if !slices.Contains(m.paths, p) {
			m.paths = append(m.paths, p)
		}
	}
	if n := len(m.paths); n == 0 || n > maxHosts {
		return fmt.Errorf("a mapping has 1 to %d paths", maxHosts)
	}
	f.ok("ProxyPass of that path")
	return nil
}

func setOwnTarget(m *ownMapping, f *field) error {
	if err := checkPath(f.value); err != nil {
		return err
	}
	m.target = strings.TrimRight(f.value, "/") + "/"
	f.ok("the path of ProxyPass's URL")
	return nil
}

func setOwnPort(m *ownMapping, f *field) error {
	m.port = f.value
	f.ok("the port of BalancerMember")
	return nil
}

func setOwnScheme(m *ownMapping, f *field) (err error) {
	m.scheme, err = checkScheme(f.value)
	f.ok("the scheme of BalancerMember")
	return err
}

func setOwnNetwork(m *ownMapping, f *field) error {
	m.network = f.value
	f.ok("the address of BalancerMember is the one in that network")
	return nil
}

func setOwnBalancer(m *ownMapping, f *field) error {
	m.balancer = f.value
	f.ok("the name of the balancer")
	return checkWord(f.value)
}

func setOwnLoadfactor(m *ownMapping, f *field) error {
	n, err := strconv.ParseFloat(f.value, 64)
	if err != nil || !(n >= 1 && n <= 100) {
		return fmt.Errorf("%q is no number from 1 to 100", clip(f.value))
	}
	m.member = append(m.member, "loadfactor="+strconv.FormatFloat(n, 'f', -1, 64))
	f.ok("loadfactor= of BalancerMember")
	return nil
}

func setOwnSticky(m *ownMapping, f *field) error {
	name := f.value
	if on, ok := isTrue(name); ok {
		if !on {
			f.ok("no sessions")
			return nil
		}
		name = "HGROUTE"
	}
	if err := checkToken(name); err != nil {
		return err
	}
	if len(name) > 60 {
		return fmt.Errorf("the name of a cookie has at most 60 characters here")
	}
	m.set.params = append(m.set.params, "stickysession="+name, "stickyinsert=On")
	f.ok("stickysession= and stickyinsert=On of the balancer")
	return nil
}

func setOwnTLS(m *ownMapping, f *field) error {
	switch v := ascii.ToLower(f.value); v {
	case "on", "true":
		m.tls = "on"
	case "redirect":
		m.tls = v
	case "off", "false":
	default:
		return fmt.Errorf("%q is none of on, redirect and off", clip(f.value))
	}
	f.ok("a <VirtualHost> with SSLEngine")
	return nil
}

// setOwnHealth reads "[METHOD] [/path] [interval=] [timeout=] [passes=] [fails=] [host=]".
func setOwnHealth(m *ownMapping, f *field) error {
	words := strings.Fields(f.value)
	check := []string{"hcmethod=TCP"}
	if len(words) == 1 {
		if on, ok := isTrue(words[0]); ok {
			words = nil
			if !on {
				f.ok("no checks")
				return nil
			}
		}
	}
	method := ""
	if len(words) > 0 && !strings.ContainsAny(words[0], "/=") {
		method, words = upper(words[0]), words[1:]
	}
	if len(words) > 0 && strings.HasPrefix(words[0], "/") {
		method = firstOf(method, "GET")
		uri, err := healthURI(words[0])
		if err != nil {
			return err
		}
		check, words = append(check, uri), words[1:]
	}
	if method != "" {
		if !slices.Contains([]string{"TCP", "GET", "HEAD", "OPTIONS", "GET11", "HEAD11", "OPTIONS11"}, method) {
			return fmt.Errorf("the method %q is none of TCP, GET, HEAD, OPTIONS, GET11, HEAD11 and OPTIONS11", clip(method))
		}
		check[0] = "hcmethod=" + method
	}
	for _, w := range words {
		p, err := healthParam(w)
		if err != nil {
			return err
		}
		check = append(check, p)
	}
	m.set.params = append(m.set.params, check...)
	f.ok("hcmethod= and its kin of the balancer")
	return nil
}

// healthURI writes the path of a check as a parameter.
func healthURI(path string) (string, error) {
	if err := literal(path); err != nil {
		return "", err
	}
	if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, " \t#\"'\\") {
		return "", fmt.Errorf("%q is no path for a check", clip(path))
	}
	if len(path) > 63 {
		return "", fmt.Errorf("the path of a check has %d bytes, the limit is 63", len(path))
	}
	return "hcuri=" + path, nil
}

func healthParam(word string) (string, error) {
	name, value, _ := strings.Cut(word, "=")
	switch name = ascii.ToLower(name); name {
	case "passes", "fails":
		if n, err := strconv.ParseUint(value, 10, 16); err == nil && n > 0 {
			return fmt.Sprintf("hc%s=%d", name, n), nil
		}
		return "", fmt.Errorf("%q is no number of checks", clip(word))
	case "interval", "timeout":
		d, err := span(value)
		if err != nil {
			return "", err
		}
		return "hc" + name + "=" + milliseconds(d), nil
	case "host":
		h, err := hostName(value)
		return "hchost=" + h, err
	}
	return "", fmt.Errorf("%q is none of interval=, timeout=, passes=, fails= and host=", clip(word))
}

// span reads a duration as Go and Traefik write it; a bare number is seconds.
func span(s string) (time.Duration, error) {
	if n, err := strconv.ParseUint(s, 10, 31); err == nil {
		return time.Duration(n) * time.Second, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 || d > 24*time.Hour {
		return 0, fmt.Errorf("%q is no time such as 10s", clip(s))
	}
	return max(d, time.Millisecond), nil
}

// milliseconds writes a time as parameters of checks do.
func milliseconds(d time.Duration) string {
	if d%time.Second == 0 {
		return strconv.FormatInt(int64(d/time.Second), 10)
	}
	return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
}
