package main

import (
	"context"
	"fmt"
	"io"
	"os/user"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/headgate/headgate/internal/proxy/manage"
	"github.com/headgate/headgate/internal/server"
)

// ask sends a request and prints the result: as JSON, or by show.
func (k *ctl) ask(i instance, do string, args, result any, show func()) int {
	return k.p.ask(i, do, args, result, k.json, func() error { show(); return nil })
}

// each runs do for each member, and returns the first exit code that is not 0.
func (k *ctl) each(members []string, do func(member string) int) int {
	for _, m := range members {
		if n := do(m); n != exitOK {
			return n
		}
	}
	return exitOK
}

// change sets values of a member, or of the balancer for "".
func (k *ctl) change(i instance, member string, values map[string]string) int {
	return k.send(i, server.ChangeArgs{Selector: manage.Selector{Balancer: k.balancer, Member: member}, Op: manage.Set, Settings: values})
}

func (k *ctl) send(i instance, a server.ChangeArgs) int {
	a.User = userName(k.p.getenv)
	var list []manage.EntryJSON
	return k.ask(i, server.AskChange, a, &list, func() {
		for _, e := range list {
			if e.ID == 0 {
				fmt.Fprintf(k.p.stdout, "%s: it is so already\n", strings.TrimSpace(e.Balancer+" "+e.Member))
				continue
			}
			fmt.Fprintln(k.p.stdout, e.Text)
		}
	})
}

// wait waits until a member is drained.
func (k *ctl) wait(i instance, member string, limit time.Duration) int {
	until := time.Now().Add(limit)
	for {
		a := server.DrainedArgs{Selector: manage.Selector{Balancer: k.balancer, Member: member}, Wait: max(time.Until(until), 0)}
		ctx, stop := context.WithTimeout(context.Background(), ctlPatience)
		var d server.Drained
		err := i.ask(ctx, server.AskDrained, a, &d)
		stop()
		switch {
		case err != nil:
			return k.p.failed("%v", err)
		case d.Drained:
			if !k.json {
				fmt.Fprintf(k.p.stdout, "%s is drained\n", member)
			}
			return exitOK
		case !time.Now().Before(until):
			fmt.Fprintf(k.p.stderr, "headgate: %s still has %s after %v\n", member, plural(int(d.Busy), "request"), limit)
			return exitBusy
		}
	}
}

// pairs reads NAME=VALUE words.
func pairs(words []string) (map[string]string, error) {
	out := make(map[string]string, len(words))
	for _, w := range words {
		name, value, ok := strings.Cut(w, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("%q: want NAME=VALUE", w)
		}
		out[name] = value
	}
	return out, nil
}

// userName is who runs this, for the server's log; behind sudo, who called it.
func userName(getenv func(string) string) string {
	name := ""
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if by := getenv("SUDO_USER"); by != "" && by != name {
		name += " for " + by
	}
	return name
}

func printMembers(w io.Writer, list []manage.BalancerJSON) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "BALANCER\tMEMBER\tSTATE\tWEIGHT\tSET\tROUTE\tIN FLIGHT\tREQUESTS\tFAULTS\tWHY")
	for i := range list {
		b := &list[i]
		name := manage.Target{Server: b.Server, Balancer: b.Name}.String()
		for _, m := range b.Members {
			route := m.Route
			if route == "" {
				route = "-"
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%s\t%d\t%d\t%d\t%s\n", name, m.URL, m.State,
				strconv.FormatFloat(m.LoadFactor, 'f', -1, 64), m.Set, route, m.Busy, m.Elected, m.Faults, m.Why)
		}
	}
	_ = t.Flush()
}

func printHistory(w io.Writer, list []manage.EntryJSON) {
	for _, e := range list {
		back := ""
		if e.UndoneBy != 0 {
			back = fmt.Sprintf(" (taken back by %d)", e.UndoneBy)
		}
		fmt.Fprintf(w, "%s  %s%s\n", when(e.At), e.Text, back)
	}
}
