//go:build !linux

package tlsconn_test

import "github.com/headgate/headgate/internal/reactor"

func engines(h reactor.Hooks) []reactor.Engine { return []reactor.Engine{reactor.NewGoroutine(h)} }
