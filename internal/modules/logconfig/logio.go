package logconfig

import (
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/module"
)

// NewIO returns mod_logio. Bytes are always counted; whether %^FB is logged is
// configured.
func NewIO() *module.Module {
	return &module.Module{
		Name: "mod_logio", ID: "logio_module", Static: true, Dir: trackFirstByte,
		Rows: []directive.Row{{Name: "LogIOTrackTTFB", Set: setTrackFirstByte}},
	}
}

// ioConf holds mod_logio's directives of a section.
type ioConf struct {
	firstByte module.Opt[bool] // LogIOTrackTTFB
}

var ioSlot = directive.Slot[ioConf]{Name: "logio", Merge: func(base, add *ioConf) *ioConf {
	return &ioConf{firstByte: module.Over(base.firstByte, add.firstByte)}
}}

func setTrackFirstByte(c *directive.Call) error {
	ioSlot.Of(c.Dir).firstByte.To(c.On)
	return nil
}

func trackFirstByte(_ *module.Builder, d *module.Dir) error {
	if c, ok := ioSlot.Peek(d.Conf); ok {
		d.Chain.TrackFirstByte = c.firstByte.V
	}
	return nil
}

// firstByte is the time to the response head in microseconds.
func firstByte(dst []byte, x *exchange.Exchange) []byte {
	if x.Chain == nil || !x.Chain.TrackFirstByte || x.Times.FirstByte.IsZero() || x.Times.Start.IsZero() {
		return append(dst, '-')
	}
	return appendMicros(dst, x.Times.FirstByte.Sub(x.Times.Start))
}
