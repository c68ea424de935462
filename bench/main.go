//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/headgate/headgate/bench/load"
	"github.com/headgate/headgate/bench/proc"
)

// options are the options of the command line.
type options struct {
	rounds   int
	time     time.Duration // of one measurement
	tests    string
	peers    string
	engine   string
	headgate string
	out      string
	quick    bool
	conns    int
	idle     int
}

func parse(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.IntVar(&o.rounds, "rounds", 5, "rounds of every test; the peers take turns in each")
	f.DurationVar(&o.time, "time", 3*time.Second, "length of one measurement, in whole seconds")
	f.StringVar(&o.tests, "tests", "", "names of tests, separated by commas; \"help\" lists them")
	f.StringVar(&o.peers, "peers", "", "names of peers, separated by commas")
	f.StringVar(&o.engine, "engine", os.Getenv("HEADGATE_ENGINE"), "the engine of Headgate")
	f.StringVar(&o.headgate, "headgate", os.Getenv("HEADGATE_BIN"), "the program to measure; built from this tree if empty")
	f.StringVar(&o.out, "out", "", "folder for the results; bench/results, or its tmp/ for an incomplete run")
	f.BoolVar(&o.quick, "quick", false, "a rough look: one or two rounds of one second, fewer peers in some tests")
	f.IntVar(&o.conns, "connections", 64, "client connections of the tests without a number of their kind")
	f.IntVar(&o.idle, "idle", 10000, "idle connections of the memory test")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("parse the arguments: unexpected %q", f.Arg(0))
	}
	if o.quick {
		o.rounds, o.time = 2, time.Second
	}
	o.time = max(o.time.Truncate(time.Second), time.Second)
	o.rounds = max(o.rounds, 1)
	return o, nil
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "role" {
		if err := play(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	raiseLimit()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	o, err := parse(os.Args[1:])
	if err == nil {
		err = run(ctx, o)
	}
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "bench: interrupted")
		os.Exit(130)
	default:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// play plays a role: this program starts itself for everything that must not run in the measuring process.
func play(args []string) error {
	if len(args) == 2 && args[0] == roleGuard {
		return proc.Guard(os.Stdin, args[1])
	}
	return load.Play(args)
}

// roleGuard is the role that ends the remaining processes if the benchmark is killed.
const roleGuard = "guard"

// raiseLimit raises the limit of descriptors of this process and those it starts to the maximum.
func raiseLimit() {
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) == nil {
		l.Cur = l.Max
		_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l) // the present limit must do
	}
}

// run runs the tests that o names, one after the other.
func run(ctx context.Context, o options) error {
	chosen, err := choose(o.tests)
	if err != nil {
		return err
	}
	// A run that takes longer hangs.
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute+time.Duration(o.rounds)*o.time*time.Duration(40*len(chosen)))
	defer cancel()
	h, err := newHarness(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	report := &Report{Facts: h.facts(ctx)}
	fmt.Print(report.head())
	began := time.Now()
	for _, t := range chosen {
		r, err := t.run(ctx, h, t)
		if err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		report.Results = append(report.Results, r)
		fmt.Print(r.text())
	}
	report.Facts.Minutes = time.Since(began).Minutes()
	name, err := report.write(h.resultDir(len(chosen) == len(tests())))
	if err != nil {
		return err
	}
	if rel, err := filepath.Rel(h.root, name); err == nil {
		name = rel
	}
	fmt.Printf("\nwritten: %s.md and .json (%.1f minutes)\n", name, report.Facts.Minutes)
	return nil
}

// choose returns the tests that a list names; all for an empty list.
func choose(list string) ([]test, error) {
	all := tests()
	if list == "" {
		return all, nil
	}
	var chosen []test
	for name := range strings.SplitSeq(list, ",") {
		found := false
		for _, t := range all {
			if t.name == name {
				chosen, found = append(chosen, t), true
			}
		}
		if !found {
			var known strings.Builder
			for _, t := range all {
				fmt.Fprintf(&known, "\n  %-10s %s", t.name, t.title)
			}
			return nil, fmt.Errorf("no test %q; there are:%s", name, known.String())
		}
	}
	return chosen, nil
}
