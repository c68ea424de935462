//go:build !linux

package waitqueue_test

import "github.com/headgate/headgate/internal/reactor"

func engines() []reactor.Engine { return []reactor.Engine{reactor.NewGoroutine(reactor.Hooks{})} }
