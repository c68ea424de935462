package balance

import (
	"errors"
	"fmt"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/expr"
)

// Key is the part of a request that lbmethod=hash goes by: hashkey=. Requests
// with the same key go to the same member.
type Key struct {
	form  *keyForm
	name  string       // of the header field or cookie
	text  *expr.String // of an expression
	evals exchange.Evaluator
}

// keyForm is a form of hashkey=. sum adds the key of x to h; false: x has none.
type keyForm struct {
	name  string
	named bool // ":" and a name follow
	sum   func(k *Key, x *exchange.Exchange, h hash) (hash, bool)
}

// keyForms are the forms with a word; the other one is an expression.
var keyForms = [...]keyForm{
	{name: "uri", sum: func(_ *Key, x *exchange.Exchange, h hash) (hash, bool) {
		if h = h.add(x.Path); x.HasArgs {
			h = h.addByte('?').add(x.Args)
		}
		return h, true
	}},
	{name: "path", sum: func(_ *Key, x *exchange.Exchange, h hash) (hash, bool) { return h.add(x.Path), true }},
	{name: "ip", sum: sumAddress},
	{name: "header", named: true, sum: func(k *Key, x *exchange.Exchange, h hash) (hash, bool) {
		v, _ := x.Req.Header.Lookup(k.name)
		return h.add(v), len(v) > 0
	}},
	{name: "cookie", named: true, sum: func(k *Key, x *exchange.Exchange, h hash) (hash, bool) {
		v := cookie(x, k.name)
		return h.add(v), len(v) > 0
	}},
}

// byExpression is the form with an expression. One that cannot be evaluated
// makes no key.
var byExpression = keyForm{sum: func(k *Key, x *exchange.Exchange, h hash) (hash, bool) {
	v, err := k.evals.String(k.text, x)
	return h.add(v), err == nil && len(v) > 0
}}

func sumAddress(_ *Key, x *exchange.Exchange, h hash) (hash, bool) {
	a := x.RemoteAddr()
	if !a.IsValid() {
		return h, false
	}
	b := a.As16()
	return h.add(b[:]), true
}

// defaultKey is hashkey=uri.
var defaultKey = &Key{form: &keyForms[0]}

// maxKeyName is the longest name of a field or cookie in bytes.
const maxKeyName = 128

// ParseKey reads the value of hashkey=.
func ParseKey(text string) (*Key, error) {
	if strings.Contains(text, "%{") {
		return parseKeyExpression(text)
	}
	word, name, named := strings.Cut(text, ":")
	for i := range keyForms {
		f := &keyForms[i]
		if !ascii.EqualFold(f.name, word) || f.named != named {
			continue
		}
		if named && (name == "" || len(name) > maxKeyName || !ascii.IsTokenString(name)) {
			return nil, fmt.Errorf("hashkey=%s must be followed by the name of a %s", f.name, f.name)
		}
		return &Key{form: f, name: name}, nil
	}
	return nil, errors.New("hashkey must be uri, path, ip, header:NAME, cookie:NAME or an expression with %{...}")
}

func parseKeyExpression(text string) (*Key, error) {
	s, err := expr.ParseString(text, expr.Options{DontVary: true})
	switch {
	case err != nil:
		return nil, fmt.Errorf("cannot parse hashkey: %w", err)
	case s.Uses()&expr.UsesResponse != 0:
		return nil, errors.New("hashkey cannot depend on the response, which comes after the election")
	}
	return &Key{form: &byExpression, text: s}, nil
}

// hash is a hash in the making: FNV-1a with 64 bits. It is the same in every
// process, so that several proxies in front of the same members agree.
type hash uint64

const emptyHash hash = 14695981039346656037

func (h hash) addByte(b byte) hash { return (h ^ hash(b)) * 1099511628211 }

func (h hash) add(p []byte) hash {
	for _, b := range p {
		h = h.addByte(b)
	}
	return h
}

func (h hash) addString(s string) hash {
	for i := range len(s) {
		h = h.addByte(s[i])
	}
	return h
}

// mix spreads what was added over all bits (the last step of MurmurHash3).
func (h hash) mix() hash {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// hash returns the hash of the key of x; false: x has none.
func (k *Key) hash(x *exchange.Exchange) (hash, bool) {
	h, ok := k.form.sum(k, x, emptyHash)
	return h.mix(), ok
}
