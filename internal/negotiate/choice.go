package negotiate

import (
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// Force is ForceLanguagePriority.
type Force uint8

// The words of ForceLanguagePriority. None of them: ForcePrefer.
const (
	ForceNone     Force = 1 << iota
	ForcePrefer         // LanguagePriority decides among languages that the client likes alike
	ForceFallback       // and where it likes none
)

// Request is what decides about one request.
type Request struct {
	// The values of Accept and its kin, parsed; nil: there is no such field.
	Types, Encodings, Charsets, Languages []Range

	Negotiate, Agent string // fields of the request; HasNegotiate: the first is there
	HasNegotiate     bool

	Priority []string // LanguagePriority
	Force    Force    // 0: ForcePrefer

	Preferred      string // a language that goes before what the client accepts (httpd: prefer-language)
	Unencoded      bool   // encoded variants are left out (httpd: no-gzip)
	EncodedPages   bool   // of those only pages are not (httpd: gzip-only-text/html)
	GET            bool   // or HEAD
	PathInfo       bool   // the path goes on
	PreferPrograms bool   // what a handler makes goes first

	// Length finds the length of a variant that has none; nil: it stays unknown.
	Length func(*Variant) int64
}

// Result is the outcome.
type Result struct {
	Best        *Variant // nil: there is none
	List        bool     // the client is to choose
	Transparent bool     // RFC 2295 applies
	Supports    bool     // the client says that it knows RFC 2295
	Alternates  bool     // it wants to see all variants
}

// negotiation is the state of one choice.
type negotiation struct {
	*Request
	Result
	list      []Variant
	mayChoose bool
	remote    bool // by the algorithm of RFC 2296
	strict    bool // what browsers send is taken as it is
	anyLow    bool // some type has a quality below 1
	unlabeled float32
}

// Choose chooses among variants, of which there is one at least. httpd: do_negotiation.
func (r *Request) Choose(list []Variant) Result {
	n := &negotiation{Request: r, list: list, mayChoose: true}
	for _, t := range r.Types {
		n.anyLow = n.anyLow || t.Quality < 1
	}
	if n.Transparent = n.isTransparent(); n.Transparent {
		n.askedFor()
	}
	n.addPrograms()
	n.choose()
	n.Alternates = n.Alternates || n.List
	return n.Result
}

// isTransparent: with a variant in another folder, or within a type map, RFC 2295 does not apply.
func (n *negotiation) isTransparent() bool {
	if !n.GET || n.PathInfo {
		return false
	}
	for i := range n.list {
		if strings.Contains(n.list[i].Name, "/") || n.list[i].Body != nil {
			return false
		}
	}
	return true
}

// askedFor reads the Negotiate field. httpd: parse_negotiate_header.
func (n *negotiation) askedFor() {
	if !n.HasNegotiate || n.Negotiate == "trans" && strings.HasPrefix(n.Agent, "Lynx") {
		return
	}
	n.mayChoose = false
	for word := range strings.SplitSeq(n.Negotiate, ",") {
		word = ascii.ToLower(ascii.TrimSpace(word))
		known := word == "trans" || word == "vlist" || word == "guess-small" || word == "*" || word != "" && word[0] >= '0' && word[0] <= '9'
		if !known {
			continue
		}
		n.Supports, n.Alternates = true, true
		switch {
		case word == "1.0":
			n.mayChoose, n.remote, n.strict = true, true, true
		case word == "*":
			n.mayChoose, n.strict = true, true
		}
	}
}

// addPrograms adds what a client does not say: that it takes what handlers make, which comes last,
// or first. httpd: maybe_add_default_accepts.
func (n *negotiation) addPrograms() {
	types := n.Types
	if types == nil {
		types = []Range{{Name: "*/*", Quality: 1}}
	}
	q := float32(0.001)
	switch {
	case n.remote:
		q = 0
	case n.PreferPrograms:
		q = 2
	}
	n.Types = append(types[:len(types):len(types)], Range{Name: ProgramType, Quality: q})
}

// choose finds the best variant. A preferred language is forgotten if it leads to none. httpd: best_match.
func (n *negotiation) choose() {
	n.unlabeled = 1
	for i := range n.list {
		if !n.strict && len(n.list[i].Languages) > 0 {
			n.unlabeled = 0.0001
		}
		n.list[i].reset()
	}
	preferred := n.Preferred
	var best *Variant
	quality := float32(0)
	for {
		best = nil
		for i := range n.list {
			v := &n.list[i]
			if n.discards(v) || preferred != "" && !v.has(preferred) {
				continue
			}
			n.weigh(v, preferred != "")
			if n.mayChoose && n.better(v, best, &quality) {
				best = v
			}
		}
		n.Best, n.List = best, quality <= 0
		if n.remote {
			n.List = n.List || best == nil || !best.definite
		}
		if preferred == "" || best != nil && !n.List {
			return
		}
		preferred = ""
	}
}

// weigh finds out what the client thinks of a variant.
func (n *negotiation) weigh(v *Variant, preferred bool) {
	n.weighType(v)
	if preferred {
		v.language, v.definite = 1, true
	} else {
		n.weighLanguage(v)
	}
	n.weighEncoding(v)
	n.weighCharset(v)
}

// has reports whether a variant is in a language.
func (v *Variant) has(language string) bool {
	for _, l := range v.Languages {
		if l == language {
			return true
		}
	}
	return false
}

// discards reports whether a variant is left out because it is encoded. httpd: discard_variant_by_env.
func (n *negotiation) discards(v *Variant) bool {
	if plain(v.Encoding) || v.Encoding == "identity" {
		return false
	}
	return n.Unencoded || n.EncodedPages && !strings.HasPrefix(v.Type, "text/html")
}

// better reports whether a variant is better than the best so far, whose quality it then replaces.
func (n *negotiation) better(v, best *Variant, quality *float32) bool {
	if n.remote {
		return betterRemote(v, best, quality)
	}
	if v.encoding == 0 || v.language == 0 || v.source == 0 || v.charset == 0 || v.mime == 0 {
		return false
	}
	q := v.mime * v.source
	if q == 0 || q < *quality {
		return false
	}
	if q > *quality || best == nil || n.tied(v, best) > 0 {
		*quality = q
		return true
	}
	return false
}

// betterRemote is better by RFC 2296, which knows no encodings: they decide where all else is equal.
func betterRemote(v, best *Variant, quality *float32) bool {
	if v.encoding == 0 {
		return false
	}
	q := v.mime * v.source * v.charset * v.language
	if q <= 0 || q < *quality || q == *quality && v.encoding <= best.encoding {
		return false
	}
	*quality = q
	return true
}

// tied compares variants whose types are worth the same: above 0, v is better. httpd: is_variant_better.
func (n *negotiation) tied(v, best *Variant) int {
	for _, c := range []int{
		compare(v.language, best.language), byPriority(v, best), byLevel(v, best), byCharset(v, best), compare(v.encoding, best.encoding),
	} {
		if c != 0 {
			return c
		}
	}
	if n.length(v) < n.length(best) {
		return 1
	}
	return -1
}

func compare(a, b float32) int {
	switch {
	case a > b:
		return 1
	case a < b:
		return -1
	}
	return 0
}

func byPriority(v, best *Variant) int {
	switch {
	case best.priority != -1 && (v.priority == -1 || v.priority > best.priority):
		return -1
	case v.priority != -1 && (best.priority == -1 || v.priority < best.priority):
		return 1
	}
	return 0
}

// byLevel prefers the highest level that the client named, else the lowest. httpd: level_cmp.
func byLevel(v, best *Variant) int {
	if v.isHTML() && !best.isHTML() || !v.isHTML() && v.Type != best.Type {
		return 0
	}
	if c := compare(v.levelMatched, best.levelMatched); c != 0 {
		return c
	}
	return compare(best.level, v.level)
}

// byCharset prefers another charset to ISO-8859-1 and to none.
func byCharset(v, best *Variant) int {
	if c := compare(v.charset, best.charset); c != 0 {
		return c
	}
	old := func(v *Variant) bool { return v.Charset == "" || v.Charset == "iso-8859-1" }
	if !old(v) && old(best) {
		return 1
	}
	return 0
}

// length returns the length of a variant.
func (n *negotiation) length(v *Variant) int64 { return n.Request.length(v) }

func (r *Request) length(v *Variant) int64 {
	if v.Bytes < 0 && r.Length != nil {
		v.Bytes = r.Length(v)
	}
	return v.Bytes
}
