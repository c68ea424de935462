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
	d.one.Lock()
	defer d.one.Unlock()
	o := d.options(f)
	all, excluded := d.innocent(d.current())
	found := d.labels.Translate(all, o)
	if d.convict(prefix, &found, all, o, f) {
		all, excluded = d.innocent(all)
		found = d.labels.Translate(all, o)
	}
	r = d.resultOf(prefix, &found)
	r.Problems = append(r.Problems, excluded...)
	if err := d.files.write(found.Files, f); err != nil {
		r.Problems = append(r.Problems, Problem{Subject: "password files", Text: err.Error()})
	}
	return r
}

// resultOf makes the result of a translation.
func (d *docker) resultOf(prefix string, found *labels.Result) (r Result) {
	r.Pieces = d.pieces.of(prefix, found)
	for _, p := range found.Problems {
		if p.Conflict() {
			r.Conflicts = append(r.Conflicts, Conflict{What: p.Reason, Owner: p.Other, Loser: p.Subject})
			continue
		}
		r.Problems = append(r.Problems, Problem{Subject: p.Subject, Text: p.Reason})
	}
	return r
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
