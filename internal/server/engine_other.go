//go:build !linux

package server

import "github.com/headgate/headgate/internal/reactor"

// engines are the rows of HEADGATE_ENGINE. The first is what an empty name gets.
var engines = []engineRow{portable}

// follows says no: what the portable engine needs, the runtime does.
func follows(reactor.Engine) bool { return false }
