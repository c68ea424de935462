package proxy

import (
	"errors"
	"time"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/proxy/forward"
)

// choice returns the value for a word, ignoring case; reason is the error if there
// is none.
func choice[T any](word, reason string, rows []choiceRow[T]) (T, error) {
	for _, r := range rows {
		if ascii.EqualFold(r.word, word) {
			return r.value, nil
		}
	}
	var none T
	return none, errors.New(reason)
}

type choiceRow[T any] struct {
	word  string
	value T
}

// ParseVia reads the value of ProxyVia.
func ParseVia(s string) (forward.Via, error) {
	return choice(s, "ProxyVia must be one of: off | on | full | block",
		[]choiceRow[forward.Via]{{"Off", forward.ViaOff}, {"On", forward.ViaOn}, {"Full", forward.ViaFull}, {"Block", forward.ViaBlock}})
}

// ParseBadHeader reads the value of ProxyBadHeader.
func ParseBadHeader(s string) (exchange.BadHeader, error) {
	return choice(s, "ProxyBadHeader must be one of: IsError | Ignore | StartBody", []choiceRow[exchange.BadHeader]{
		{"IsError", exchange.BadIsError}, {"Ignore", exchange.BadIgnore}, {"StartBody", exchange.BadStartBody},
	})
}

// ParseStatusPage reads the value of ProxyStatus.
func ParseStatusPage(s string) (StatusPage, error) {
	return choice(s, "ProxyStatus must be one of: off | on | full",
		[]choiceRow[StatusPage]{{"Off", StatusPageOff}, {"On", StatusPageOn}, {"Full", StatusPageFull}})
}

// ParseProxyTimeout reads the value of ProxyTimeout. httpd: whole seconds; text
// after the digits is ignored.
func ParseProxyTimeout(s string) (time.Duration, error) {
	n := ascii.LeadingInt(s)
	if n < 1 {
		return 0, errors.New("Proxy Timeout must be at least 1 second.")
	}
	return time.Duration(n) * time.Second, nil
}

// ParseMaxForwards reads the value of ProxyMaxForwards. A word that is not a
// number means 0.
func ParseMaxForwards(s string) int64 {
	n, _ := ascii.LeadingDigits(s)
	return n
}

// ParseBuffer reads a number of bytes for ProxyIOBufferSize and
// ProxyReceiveBufferSize.
func ParseBuffer(directive, s string) (int, error) {
	n := ascii.LeadingInt(s)
	if directive == "ProxyIOBufferSize" { // httpd: atol
		wide, _ := ascii.LeadingDigits(s)
		n = int(wide)
	}
	if n < 512 && n != 0 {
		return 0, errors.New(directive + " must be >= 512 bytes, or 0 for system default.")
	}
	return n, nil
}

// ParseDomain reads the value of ProxyDomain.
func ParseDomain(s string) (string, error) {
	if s == "" || s[0] != '.' {
		return "", errors.New("ProxyDomain: domain name must start with a dot.")
	}
	return s, nil
}

// ParseGrowth reads the value of BalancerGrowth.
func ParseGrowth(s string) (int, error) {
	n := ascii.LeadingInt(s)
	if n < 0 || n > 1000 {
		return 0, errors.New("BalancerGrowth must be between 0 and 1000")
	}
	return n, nil
}
