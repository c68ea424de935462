package filter

import (
	"bytes"
	"slices"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/message"
)

// harness is a filter that chooses among others by the response (httpd:
// filter_harness).
type harness struct {
	flags   protocol
	evals   *exchange.Evaluator
	choices []choice
}

type choice struct {
	provider
	filter exchange.Filter
}

// chosen is the state of a response for which there was a choice.
type chosen struct {
	filter exchange.Filter
	slot   exchange.Slot
}

// Head implements exchange.Filter.
func (h *harness) Head(x *exchange.Exchange, s *exchange.Slot) (exchange.Effect, error) {
	c := h.choose(x, &x.Resp.Header)
	if c == nil {
		return exchange.Declines, nil
	}
	c.flags.apply(x)
	if len(h.choices) == 1 {
		return c.filter.Head(x, s)
	}
	var own exchange.Slot
	e, err := c.filter.Head(x, &own)
	if e != exchange.Declines && err == nil {
		s.State = &chosen{c.filter, own}
	}
	return e, err
}

// Offer implements exchange.Encoder.
func (h *harness) Offer(x *exchange.Exchange) int {
	var unsent message.Header // what the choice depends on is added where it is made
	if c := h.choose(x, &unsent); c != nil {
		if e, ok := c.filter.(exchange.Encoder); ok {
			return e.Offer(x)
		}
	}
	return 0
}

// Body implements exchange.Filter.
func (h *harness) Body(x *exchange.Exchange, s *exchange.Slot, p []byte, op exchange.Op, next exchange.Sink) error {
	if len(h.choices) == 1 {
		return h.choices[0].filter.Body(x, s, p, op, next)
	}
	c := s.State.(*chosen)
	return c.filter.Body(x, &c.slot, p, op, next)
}

// Done implements exchange.Filter.
func (h *harness) Done(x *exchange.Exchange, s *exchange.Slot) {
	if len(h.choices) == 1 {
		h.choices[0].filter.Done(x, s)
		return
	}
	c := s.State.(*chosen)
	c.filter.Done(x, &c.slot)
}

// choose returns the first provider that is for the response; nil: none is. It adds
// request fields that this depends on to the Vary field of vary.
func (h *harness) choose(x *exchange.Exchange, vary *message.Header) *choice {
	if x.Resp.Status != 200 && !x.Env.Has("filter-errordocs") || h.flags.bars(x) {
		return nil
	}
	for i := range h.choices {
		if c := &h.choices[i]; h.matches(x, c, vary) && !c.flags.bars(x) {
			return c
		}
	}
	return nil
}

func (h *harness) matches(x *exchange.Exchange, c *choice, vary *message.Header) bool {
	if c.cond == nil {
		t, ok := x.Resp.Header.Get(message.ContentType)
		if i := bytes.IndexAny(t, "; \t"); i >= 0 {
			t = t[:i]
		}
		return ok && slices.ContainsFunc(c.types, func(name string) bool { return name == string(t) })
	}
	ok, err := h.evals.BoolVary(c.cond, x, vary)
	if err != nil {
		x.Logf(logsink.Error, "filter", "AH01379", "Error evaluating filter dispatch condition: %v", err)
		return false
	}
	return ok
}

// bars reports whether a filter must not see a proxied response.
func (p protocol) bars(x *exchange.Exchange) bool {
	if x.Mapped == nil {
		return false
	}
	if p.noProxy {
		return true
	}
	v, ok := x.Resp.Header.Lookup("Cache-Control")
	return p.transform && ok && contains(v, "no-transform")
}

// contains reports whether text has a word in it, whatever its case.
func contains(text []byte, word string) bool {
	for i := range text {
		if ascii.HasPrefixFoldBytes(text[i:], word) {
			return true
		}
	}
	return false
}

// apply edits the head for a filter that will see the body.
func (p protocol) apply(x *exchange.Exchange) {
	h := &x.Resp.Header
	if p.transform && x.Mapped != nil {
		h.Add([]byte("Warning"), x.Arena.Join([]byte("214 "), x.Arena.String(host(x)), []byte(" Transformation applied")))
	}
	if p.change {
		h.Del("Content-MD5")
		h.DelID(message.ETag)
	}
	if p.length {
		h.DelID(message.ContentLength)
	}
	if p.noCache {
		h.Del("Last-Modified")
		h.Add([]byte("Cache-Control"), []byte("no-cache"))
	}
	if p.noRanges {
		h.Del("Accept-Ranges")
		h.Add([]byte("Accept-Ranges"), []byte("none"))
	}
}

// host returns the name that the request is for, without its port.
func host(x *exchange.Exchange) string {
	v, _ := x.Req.Header.Get(message.Host)
	if i := bytes.LastIndexByte(v, ':'); i >= 0 && bytes.IndexByte(v[i:], ']') < 0 {
		v = v[:i]
	}
	return string(v)
}

// unranged keeps ranges from a handler whose body will become another one (httpd:
// filter_insert).
type unranged struct{}

// Do implements exchange.Step.
func (unranged) Do(x *exchange.Exchange) error {
	x.Req.Header.Del("Range")
	return nil
}
