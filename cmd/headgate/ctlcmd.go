package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/proxy/manage"
	"github.com/headgate/headgate/internal/server"
	"github.com/spf13/cobra"
)

const ctlLong = `See and change the members of balancers of the running server, on its control
socket: its owner and root may open that. Changes are logged,
kept in a history, and live as long as the server: they survive a reload, and with
BalancerPersist On a restart too.

MEMBER is a member's URL, its host and port, or a part of it that no other has. A
balancer has to be named, by -b, only where several could be meant: NAME, or
SERVER/NAME for a virtual host's, or * for all.

The exit code is 0 when it is done, 1 when not, 2 after a wrong use, 3 when no server
runs, 4 when waiting was over before the last request.`

const ctlExamples = `  headgate ctl members
  headgate ctl drain app1:8080 --wait 30s && restart app1 && headgate ctl enable app1:8080
  headgate ctl weight -b shop app2 2.5
  headgate ctl undo`

// exitBusy is the exit code of ctl for members that still have requests.
const exitBusy = 4

// ctl is what the commands of ctl have in common.
type ctl struct {
	p        process
	f        flags
	balancer string
	json     bool
}

func (p process) ctlCommand() *cobra.Command {
	k := &ctl{p: p}
	c := &cobra.Command{
		Use: "ctl", Short: "see and change the members of balancers of the running server", Long: ctlLong, Example: ctlExamples,
		Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	all := c.PersistentFlags()
	all.StringVarP(&k.f.file, "file", "f", "", "the configuration `FILE` of the server; without it the usual places are looked at")
	all.StringArrayVarP(&k.f.defines, "define", "D", nil, "define `NAME` for <IfDefine>; may be repeated")
	all.StringVarP(&k.f.root, "root", "d", "", "initial ServerRoot `DIR`")
	all.StringVarP(&k.balancer, "balancer", "b", "", "the balancer: `NAME`, SERVER/NAME, or * for all")
	all.BoolVar(&k.json, "json", false, "print JSON")
	c.AddCommand(k.members(), k.drain(), k.flagged("enable", "give members requests again, also those in error", "-N-D-S-E"),
		k.flagged("disable", "give members no requests", "+D"), k.weight(), k.set(), k.add(), k.remove(), k.waitDrained(),
		k.undo(), k.history(), k.lines())
	return c
}

// command is a command of ctl that asks the running server.
func (k *ctl) command(use, short string, args cobra.PositionalArgs, do func(i instance, args []string) int) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: args, RunE: func(_ *cobra.Command, args []string) error {
		if k.f.file == "" && !k.p.findFile(&k.f) {
			return status(exitUsage)
		}
		i, err := k.p.find(&k.f)
		if err != nil {
			return code(k.p.failed("%v", err))
		}
		defer i.release()
		if i.process == nil {
			fmt.Fprintln(k.p.stderr, i.why)
			return code(exitNotRunning)
		}
		return code(do(i, args))
	}}
}

func (k *ctl) members() *cobra.Command {
	return k.command("members [MEMBER]", "list members, their state and their requests", cobra.MaximumNArgs(1), func(i instance, args []string) int {
		sel := manage.Selector{Balancer: k.balancer}
		if len(args) == 1 {
			sel.Member = args[0]
		}
		var list []manage.BalancerJSON
		return k.ask(i, server.AskBalancers, sel, &list, func() { printMembers(k.p.stdout, list) })
	})
}

func (k *ctl) flagged(name, short, flags string) *cobra.Command {
	return k.command(name+" MEMBER...", short, cobra.MinimumNArgs(1), func(i instance, args []string) int {
		return k.each(args, func(member string) int { return k.change(i, member, map[string]string{"status": flags}) })
	})
}

func (k *ctl) drain() *cobra.Command {
	var wait time.Duration
	c := k.command("drain MEMBER...", "give members no new sessions; requests and sessions that they have go on", cobra.MinimumNArgs(1), func(i instance, args []string) int {
		n := k.each(args, func(member string) int { return k.change(i, member, map[string]string{"status": "+N"}) })
		if n != exitOK || wait == 0 {
			return n
		}
		return k.each(args, func(member string) int { return k.wait(i, member, wait) })
	})
	c.Flags().DurationVar(&wait, "wait", 0, "wait at most `TIME` (30s) until the last request has ended")
	return c
}

