package server

import (
	"fmt"
	"os"
	"strconv"

	"github.com/headgate/headgate/internal/processors"
	"github.com/headgate/headgate/internal/reactor"
)

// EnvLoops names the variable that sets the number of event loops.
const EnvLoops = "HEADGATE_LOOPS"

// maxLoops limits the value of EnvLoops.
const maxLoops = 1024

// engines are the rows of HEADGATE_ENGINE. The first is what an empty name gets.
var engines = []engineRow{{"epoll", newEpoll}, {"epoll-plain", newPlainEpoll}, portable}

func newEpoll(h reactor.Hooks, have processors.Supply) (reactor.Engine, error) {
	n, err := fixedLoops()
	if err != nil {
		return nil, err
	}
	if n > 0 {
		return reactor.NewEpoll(n, h), nil
	}
	e := reactor.NewEpoll(capacity(have), h)
	return e, e.Scale(have.Count())
}

// newPlainEpoll is newEpoll without io_uring.
func newPlainEpoll(h reactor.Hooks, have processors.Supply) (reactor.Engine, error) {
	e, err := newEpoll(h, have)
	if err == nil {
		e.(*reactor.Epoll).Plain()
	}
	return e, err
}

// fixedLoops returns the number of event loops that EnvLoops or GOMAXPROCS
// sets, 0 for as many as there are processors.
func fixedLoops() (int, error) {
	text := os.Getenv(EnvLoops)
	if text == "" {
		n, _ := strconv.Atoi(os.Getenv("GOMAXPROCS"))
		return min(max(n, 0), maxLoops), nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxLoops {
		return 0, fmt.Errorf("%s=%s: a number of event loops from 1 to %d is wanted", EnvLoops, text, maxLoops)
	}
	return n, nil
}

// capacity returns the largest number of loops that can ever run. If a cgroup's
// limit decides, it leaves room for twice as many, at least two more, in case
// the limit is raised. It does not use all processors of a big machine: each
// loop costs a listening socket per address and memory for every worker, used
// or not, and an administrator who more than doubles a limit can restart. Twice
// as many sockets as loops are assigned evenly without steering.
func capacity(have processors.Supply) int {
	n := have.Count()
	if have.Limited() {
		n = max(n, min(have.Affinity, max(2*n, n+2)))
	}
	return min(n, maxLoops)
}

// follows reports whether the number of loops in use follows the processors.
func follows(e reactor.Engine) bool {
	n, err := fixedLoops()
	return err == nil && n == 0 && len(e.Loops()) > 1
}
