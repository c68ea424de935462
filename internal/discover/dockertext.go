package discover

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/labels"
)

// Translate implements Source: a text for each service and for each virtual host.
func (d *docker) Translate(prefix string, f *Facts) (r Result) {
	o := d.options(f)
	all, excluded := d.innocent(d.current())
	found := labels.Translate(all, o)
	if d.convict(prefix, &found, all, o, f) {
		all, excluded = d.innocent(all)
		found = labels.Translate(all, o)
	}
	r = resultOf(prefix, &found)
	r.Problems = append(r.Problems, excluded...)
	if err := d.files.write(found.Files, f); err != nil {
		r.Problems = append(r.Problems, Problem{Subject: "password files", Text: err.Error()})
	}
	return r
}

// resultOf makes the pieces of a translation.
func resultOf(prefix string, found *labels.Result) (r Result) {
	home, inside := homes(found), map[*labels.Site][]string{}
	for i, s := range found.Services {
		p := Piece{Name: prefix + s.Name, Config: s.Config, Hosts: s.Hosts, Paths: s.Paths, Service: true}
		for _, m := range s.Members {
			p.Members = append(p.Members, memberText(m))
		}
		if site := home[s.Name]; site != nil {
			p.Config, p.Within = "", sitePiece(prefix, *site, nil).Name
			inside[site] = append(inside[site], found.Services[i].Config)
		}
		r.Pieces = append(r.Pieces, p)
	}
	for i := range found.Sites {
		s := &found.Sites[i]
		r.Pieces = append(r.Pieces, sitePiece(prefix, *s, inside[s]))
	}
	for _, p := range found.Problems {
		subject := p.Container
		if p.Label != "" {
			subject += ": " + p.Label
		}
		if p.Conflict() {
			r.Conflicts = append(r.Conflicts, Conflict{What: p.Reason, Owner: p.Other, Loser: subject})
			continue
		}
		r.Problems = append(r.Problems, Problem{Subject: subject, Text: p.Reason})
	}
	return r
}

// homes returns the virtual hosts of the services that one virtual host alone uses:
// their balancers are part of it. A balancer of the main server is one of every
// virtual host, which costs a lot where there are many of both.
func homes(found *labels.Result) map[string]*labels.Site {
	home, count := map[string]*labels.Site{}, map[string]int{}
	for i := range found.Sites {
		for _, name := range found.Sites[i].Services {
			home[name] = &found.Sites[i]
			count[name]++
		}
	}
	for name, n := range count {
		if n > 1 {
			delete(home, name)
		}
	}
	return home
}

// memberText is a member for people.
func memberText(m labels.Member) string {
	text := m.URL + " (" + m.Container
	switch {
	case m.Disabled:
		text += ", starting"
	case m.Draining:
		text += ", draining"
	}
	return text + ")"
}

// sitePiece is the text of a virtual host. One that only is there as the default of
// its address is for a saved file: here the server has its own.
func sitePiece(prefix string, s labels.Site, inside []string) Piece {
	name := "default"
	if len(s.Hosts) > 0 {
		name = s.Hosts[0]
	}
	p := Piece{Name: prefix + name, Config: s.Config, Saved: len(s.Hosts) == 0 && len(s.Services) == 0}
	if head, rest, ok := strings.Cut(s.Config, "\n"); ok && len(inside) > 0 {
		var b strings.Builder
		b.WriteString(head + "\n")
		for _, text := range inside {
			for line := range strings.Lines(text) {
				b.WriteString("    " + line)
			}
		}
		b.WriteString(rest)
		p.Config = b.String()
	}
	if first, _, _ := strings.Cut(s.Address, " "); first != "" {
		p.Name += first[strings.LastIndexByte(first, ':'):]
	}
	return p
}

// options are what labels may use.
func (d *docker) options(f *Facts) labels.Options {
	o := labels.Options{
		Network: d.spec.Network, DefaultHost: d.spec.DefaultHost, ExposeAll: d.spec.ExposeAll, Entrypoints: map[string]labels.Entrypoint{},
		Certificate: f.Certificate, Taken: f.Taken, BalancerTaken: f.Balancer, PasswordDir: d.files.folder(f),
	}
	plain := address(f.Plain)
	secure := address(f.Secure)
	for name, e := range labels.DefaultEntrypoints() {
		switch e.Address = cmp.Or(plain, secure); {
		case e.TLS && secure == "":
			continue
		case e.TLS:
			e.Address = secure
		}
		o.Entrypoints[name] = e
	}
	for word := range strings.FieldsSeq(d.spec.Entrypoints) {
		name, port, _ := strings.Cut(word, ":")
		n, _ := strconv.ParseUint(port, 10, 16)
		secure := slices.Contains(f.Secure, uint16(n))
		if secure || slices.Contains(f.Plain, uint16(n)) { // else it is refused where a label names it
			o.Entrypoints[ascii.ToLower(name)] = labels.Entrypoint{Address: "*:" + port, TLS: secure}
		}
	}
	return o
}

// address is the address of virtual hosts at all of the ports.
func address(ports []uint16) string {
	var words []string
	for _, p := range slices.Compact(slices.Sorted(slices.Values(ports))) {
		words = append(words, "*:"+strconv.Itoa(int(p)))
	}
	return strings.Join(words, " ")
}
