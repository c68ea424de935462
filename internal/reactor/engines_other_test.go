//go:build !linux

package reactor_test

import "github.com/headgate/headgate/internal/reactor"

var engines = []engine{
	{"goroutine", func(h reactor.Hooks) reactor.Engine { return reactor.NewGoroutine(h) }},
}
