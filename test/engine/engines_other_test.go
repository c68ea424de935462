//go:build !linux

package engine

import "github.com/headgate/headgate/internal/reactor"

var realEngines = []realEngine{
	{"goroutine", func(h reactor.Hooks) reactor.Engine { return reactor.NewGoroutine(h) }},
}
