package discover

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/labels"
)

// Translate implements Source: a text for each service and for each virtual host.
func (d *docker) Translate(prefix string, f *Facts) (r Result) {
	found := labels.Translate(d.current(), d.options(f))
	r = resultOf(prefix, &found)
	if err := d.files.write(found.Files, f); err != nil {
		r.Problems = append(r.Problems, Problem{Subject: "password files", Text: err.Error()})
	}
	return r
}

// resultOf makes the pieces of a translation.
func resultOf(prefix string, found *labels.Result) (r Result) {
	for _, s := range found.Services {
		p := Piece{Name: prefix + s.Name, Config: s.Config, Hosts: s.Hosts, Paths: s.Paths, Service: true}
		for _, m := range s.Members {
			p.Members = append(p.Members, memberText(m))
		}
		r.Pieces = append(r.Pieces, p)
	}
	for _, s := range found.Sites {
		r.Pieces = append(r.Pieces, sitePiece(prefix, s))
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
func sitePiece(prefix string, s labels.Site) Piece {
	name := "default"
	if len(s.Hosts) > 0 {
		name = s.Hosts[0]
	}
	p := Piece{Name: prefix + name, Config: s.Config, Saved: len(s.Hosts) == 0 && len(s.Services) == 0}
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
