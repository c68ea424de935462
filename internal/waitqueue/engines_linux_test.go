package waitqueue_test

import "github.com/headgate/headgate/internal/reactor"

func engines() []reactor.Engine {
	return []reactor.Engine{reactor.NewEpoll(2, reactor.Hooks{}), reactor.NewGoroutine(reactor.Hooks{})}
}
