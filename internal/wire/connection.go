package wire

import (
	"bytes"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/message"
)

// Options is the set of known options in the Connection fields of a head.
type Options uint8

// Connection options with a meaning.
const (
	OptionClose Options = 1 << iota
	OptionKeepAlive
	OptionUpgrade
)

// maxOptions limits the fields that a head may list in Connection: each is
// searched for in the whole table.
const maxOptions = 64

// hopSet are the fields that belong to one connection by definition (RFC 9110
// section 7.6.1).
const hopSet message.IDSet = 1<<message.Connection | 1<<message.KeepAlive | 1<<message.ProxyConnection |
	1<<message.TE | 1<<message.Trailer | 1<<message.TransferEncoding | 1<<message.Upgrade |
	1<<message.ProxyAuthenticate | 1<<message.HTTP2Settings

// MarkHop flags the fields that are not forwarded: those that belong to one
// connection and those that the Connection fields list. It returns the options
// found. Host and the framing fields cannot be listed. The parsers call it.
func MarkHop(h *message.Header) (Options, error) {
	var options Options
	if !h.MayHave(hopSet) {
		return 0, nil
	}
	nominated := 0
	rows := h.Rows()
	for i := range rows {
		f := &rows[i]
		if hopSet>>(f.ID&63)&1 == 0 {
			continue
		}
		f.Flags |= message.Hop
		if f.ID != message.Connection || f.Flags&message.Dropped != 0 {
			continue
		}
		if o := optionOf(f.Value); o != 0 { // a single common option
			options |= o
			continue
		}
		for rest := f.Value; len(rest) > 0; {
			var t []byte
			t, rest = element(rest)
			if o := optionOf(t); o != 0 || len(t) == 0 {
				options |= o
				continue
			}
			if nominated++; nominated > maxOptions {
				return options, errOptionCount
			}
			nominate(h, t)
		}
	}
	return options, nil
}

func optionOf(t []byte) Options {
	switch len(t) {
	case len("keep-alive"):
		if fold(t, "keep-alive") {
			return OptionKeepAlive
		}
	case len("close"):
		if fold(t, "close") {
			return OptionClose
		}
	case len("upgrade"):
		if fold(t, "upgrade") {
			return OptionUpgrade
		}
	}
	return 0
}

// nominate flags every field called name.
func nominate(h *message.Header, name []byte) {
	id := message.IDOf(name)
	switch id {
	case message.Host, message.ContentLength, message.TransferEncoding:
		return
	}
	for i := range h.Len() {
		f := h.At(i)
		if f.ID == id && (id != message.Other || ascii.EqualFoldBytes(f.Name, name)) {
			f.Flags |= message.Hop
		}
	}
}

// closes reports whether the connection ends with a message.
func closes(v message.Version, o Options) bool {
	return o&OptionClose != 0 || (v == message.HTTP10 && o&OptionKeepAlive == 0)
}

// element splits the first element off a comma separated list.
func element(list []byte) (first, rest []byte) {
	i := bytes.IndexByte(list, ',')
	if i < 0 {
		return trim(list), nil
	}
	return trim(list[:i]), list[i+1:]
}

// HasToken reports whether a list field holds a token; token is in lower case.
func HasToken(h *message.Header, id message.NameID, token string) bool {
	if !h.MayHave(1 << (id & 63)) {
		return false
	}
	rows := h.Rows()
	for i := range rows {
		f := &rows[i]
		if f.ID != id || f.Flags&message.Dropped != 0 {
			continue
		}
		if fold(f.Value, token) && len(token) > 0 { // a single common option
			return true
		}
		for rest := f.Value; len(rest) > 0; {
			var t []byte
			if t, rest = element(rest); fold(t, token) {
				return true
			}
		}
	}
	return false
}

// UpgradeOf returns the protocols that a head asks or agrees to change to: the
// value of Upgrade if Connection lists it, else nil (RFC 9110 section 7.8).
func UpgradeOf(h *message.Header) []byte {
	v, ok := h.Get(message.Upgrade)
	if !ok || len(v) == 0 || !HasToken(h, message.Connection, "upgrade") {
		return nil
	}
	return v
}
