package tlsconn

// Holds returns how many bytes of memory for input crypto/tls has.
func (c *Conn) Holds() int {
	in := fields.within(c.tls)
	return in.raw.Cap() + in.shakes.Cap() + int(in.text.Size())
}
