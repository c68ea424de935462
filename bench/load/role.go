//go:build linux

package load

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
)

// The roles that a process of the benchmark can be started with. Their commands are lines of JSON.
const (
	RoleBackend  = "backend"  // argument: loops. Writes its address, ends with its standard input
	RoleBackends = "backends" // the same, at all addresses
	RoleOpen     = "open"     // writes its backend's address; then a line of Latencies for every OpenJob it reads
	RoleBodies   = "bodies"   // argument: a BodiesJob. Writes a line of Moved
	RoleShakes   = "shakes"   // argument: a ShakesJob. Writes a line of Moved
	RoleIdle     = "idle"     // argument: an IdleJob. Writes a line when all are open, then how many are, for every line it reads
)

// OpenJob is the command for one run of Open against proxies.
type OpenJob struct {
	Addrs []string
	Fixed Fixed
}

// BodiesJob is the command for one run of Bodies.
type BodiesJob struct {
	Addr   string
	Bodies Bodies
}

// ShakesJob is the command for one run of Shakes.
type ShakesJob struct {
	Addr   string
	Shakes Shakes
}

// IdleJob is the command to open idle connections.
type IdleJob struct {
	Addr, Host, Path string
	Many             int
	TLS              bool
}

// Play plays the role that args name, with commands on standard input and results on standard output.
func Play(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("play a role: none given")
	}
	arg := ""
	if len(args) > 1 {
		arg = args[1]
	}
	switch args[0] {
	case RoleBackend:
		return playBackend(arg, false)
	case RoleBackends:
		return playBackend(arg, true)
	case RoleOpen:
		return playOpen()
	case RoleBodies:
		return playBodies(arg)
	case RoleShakes:
		return playShakes(arg)
	case RoleIdle:
		return playIdle(arg)
	}
	return fmt.Errorf("play a role: unknown %q", args[0])
}

func playBackend(arg string, everywhere bool) error {
	loops, err := strconv.Atoi(arg)
	if err != nil {
		return fmt.Errorf("play the backend: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	return Backend(ctx, loops, everywhere, os.Stdout)
}

// playOpen keeps the runtime from disturbing: one thread, no garbage collection except between runs.
func playOpen() error {
	runtime.LockOSThread()
	debug.SetGCPercent(-1)
	o, err := NewOpen()
	if err != nil {
		return err
	}
	fmt.Println(o.Addr())
	jobs := make(chan OpenJob)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer cancel()
		for in := json.NewDecoder(os.Stdin); ; {
			var job OpenJob
			if in.Decode(&job) != nil {
				return
			}
			jobs <- job
		}
	}()
	for ctx.Err() == nil {
		select {
		case job := <-jobs:
			l, err := o.Run(ctx, job.Addrs, job.Fixed)
			if err != nil {
				return err
			}
			if err := json.NewEncoder(os.Stdout).Encode(l); err != nil {
				return err
			}
			runtime.GC()
		default:
			if err := o.loop.turn(5); err != nil {
				return err
			}
		}
	}
	return nil
}

func playBodies(arg string) error {
	var job BodiesJob
	if err := json.Unmarshal([]byte(arg), &job); err != nil {
		return fmt.Errorf("play clients with bodies: %w", err)
	}
	m, err := job.Bodies.Run(context.Background(), job.Addr)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(m)
}

func playShakes(arg string) error {
	var job ShakesJob
	if err := json.Unmarshal([]byte(arg), &job); err != nil {
		return fmt.Errorf("play clients with handshakes: %w", err)
	}
	m, err := job.Shakes.Run(context.Background(), job.Addr)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(m)
}

func playIdle(arg string) error {
	var job IdleJob
	if err := json.Unmarshal([]byte(arg), &job); err != nil {
		return fmt.Errorf("play idle clients: %w", err)
	}
	i := Idle{TLS: job.TLS}
	if err := i.Open(job.Addr, job.Host, job.Path, job.Many); err != nil {
		return err
	}
	fmt.Println("open")
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		fmt.Println(i.Alive())
	}
	return nil
}
