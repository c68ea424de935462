//go:build !linux

package tunnel_test

import "github.com/headgate/headgate/internal/reactor"

var engines = map[string]func(reactor.Hooks) reactor.Engine{
	"goroutine": func(h reactor.Hooks) reactor.Engine { return reactor.NewGoroutine(h) },
}
