package snapshot

import (
	"bytes"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/glob"
	"github.com/headgate/headgate/internal/record"
)

// record tells which sections a combination merges.
func (s *Sections) record(x *exchange.Exchange, by string, k []byte, over []*accessFile) {
	e := record.Sections{By: by, Path: string(x.Path), List: []record.Section{}}
	if by == "target" {
		e.File = string(bytes.TrimPrefix(x.Filename, []byte("proxy:")))
	}
	for ; len(k) > 0; k = k[entrySize:] {
		owner, kind, i := entry(k)
		e.List = append(e.List, s.of(owner, over).shown[kind][i])
	}
	x.Recorder.Record(e)
}

// Explain says which site Pick chooses, and why.
func (v *VHosts) Explain(s *NameSet, host []byte) record.Host {
	site, how := v.pick(s, host)
	e := record.Host{Name: site.Name, Place: site.Defined, How: how, Asked: string(host)}
	if s == nil {
		if v.all == nil && len(v.exact)+len(v.anyIP)+len(v.ports) == 0 {
			e.How = record.ByNobody
		}
		return e
	}
	for _, h := range s.hosts {
		if h.Site != site {
			e.Others = append(e.Others, h.Site.Name)
			continue
		}
		name, alias := h.matching(host)
		e.Matched = name
		if how == record.ByName && alias {
			e.How = record.ByAlias
		}
	}
	return e
}

// matching returns the name of h that host is, as written; alias: it is not the
// ServerName.
func (h *VHost) matching(host []byte) (name string, alias bool) {
	for i, n := range h.Names {
		if ascii.EqualFold(n, string(host)) {
			return n, i > 0
		}
	}
	for _, w := range h.Wild {
		if glob.Match(ascii.ToLower(w), host, glob.Simple) {
			return w, true
		}
	}
	return "", false
}
