package expr

import (
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/subnet"
)

// The additions of mod_ssl: all variables with a prefix, a function, and a list
// function for certificate extensions, which is refused.
const (
	tlsPrefix   = "SSL_"
	tlsFunction = "SSL"
	tlsList     = "PeerExtList"
)

// lookup returns the node for a variable.
func (p *parser) lookup(name string) *node {
	if v, ok := LookupVar(name); ok {
		p.uses |= vars[v].uses
		return &node{kind: wordVar, v: v}
	}
	if header, ok := LookupHeaderVar(name); ok {
		p.uses |= UsesHeaders
		n := textNode(header)
		n.kind, n.name, n.vary = wordHeader, strings.ToUpper(name), p.opt.varies(header)
		return n
	}
	if x := p.extern(ExternVar, name); x != nil {
		return &node{kind: wordExtern, ext: x}
	}
	if ascii.HasPrefixFold(name, tlsPrefix) {
		p.uses |= UsesExtern
		return &node{kind: wordExtern, ext: &Extern{Kind: ExternVar, Name: strings.ToUpper(name)}}
	}
	p.fail("Variable '%s' does not exist", name)
	return textNode("")
}

// varies says whether the Vary field must name a header that is read. Host never
// is in it.
func (o Options) varies(header string) bool {
	return !o.DontVary && !ascii.EqualFold(header, "Host")
}

func (p *parser) extern(k ExternKind, name string) *Extern {
	if p.opt.Extern == nil || p.err != nil {
		return nil
	}
	id, ok := p.opt.Extern(k, name)
	if !ok {
		return nil
	}
	p.uses |= UsesExtern
	return &Extern{Kind: k, Name: name, ID: id}
}

// function returns the node for a function call.
func (p *parser) function(name string, arg *node) *node {
	if p.opt.Includes && name == "v" {
		name = "reqenv"
	}
	for i := range functions {
		f := &functions[i]
		if !ascii.EqualFold(f.name, name) {
			continue
		}
		if f.restricted && p.opt.Restricted {
			p.fail("%s not available in restricted context", f.name)
		}
		p.uses |= f.uses
		vary := f.vary && !p.opt.DontVary
		return &node{kind: wordFunc, fn: f, a: arg, vary: vary}
	}
	if x := p.extern(ExternFunc, name); x != nil {
		return &node{kind: wordExtern, ext: x, a: arg}
	}
	if ascii.EqualFold(name, tlsFunction) {
		p.uses |= UsesExtern
		return &node{kind: wordExtern, ext: &Extern{Kind: ExternFunc, Name: tlsFunction}, a: arg}
	}
	p.fail("Function '%s' does not exist", name)
	return textNode("")
}

// unary returns the node for an operator with one word. The name is case
// sensitive.
func (p *parser) unary(name string, a *node) *node {
	for i := range unaryOps {
		if unaryOps[i].name == name {
			n := &node{kind: kindUnary, op: &unaryOps[i], a: a}
			p.operator(n, a)
			return n
		}
	}
	p.fail("Unary operator '-%s' does not exist", name)
	return &node{}
}

// binary returns the node for an operator between two words.
func (p *parser) binary(name string, a, b *node) *node {
	for i := range binaryOps {
		if ascii.EqualFold(binaryOps[i].name, name) {
			n := &node{kind: kindBinary, op: &binaryOps[i], a: a, b: b}
			p.operator(n, b)
			return n
		}
	}
	p.fail("Binary operator '-%s' does not exist", name)
	return &node{}
}

// operator sets the fields that both kinds of operators have. last is the word
// that a subnet is parsed from.
func (p *parser) operator(n, last *node) {
	p.uses |= n.op.uses
	if !n.op.subnet || p.err != nil {
		return
	}
	if last.kind != wordText || last.number {
		p.fail("-%s requires subnet/netmask as constant argument", n.op.name)
		return
	}
	net, err := subnet.Parse(last.text)
	if err != nil {
		p.fail("parsing of subnet/netmask failed")
		return
	}
	n.net = &net
}
