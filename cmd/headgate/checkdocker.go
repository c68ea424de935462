package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/headgate/headgate/internal/backend"
	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/discover"
	"github.com/headgate/headgate/internal/labels"
	"github.com/headgate/headgate/internal/server"
	"github.com/headgate/headgate/internal/source"
)

// dockerPatience is how long a daemon may take to respond to a command.
const dockerPatience = 10 * time.Second

// dockerCheck is what would become of the labels of a daemon's containers.
type dockerCheck struct {
	Daemon   string              `json:"daemon"`
	Seen     int                 `json:"seen"` // containers
	Labels   []labelCheck        `json:"labels"`
	Services []discover.Piece    `json:"services"`
	Problems []discover.Problem  `json:"problems,omitempty"`
	Losers   []discover.Conflict `json:"conflicts,omitempty"`
	Faults   map[string][]string `json:"faults,omitempty"` // by text, what does not compile

	texts []source.Text
}

// labelCheck is the verdict on one label.
type labelCheck struct {
	Container string `json:"container"`
	Label     string `json:"label"`
	Verdict   string `json:"verdict"`
	Note      string `json:"note,omitempty"`
}

// checkDocker says what would become of every label of the containers of a daemon,
// next to what a configuration has; without one as if it had a Listen and nothing else.
func (p process) checkDocker(f *flags, address string, asJSON, verbose bool) int {
	unsaid := address == discover.DefaultDocker
	if unsaid {
		address = cmp.Or(p.getenv("DOCKER_HOST"), address)
	}
	spec, err := dockerSpec(address)
	if err != nil {
		fmt.Fprintf(p.stderr, "headgate: --docker: %v\n", err)
		return exitUsage
	}
	o := config.Options{File: "/check", ServerRoot: "/", Text: "Listen 80\nServerName headgate.invalid\n", Version: product()}
	if f.file != "" {
		o = f.options()
	}
	l, err := p.load(f, o, backend.Protocols(), true)
	switch {
	case err != nil:
		return p.failed("%v", err)
	case l.Snapshot == nil:
		return p.failed("%s is wrong: see headgate check %s", f.file, f.file)
	}
	defer l.Snapshot.Retire()
	for _, s := range l.Snapshot.Discover {
		if s.Kind == discover.KindDocker && unsaid {
			spec = s // as the file says
			break
		}
	}
	facts := server.Facts(l.Snapshot, l.Claims())
	ctx, stop := context.WithTimeout(context.Background(), dockerPatience)
	defer stop()
	found, r, seen, err := discover.Look(ctx, spec, &facts)
	if err != nil {
		return p.failed("%v", err)
	}
	d := newDockerCheck(spec, &found, &r, seen)
	o.Guests = d.texts
	if d.Faults, err = p.compiles(f, o); err != nil {
		return p.failed("%v", err)
	}
	if asJSON {
		e := json.NewEncoder(p.stdout)
		e.SetIndent("", "  ")
		err = e.Encode(d)
	} else {
		err = d.print(p.stdout, verbose)
	}
	if err != nil || len(d.Faults) > 0 {
		return exitFailed
	}
	return exitOK
}

// dockerSpec is the directive for an address.
func dockerSpec(address string) (discover.Spec, error) {
	words := []string{discover.KindDocker}
	if address != "" {
		words = append(words, address)
	}
	return discover.Parse(words, func(s string) string { return s })
}

func newDockerCheck(spec discover.Spec, found *labels.Result, r *discover.Result, seen int) *dockerCheck {
	d := &dockerCheck{Daemon: spec.Address, Seen: seen, Labels: []labelCheck{}, Services: []discover.Piece{}, Problems: r.Problems, Losers: r.Conflicts}
	for _, l := range found.Labels {
		d.Labels = append(d.Labels, labelCheck{l.Container, l.Name, l.Verdict.String(), l.Note})
	}
	for _, p := range r.Pieces {
		if p.Config != "" {
			d.texts = append(d.texts, source.Text{Name: p.Name, Text: p.Config})
		}
		if p.Service {
			d.Services = append(d.Services, p)
		}
	}
	return d
}

// compiles returns what of the guests does not compile.
func (p process) compiles(f *flags, o config.Options) (map[string][]string, error) {
	l, err := p.load(f, o, backend.Protocols(), true)
	if err != nil {
		return nil, err
	}
	if l.Snapshot != nil {
		l.Snapshot.Retire()
	}
	guests, others := l.Blame()
	if len(others) > 0 {
		guests["configuration"] = others
	}
	return guests, nil
}

// print writes it for people.
func (d *dockerCheck) print(w io.Writer, verbose bool) error {
	fmt.Fprintf(w, "%s: %s\n", d.Daemon, plural(d.Seen, "container"))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if len(d.Services) > 0 {
		fmt.Fprintln(t, "\nSERVICE\tHOSTS\tPATHS\tMEMBERS")
		for _, s := range d.Services {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", s.Name[strings.IndexByte(s.Name, '/')+1:], dash(s.Hosts), dash(s.Paths), dash(s.Members))
		}
	}
	if len(d.Labels) > 0 {
		fmt.Fprintln(t, "\nCONTAINER\tLABEL\tVERDICT\tNOTE")
		for _, l := range d.Labels {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", printable(l.Container), printable(l.Label), l.Verdict, printable(l.Note))
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, c := range d.Losers {
		fmt.Fprintf(w, "\nconflict: %s: %s", printable(c.Loser), printable(c.What))
	}
	for _, p := range d.Problems {
		fmt.Fprintf(w, "\nnot used: %s: %s", printable(p.Subject), printable(p.Text))
	}
	for name, why := range d.Faults {
		fmt.Fprintf(w, "\ndoes not compile: %s: %s", name, printable(strings.Join(why, "; ")))
	}
	if len(d.Losers)+len(d.Problems)+len(d.Faults) > 0 {
		fmt.Fprintln(w)
	}
	if verbose {
		for _, t := range d.texts {
			fmt.Fprintf(w, "\n# %s\n%s", t.Name, t.Text)
		}
	}
	return nil
}

// dash joins words, "-" for none.
func dash(words []string) string {
	if len(words) == 0 {
		return "-"
	}
	return printable(strings.Join(words, ", "))
}
