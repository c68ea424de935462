package remoteip

import (
	"bytes"
	"net/netip"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/record"
	"github.com/headgate/headgate/internal/subnet"
)

// step finds out the client of a request.
type step struct {
	header  string  // RemoteIPHeader
	seen    *field  // RemoteIPProxiesHeader; nil: none
	proxies []proxy // empty: any sender of the header is trusted, as an external proxy
}

// field is a field of the request's header that is set.
type field struct {
	name string
	text []byte // name
	id   message.NameID
}

func newField(name string) *field {
	if name == "" {
		return nil
	}
	return &field{name: name, text: []byte(name), id: message.IDOf([]byte(name))}
}

// note is the note that lists the external proxies.
const note = "remoteip-proxy-ip-list"

const name = "remoteip"

// Do implements exchange.Step. httpd: remoteip_modify_request. Where a PROXY header
// named the client the field is only passed on.
func (s *step) Do(x *exchange.Exchange) error {
	if x.Client.Proxied != nil {
		return nil
	}
	if i := x.Req.Header.Next(0, s.header); i >= 0 {
		s.believe(x, i)
	}
	return nil
}

// believe makes the request one from the address that the list in field i comes to,
// and leaves in the field what is not believed of it.
func (s *step) believe(x *exchange.Exchange, i int) {
	h := &x.Req.Header
	value := h.At(i).Value
	if h.Next(i+1, s.header) >= 0 {
		value, _ = exchange.AppendMerged(x.Arena.Alloc(2*len(value)), h, s.header)
	}
	w := walk{step: s, internal: len(s.proxies) > 0, at: x.RemoteAddr(), text: x.ClientIP(), rest: value, left: true, x: x}
	w.run()
	if !w.client.IsValid() {
		return
	}
	if w.left {
		h.At(i).Value = w.rest
		dropFrom(h, i+1, s.header)
	} else {
		dropFrom(h, i, s.header)
	}
	if w.external != nil {
		x.Notes.Set(note, w.external)
		s.seen.set(h, w.external)
	}
	// httpd: the port is not known, and shown as 0.
	x.SetRemote(exchange.Peer{Addr: netip.AddrPortFrom(w.client, 0), Text: w.text})
	recordClient(x, s.header)
	switch {
	case !x.Logs(logsink.Trace1, name):
	case w.external != nil:
		x.Logf(logsink.Trace1, name, "", "Using %s as client's IP by proxies %s", x.ClientIP(), w.external)
	default:
		x.Logf(logsink.Trace1, name, "", "Using %s as client's IP by internal proxies", x.ClientIP())
	}
}

// set sets the field in place of any that a client sent.
func (f *field) set(h *message.Header, value []byte) {
	if f == nil {
		return
	}
	i := h.Next(0, f.name)
	if i < 0 {
		h.Append(f.id, f.text, value)
		return
	}
	at := h.At(i)
	at.Value, at.Flags = value, at.Flags&^message.Hop // it is ours: the client cannot nominate it
	dropFrom(h, i+1, f.name)
}

// dropFrom drops the fields of a name from row i on.
func dropFrom(h *message.Header, i int, name string) {
	for i = h.Next(i, name); i >= 0; i = h.Next(i+1, name) {
		h.At(i).Flags |= message.Dropped
	}
}

// maxText is room for a printed address, in bytes.
const maxText = 48

// walk goes through a list of addresses from its end, where the proxy next to us
// has added the one that it has seen.
type walk struct {
	*step
	x *exchange.Exchange

	internal bool       // every proxy up to here was an internal one
	at       netip.Addr // the sender of the rest of the list
	text     []byte     // at as it is shown

	client   netip.Addr // the last address that was believed; invalid: none
	external []byte     // the proxies that are shown; nil: none
	rest     []byte     // what remains of the list
	left     bool       // something remains, if only an empty text
}

func (w *walk) run() {
	for w.left && w.trusted() && w.next() {
	}
}

// trusted reports whether at may name the client it acts for. An internal proxy may speak of
// an external one, but not the other way round.
func (w *walk) trusted() bool {
	for i := range w.proxies {
		if p := &w.proxies[i]; p.Contains(w.at) {
			w.internal = w.internal && p.internal
			return true
		}
	}
	return len(w.proxies) == 0
}

// next takes the last address of the list; false if it is not believed. The list then
// stays, less blanks behind it. httpd: only blanks are cut, not tabs.
//
// Ours: a name is not looked up. httpd asks DNS for whatever a client writes there.
func (w *walk) next() bool {
	at := bytes.LastIndexByte(w.rest, ',')
	item := bytes.TrimLeft(w.rest[at+1:], " ")
	blanks := len(w.rest) - len(bytes.TrimRight(w.rest, " "))
	switch {
	case len(item) > 0:
		item = bytes.TrimRight(item, " ")
	case at < 0:
		w.rest = item
		return false
	default:
		return false
	}
	a, ok := subnet.ParseNumeric(item)
	a = a.Unmap()
	if !ok || !w.internal && private(a) {
		w.refuse(item, ok)
		if w.rest = w.rest[:len(w.rest)-blanks]; at < 0 {
			w.rest = item
		}
		return false
	}
	if !w.internal {
		if w.external == nil {
			w.external = w.x.Arena.Alloc(len(w.rest) + maxText)
		} else {
			w.external = append(w.external, ", "...)
		}
		w.external = append(w.external, w.text...)
	}
	w.client, w.at, w.text = a, a, a.AppendTo(w.x.Arena.Alloc(maxText))
	if w.left = at >= 0; w.left {
		w.rest = w.rest[:at]
	}
	return true
}

func (w *walk) refuse(item []byte, address bool) {
	switch {
	case !w.x.Logs(logsink.Debug, name):
	case address:
		w.x.Logf(logsink.Debug, name, "AH01569", "RemoteIP: Header %s value of %s appears to be a private IP or nonsensical.  Ignored", w.header, item)
	default:
		w.x.Logf(logsink.Debug, name, "AH01568", "RemoteIP: Header %s value of %s cannot be parsed as a client IP", w.header, item)
	}
}

// private reports whether only an internal proxy may name an address: private IPv4
// networks, and IPv6 ones that are not global unicast (2000::/3, RFC 4291).
func private(a netip.Addr) bool {
	if a.Is6() {
		return a.As16()[0]&0xE0 != 0x20
	}
	b := a.As4()
	switch b[0] {
	case 10, 127:
		return true
	case 169:
		return b[1] == 254
	case 172:
		return b[1]&0xF0 == 16
	case 192:
		return b[1] == 168
	}
	return false
}

// recordClient records the client of the request, if there is a recorder.
func recordClient(x *exchange.Exchange, header string) {
	if x.Recorder != nil {
		x.Recorder.Record(record.Client{
			Line: record.Line{Directive: "RemoteIPHeader " + header}, Address: x.RemoteAddr().String(), Peer: x.Client.Remote.Addr().String(),
		})
	}
}
