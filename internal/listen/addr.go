package listen

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/ascii"
)

// Addr is one address to listen on, as a Listen directive names it.
type Addr struct {
	Network  string     // "tcp"
	IP       netip.Addr // invalid: any address, IPv6 and IPv4 (httpd's bare port and "*")
	Port     uint16
	Protocol string // lower case; "https" for port 443, else "http", unless stated
}

// String returns the address as httpd prints it: [::]:80 for any.
func (a Addr) String() string { return a.addrPort().String() }

func (a Addr) addrPort() netip.AddrPort {
	if !a.IP.IsValid() {
		return netip.AddrPortFrom(netip.IPv6Unspecified(), a.Port)
	}
	return netip.AddrPortFrom(a.IP, a.Port)
}

// The texts are httpd's own, because people search for them.
var (
	errUsage   = errors.New("Listen requires 1 or 2 arguments.")                         //nolint:staticcheck // httpd's text
	errInvalid = errors.New("Invalid address or port")                                   //nolint:staticcheck // httpd's text
	errNoPort  = errors.New("Port must be specified")                                    //nolint:staticcheck // httpd's text
	errTwice   = errors.New("Cannot define multiple Listeners on the same IP:port")      //nolint:staticcheck // httpd's text
	errScope   = errors.New("Listen step failed: only link-local addresses have scopes") //nolint:staticcheck // httpd's text
)

// Lookup finds the addresses of a host name in a Listen directive.
type Lookup func(host string) ([]netip.Addr, error)

// ParseListen reads the arguments of a Listen directive: an address and an
// optional protocol. A host name produces one Addr for each of its addresses. A
// nil lookup uses the system's resolver.
func ParseListen(args []string, lookup Lookup) ([]Addr, error) {
	if len(args) < 1 || len(args) > 2 || args[0] == "" {
		return nil, errUsage
	}
	host, zone, port, err := splitAddr(args[0])
	switch {
	case err != nil:
		return nil, err
	case port == 0:
		return nil, errNoPort
	}
	a := Addr{Network: "tcp", Port: port, Protocol: "http"}
	if port == 443 {
		a.Protocol = "https"
	}
	if len(args) == 2 {
		a.Protocol = ascii.ToLower(args[1])
	}
	if host == "" || host == "*" {
		return []Addr{a}, nil
	}
	ips, err := hostAddrs(host, zone, lookup)
	if err != nil {
		return nil, err
	}
	var out []Addr
	for _, ip := range ips {
		a.IP = ip
		out = append(out, a)
	}
	return out, nil
}

// splitAddr splits "port", "host:port" or "[ip%scope]:port". The port is 0 when
// there is none.
//
// httpd: the port is the digits at the end; if the text after the last colon is
// not a number, the whole is a host name without port.
func splitAddr(s string) (host, zone string, port uint16, err error) {
	digits := s[len(strings.TrimRight(s, "0123456789")):]
	rest := s[:len(s)-len(digits)]
	switch {
	case digits != "" && rest == "":
		port, err = parsePort(digits)
		return "", "", port, err
	case digits != "" && strings.HasSuffix(rest, ":"):
		if port, err = parsePort(digits); err != nil {
			return "", "", 0, err
		}
		if rest = rest[:len(rest)-1]; rest == "" {
			return "", "", 0, errInvalid
		}
	default:
		rest = s
	}
	if rest[0] != '[' {
		return rest, "", port, nil
	}
	inner, closed := strings.CutSuffix(rest[1:], "]")
	host, zone, scoped := strings.Cut(inner, "%")
	ip, perr := netip.ParseAddr(host)
	if !closed || perr != nil || !ip.Is6() || scoped && zone == "" {
		return "", "", 0, errInvalid
	}
	return host, zone, port, nil
}

func parsePort(digits string) (uint16, error) {
	n, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || n == 0 {
		return 0, errInvalid
	}
	return uint16(n), nil
}

// hostAddrs turns the host part into addresses. An IPv4-mapped address keeps
// its form, because the kernel reports it that way.
func hostAddrs(host, zone string, lookup Lookup) ([]netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil && ip.Zone() == "" {
		if zone == "" {
			return []netip.Addr{ip}, nil
		}
		if !ip.IsLinkLocalUnicast() && !ip.IsLinkLocalMulticast() {
			return nil, fmt.Errorf("%w: [%s%%%s]", errScope, host, zone)
		}
		return []netip.Addr{ip.WithZone(zone)}, nil
	}
	if lookup == nil {
		lookup = systemLookup
	}
	ips, err := lookup(host)
	if err == nil && len(ips) == 0 {
		err = errors.New("no address")
	}
	if err != nil {
		return nil, fmt.Errorf("Listen setup failed: AH00077: failed to set up sockaddr for %s: %w", host, err) //nolint:staticcheck // httpd's text
	}
	return ips, nil
}

// lookupTime limits the one look-up that happens at start.
const lookupTime = 10 * time.Second

func systemLookup(host string) ([]netip.Addr, error) {
	ctx, stop := context.WithTimeout(context.Background(), lookupTime)
	defer stop()
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	for i, ip := range ips {
		ips[i] = ip.Unmap()
	}
	return ips, libcText(err)
}

// libcText returns the C library's text for a failed look-up.
func libcText(err error) error {
	var dns *net.DNSError
	switch {
	case !errors.As(err, &dns):
		return err
	case dns.IsNotFound:
		return errors.New("Name or service not known") //nolint:staticcheck // the C library's text
	default:
		return errors.New("Temporary failure in name resolution") //nolint:staticcheck // the C library's text
	}
}

// Add appends the addresses of one more directive to those of earlier ones. A
// repeated address is an error.
//
// httpd: 0.0.0.0 is dropped if there is an any-address of the same port,
// because one socket accepts for both; configurations often have both.
func Add(have []Addr, more ...Addr) ([]Addr, error) {
	for _, a := range more {
		covered := false
		for i, b := range have {
			x, y := a.addrPort(), b.addrPort()
			switch {
			case x == y:
				return nil, errTwice
			case x.Port() != y.Port():
			case y.Addr() == netip.IPv6Unspecified() && x.Addr() == netip.IPv4Unspecified():
				covered = true
			case x.Addr() == netip.IPv6Unspecified() && y.Addr() == netip.IPv4Unspecified():
				have[i], covered = a, true
			}
		}
		if !covered {
			have = append(have, a)
		}
	}
	return have, nil
}
