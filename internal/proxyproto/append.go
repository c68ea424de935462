package proxyproto

import (
	"encoding/binary"
	"net/netip"
	"strconv"
)

// Version is the version of a header that is sent.
type Version uint8

// The versions. None sends no header.
const (
	None Version = iota
	V1           // a line of text
	V2           // binary
)

// Append appends the header of a connection that is made for a client, whose own
// connection leads to server. An invalid client makes a header that speaks of nobody
// but the sender: UNKNOWN, LOCAL. Addresses of different families are both
// written as IPv6, an IPv4 one in its mapped form.
func Append(b []byte, v Version, client, server netip.AddrPort) []byte {
	switch v {
	case V1:
		return append1(b, client, server)
	case V2:
		return append2(b, client, server)
	}
	return b
}

// ends returns the addresses of a header, both of one family. An unknown server
// is the unspecified address.
func ends(client, server netip.AddrPort) (c, s netip.Addr, four bool) {
	c, s = client.Addr().Unmap().WithZone(""), server.Addr().Unmap().WithZone("")
	if !s.IsValid() {
		if s = netip.IPv6Unspecified(); c.Is4() {
			s = netip.IPv4Unspecified()
		}
	}
	if c.Is4() && s.Is4() {
		return c, s, true
	}
	return netip.AddrFrom16(c.As16()), netip.AddrFrom16(s.As16()), false
}

func append1(b []byte, client, server netip.AddrPort) []byte {
	if !client.IsValid() {
		return append(b, signature1+"UNKNOWN\r\n"...)
	}
	c, s, four := ends(client, server)
	family := "TCP6 "
	if four {
		family = "TCP4 "
	}
	b = append(append(b, signature1...), family...)
	b = append(c.AppendTo(b), ' ')
	b = append(s.AppendTo(b), ' ')
	b = append(strconv.AppendUint(b, uint64(client.Port()), 10), ' ')
	b = strconv.AppendUint(b, uint64(server.Port()), 10)
	return append(b, '\r', '\n')
}

// The commands of version 2, with the version.
const (
	local   = 0x20
	proxied = 0x21
)

func append2(b []byte, client, server netip.AddrPort) []byte {
	b = append(b, signature2...)
	if !client.IsValid() {
		return append(b, local, 0, 0, 0)
	}
	c, s, four := ends(client, server)
	if four {
		b = append(b, proxied, tcp4, 0, size4)
		c4, s4 := c.As4(), s.As4()
		b = append(append(b, c4[:]...), s4[:]...)
	} else {
		b = append(b, proxied, tcp6, 0, size6)
		c6, s6 := c.As16(), s.As16()
		b = append(append(b, c6[:]...), s6[:]...)
	}
	b = binary.BigEndian.AppendUint16(b, client.Port())
	return binary.BigEndian.AppendUint16(b, server.Port())
}
