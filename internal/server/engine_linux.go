package server

import (
	"fmt"
	"os"
	"runtime"
	"strconv"

	"github.com/headgate/headgate/internal/reactor"
)

// EnvLoops names the variable that sets the number of event loops.
const EnvLoops = "HEADGATE_LOOPS"

// maxLoops bounds what EnvLoops may ask for.
const maxLoops = 1024

// engines are the rows of HEADGATE_ENGINE. The first is what an empty name gets.
var engines = []engineRow{{"epoll", newEpoll}, portable}

func newEpoll(h reactor.Hooks) (reactor.Engine, error) {
	n, err := loops()
	if err != nil {
		return nil, err
	}
	return reactor.NewEpoll(n, h), nil
}

// loops gives the number of event loops: as many as there are processors that
// this process may use, by its affinity and its cgroup's limit.
func loops() (int, error) {
	text := os.Getenv(EnvLoops)
	if text == "" {
		return runtime.GOMAXPROCS(0), nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxLoops {
		return 0, fmt.Errorf("%s=%s: a number of event loops from 1 to %d is wanted", EnvLoops, text, maxLoops)
	}
	return n, nil
}
