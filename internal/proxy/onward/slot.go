package onward

import (
	"slices"

	"github.com/headgate/headgate/internal/directive"
)

// Allowed holds AllowCONNECT of a server, which adds to that of the main server.
// Which module sets it and which one reads it differ, and neither imports the other.
var Allowed = directive.Slot[Ports]{Name: "proxyconnect", Merge: func(base, add *Ports) *Ports {
	all := slices.Concat(*base, *add)
	return &all
}}
