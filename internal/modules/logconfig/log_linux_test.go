package logconfig

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/reactor"
)

// A format may wait, for example for the name of a client: other coroutines of
// the loop log meanwhile, and nothing is lost or mixed.
func TestFormatWaits(t *testing.T) {
	r := logsink.NewRegistry(logsink.Options{Loops: 1})
	defer r.Close()
	path := filepath.Join(t.TempDir(), "access.log")
	out, err := r.Access(path)
	if err != nil {
		t.Fatal(err)
	}
	e := reactor.NewEpoll(1, reactor.Hooks{Panic: func(v any, stack []byte) { t.Errorf("panic %v\n%s", v, stack) }})
	done := make(chan struct{})
	e.Run(func(loop reactor.Loop) {
		defer close(done)
		slow := &Log{Out: out, Format: &Format{text: "slow ", items: []item{{value: func(dst []byte, x *exchange.Exchange) []byte {
			loop.Sleep(20 * time.Millisecond)
			return append(append(dst, x.Arena.String("name")...), " end"...)
		}}}}}
		quick := &Log{Out: out, Format: &Format{text: "quick"}}
		waits := loop.Go(logging{slow, loop})
		loop.Go(logging{quick, loop}).Wait()
		waits.Wait()
	})
	<-done
	e.Drain(nil)
	out.Release()
	if got, err := os.ReadFile(path); err != nil || string(got) != "quick\nslow name end\n" {
		t.Errorf("got %q, %v", got, err)
	}
}

// logging is a coroutine that writes one line.
type logging struct {
	log  *Log
	loop reactor.Loop
}

func (l logging) Run() {
	x := finished()
	x.Loop = l.loop
	l.log.Log(x)
}
