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

// maxLoops bounds what EnvLoops may ask for.
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

// fixedLoops returns the number of event loops that is asked for, 0 for as many
// as there are processors. Who sets Go's own variable means the loops by it.
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

// capacity says how many loops there can ever be. Where a cgroup's limit is
// what counts there is room for twice as many, at least two more, for a limit
// that is raised. Not for all of a big machine: each loop in the count costs
// a listening socket per address and memory for every worker, used or not, and
// who doubles a limit and more can restart. Twice as many sockets as loops are
// shared out evenly without steering.
func capacity(have processors.Supply) int {
	n := have.Count()
	if have.Limited() {
		n = max(n, min(have.Affinity, max(2*n, n+2)))
	}
	return min(n, maxLoops)
}

// follows says that the number of loops in use is to follow the processors.
func follows(e reactor.Engine) bool {
	n, err := fixedLoops()
	return err == nil && n == 0 && len(e.Loops()) > 1
}
