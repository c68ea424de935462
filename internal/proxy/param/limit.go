package param

import (
	"slices"

	"github.com/headgate/headgate/internal/fault"
)

// limited are the parameters whose limit a fault names.
var limited = [...]string{"connectiontimeout", "timeout", "acquire", "ping", "max", "hold", "holdlimit"}

// limits say how each of limited was written, and where.
type limits [len(limited)]fault.Limit

// runTime is the place of what was not written in the configuration.
const runTime = "run time"

// say keeps how a parameter was written.
func (l *limits) say(name, value string) {
	if i := slices.Index(limited[:], name); i >= 0 {
		l[i] = fault.Limit{Line: name + "=" + value, Place: runTime}
	}
}

// Placed says where the parameters are that were set so far without a place.
func (p *Params) Placed(place string) {
	for i := range p.limits {
		if p.limits[i].Place == runTime {
			p.limits[i].Place = place
		}
	}
}

// Limit returns how a parameter was written, and where; the zero value: it was not.
func (p *Params) Limit(name string) fault.Limit {
	if i := slices.Index(limited[:], name); i >= 0 {
		return p.limits[i]
	}
	return fault.Limit{}
}
