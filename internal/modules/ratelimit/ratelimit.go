// Package ratelimit is mod_ratelimit: the filter RATE_LIMIT, which limits the
// bodies of responses to the number of KiB per second in the request's variable
// rate-limit.
//
// Imports module and the layers below it.
package ratelimit

import (
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/module"
)

// New returns the module. It has no directives.
func New() *module.Module {
	return &module.Module{Name: "mod_ratelimit", ID: "ratelimit_module"}
}

// Filter is the filter that SetOutputFilter RATE_LIMIT names.
func Filter() module.FilterKind {
	return module.FilterKind{
		Name: "RATE_LIMIT", Rank: module.RankConnection,
		New: func(*module.Builder, *module.Dir) (exchange.Filter, error) { return limiter{}, nil },
	}
}

// interval is the time between two pieces of a limited response (httpd:
// RATE_INTERVAL_MS).
const interval = 200 * time.Millisecond

// limiter is the filter.
type limiter struct{}

// pace is the state of one response.
type pace struct {
	chunk int       // bytes per interval
	left  int       // bytes still allowed in this one
	next  time.Time // when the next interval begins
}

// Head implements exchange.Filter.
func (limiter) Head(x *exchange.Exchange, s *exchange.Slot) (exchange.Effect, error) {
	text, ok := x.Env.Get("rate-limit")
	if !ok {
		return exchange.Declines, nil
	}
	speed := kib(text)
	if speed <= 0 {
		x.Logf(logsink.Info, "ratelimit", "AH03488", "rl_filter: disabling: rate-limit = %q", text)
		return exchange.Declines, nil
	}
	burst := 0
	if text, ok = x.Env.Get("rate-initial-burst"); ok {
		if burst = kib(text); burst <= 0 {
			x.Logf(logsink.Info, "ratelimit", "AH03489", "rl_filter: disabling burst: rate-initial-burst = %q", text)
			burst = 0
		}
	}
	chunk := max(speed/int(time.Second/interval), 1)
	s.State = &pace{chunk: chunk, left: chunk + burst, next: x.Loop.Now().Add(interval)}
	return exchange.Observes, nil
}

// Body implements exchange.Filter.
func (limiter) Body(x *exchange.Exchange, s *exchange.Slot, p []byte, op exchange.Op, next exchange.Sink) error {
	l := s.State.(*pace)
	l.renew(x.Loop.Now())
	for len(p) > l.left {
		piece := p[:l.left]
		p = p[l.left:]
		l.left = 0
		if err := next.Write(x, piece, exchange.Flush); err != nil {
			return err
		}
		x.Loop.Sleep(l.next.Sub(x.Loop.Now()))
		l.renew(x.Loop.Now())
	}
	l.left -= len(p)
	return next.Write(x, p, op)
}

// renew begins the next interval once it has come. Time without anything to
// send is not made up for.
func (l *pace) renew(now time.Time) {
	if now.Before(l.next) {
		return
	}
	l.left = max(l.left, l.chunk) // unused bytes of a burst are kept
	if l.next = l.next.Add(interval); !now.Before(l.next) {
		l.next = now.Add(interval)
	}
}

// Done implements exchange.Filter.
func (limiter) Done(*exchange.Exchange, *exchange.Slot) {}

// kib reads a number of KiB as httpd's atoi does, and returns bytes; 0 or less
// is no valid limit.
func kib(text []byte) int {
	const most = 1 << 21 // KiB: above it httpd's number overflows and is refused
	n, sign := 0, 1
	for i, c := range text {
		switch {
		case c >= '0' && c <= '9':
			if n = n*10 + int(c-'0'); n >= most {
				return 0
			}
		case i == 0 && c == '-':
			sign = -1
		case i == 0 && c == '+':
		default:
			return sign * n << 10
		}
	}
	return sign * n << 10
}