func (k *ctl) waitDrained() *cobra.Command {
	var limit time.Duration
	c := k.command("wait-drained MEMBER...", "wait until members that drain have no request", cobra.MinimumNArgs(1), func(i instance, args []string) int {
		return k.each(args, func(member string) int { return k.wait(i, member, limit) })
	})
	c.Flags().DurationVar(&limit, "timeout", time.Minute, "wait at most `TIME`")
	return c
}

func (k *ctl) weight() *cobra.Command {
	return k.command("weight MEMBER FACTOR", "change the loadfactor of a member, 1 to 100", cobra.ExactArgs(2), func(i instance, args []string) int {
		return k.change(i, args[0], map[string]string{"loadfactor": args[1]})
	})
}

func (k *ctl) set() *cobra.Command {
	return k.command("set [MEMBER] NAME=VALUE...", "change settings of a member, or of the balancer", cobra.MinimumNArgs(1), func(i instance, args []string) int {
		member := ""
		if isURL := strings.Contains(args[0], "://"); isURL || !strings.Contains(args[0], "=") {
			member, args = args[0], args[1:]
		}
		values, err := pairs(args)
		if err != nil || len(values) == 0 {
			fmt.Fprintln(k.p.stderr, "headgate: ctl set wants NAME=VALUE, such as lbset=1 or lbmethod=bytraffic")
			return exitUsage
		}
		return k.change(i, member, values)
	})
}

func (k *ctl) add() *cobra.Command {
	return k.command("add URL [NAME=VALUE...]", "add a member, with the parameters of BalancerMember", cobra.MinimumNArgs(1), func(i instance, args []string) int {
		values, err := pairs(args[1:])
		if err != nil {
			fmt.Fprintf(k.p.stderr, "headgate: %v\n", err)
			return exitUsage
		}
		return k.send(i, server.ChangeArgs{Selector: manage.Selector{Balancer: k.balancer}, Op: manage.Add, Add: args[0], Settings: values})
	})
}

func (k *ctl) remove() *cobra.Command {
	var drain time.Duration
	c := k.command("remove MEMBER", "remove a member; requests that it has go on to their end", cobra.ExactArgs(1), func(i instance, args []string) int {
		if drain > 0 {
			n := k.change(i, args[0], map[string]string{"status": "+N"})
			if n == exitOK {
				n = k.wait(i, args[0], drain)
			}
			if n != exitOK {
				return n
			}
		}
		return k.send(i, server.ChangeArgs{Selector: manage.Selector{Balancer: k.balancer, Member: args[0]}, Op: manage.Remove})
	})
	c.Flags().DurationVar(&drain, "drain", 0, "drain it first, for `TIME` at most; it stays if it still has requests then")
	return c
}

func (k *ctl) undo() *cobra.Command {
	return k.command("undo [NUMBER]", "take a change back: the latest one that still holds, or the one of a number", cobra.MaximumNArgs(1), func(i instance, args []string) int {
		a := server.UndoArgs{User: userName(k.p.getenv)}
		if len(args) == 1 {
			if _, err := fmt.Sscan(args[0], &a.ID); err != nil || a.ID < 1 {
				fmt.Fprintln(k.p.stderr, "headgate: ctl undo wants the number of a change, as ctl history lists them")
				return exitUsage
			}
		}
		var e manage.EntryJSON
		return k.ask(i, server.AskUndo, a, &e, func() { fmt.Fprintln(k.p.stdout, e.Text) })
	})
}

func (k *ctl) history() *cobra.Command {
	var most int
	c := k.command("history [MEMBER]", "list what was changed, the latest first", cobra.MaximumNArgs(1), func(i instance, args []string) int {
		a := server.HistoryArgs{Selector: manage.Selector{Balancer: k.balancer}, Most: most}
		if len(args) == 1 {
			a.Member = args[0]
		}
		var list []manage.EntryJSON
		return k.ask(i, server.AskHistory, a, &list, func() { printHistory(k.p.stdout, list) })
	})
	c.Flags().IntVarP(&most, "number", "n", 20, "at most `N`")
	return c
}

func (k *ctl) lines() *cobra.Command {
	return k.command("lines", "print the directives that would make the changes permanent", cobra.NoArgs, func(i instance, _ []string) int {
		var list []string
		return k.ask(i, server.AskLines, manage.Selector{Balancer: k.balancer}, &list, func() {
			for _, l := range list {
				fmt.Fprintln(k.p.stdout, l)
			}
		})
	})
}
