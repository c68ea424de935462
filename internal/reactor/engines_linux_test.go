package reactor_test

import "github.com/headgate/headgate/internal/reactor"

var engines = []engine{
	{"goroutine", func(h reactor.Hooks) reactor.Engine { return reactor.NewGoroutine(h) }},
	{"epoll", func(h reactor.Hooks) reactor.Engine { return reactor.NewEpoll(2, h) }},
	{"epoll-plain", func(h reactor.Hooks) reactor.Engine {
		e := reactor.NewEpoll(2, h)
		e.Plain()
		return e
	}},
}
