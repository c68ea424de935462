//go:build !linux

package server

import "github.com/headgate/headgate/internal/reactor"

// engines are the rows of HEADGATE_ENGINE. The first is what an empty name gets.
var engines = []engineRow{portable}

// follows returns false: the runtime of Go does this for the portable engine.
func follows(reactor.Engine) bool { return false }
