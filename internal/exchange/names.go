package exchange

// HostName is the name this server goes by for the request: by
// UseCanonicalName the site's, or the one the client used (httpd:
// ap_get_server_name).
func (x *Exchange) HostName() []byte {
	if x.Chain != nil && x.Chain.Canonical == CanonicalOn || len(x.Req.Host) == 0 {
		return append(x.Arena.Alloc(len(x.Site.Name)), x.Site.Name...)
	}
	host, _ := cutPort(x.Req.Host)
	return host
}

// HostPort is the port that goes with HostName (httpd: ap_get_server_port).
func (x *Exchange) HostPort() uint16 {
	canonical := x.Chain != nil && x.Chain.Canonical == CanonicalOn
	if !canonical {
		if _, p := cutPort(x.Req.Host); p != 0 {
			return p
		}
		if len(x.Req.Host) > 0 && x.Site.Port == 0 {
			return x.defaultPort()
		}
	}
	if x.Site.Port != 0 {
		return x.Site.Port
	}
	return x.defaultPort()
}

func (x *Exchange) defaultPort() uint16 {
	if x.Client != nil && x.Client.TLS {
		return 443
	}
	return 80
}

// Scheme is the scheme self-referential URLs get.
func (x *Exchange) Scheme() string {
	if x.Client != nil && x.Client.TLS || x.Site.Scheme == "https" {
		return "https"
	}
	return "http"
}

// cutPort splits a judged authority: an IPv6 literal keeps its brackets, a
// missing port is 0.
func cutPort(a []byte) (host []byte, port uint16) {
	for i := len(a) - 1; i >= 0; i-- {
		switch c := a[i]; {
		case c == ':':
			n := 0
			for _, d := range a[i+1:] {
				n = n*10 + int(d-'0')
			}
			return a[:i], uint16(n)
		case c < '0' || c > '9':
			return a, 0
		}
	}
	return a, 0
}
