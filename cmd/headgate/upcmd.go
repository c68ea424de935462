package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/headgate/headgate/internal/discover"
	"github.com/headgate/headgate/internal/server"
	"github.com/spf13/cobra"
)

// upFlags are the flags of up.
type upFlags struct {
	listen, docker, network string
	labelled                bool
}

func (p process) upCommand() *cobra.Command {
	var u upFlags
	c := &cobra.Command{
		Use: "up [compose.yaml]", Short: "proxy the containers that run on this machine, without any configuration",
		Long: `Proxy the containers of this machine's Docker daemon: those with labels as these
say, the others that expose a port as NAME.localhost. A table says what goes where,
and is printed again when that changes. With the file of a project of Docker Compose
only its containers are served. Ctrl-C stops.

"headgate check --docker" says what becomes of each label.`,
		Example: "  headgate up\n  headgate up --listen :80 compose.yaml",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			file := ""
			if len(args) == 1 {
				file = args[0]
			}
			return code(p.up(u, file))
		},
	}
	c.Flags().StringVar(&u.listen, "listen", ":8080", "where to listen: `[HOST]:PORT`")
	c.Flags().StringVar(&u.docker, "docker", "", "the `DAEMON`: unix:/path or tcp://host:port (default: DOCKER_HOST, else "+discover.DefaultDocker+")")
	c.Flags().StringVar(&u.network, "network", "", "the `NETWORK` by whose addresses containers are reached")
	c.Flags().BoolVar(&u.labelled, "labelled", false, "only containers with labels")
	return c
}

// up serves what runs on a daemon.
func (p process) up(u upFlags, file string) int {
	var project *composeFile
	if file != "" {
		var err error
		if project, err = readCompose(file, p.getenv); err != nil {
			return p.failed("%v", err)
		}
	}
	text, port, err := u.conf(project, p.getenv)
	if err != nil {
		fmt.Fprintf(p.stderr, "headgate: %v\n", err)
		return exitUsage
	}
	o := spoken("up", text)
	last := ""
	o.OnDiscovered = func(d server.Discovered) { // one call at a time
		var b strings.Builder
		table(&b, &d, project, port)
		if now := b.String(); now != last {
			fmt.Fprint(p.stderr, now)
			last = now
		}
	}
	return p.serve(o, func(st server.Status) {
		for _, a := range st.Addresses {
			fmt.Fprintf(p.stderr, "headgate: listening on %s, following %s (Ctrl-C stops)\n", a.Listen, u.daemon(p.getenv))
		}
	})
}

func (u *upFlags) daemon(getenv func(string) string) string {
	return cmp.Or(u.docker, getenv("DOCKER_HOST"), discover.DefaultDocker)
}

// errListen describes the values that --listen accepts.
var errListen = errors.New("want [HOST]:PORT")

// conf returns the configuration, and the port for URLs.
func (u *upFlags) conf(project *composeFile, getenv func(string) string) (text string, port int, err error) {
	host, number, err := net.SplitHostPort(u.listen)
	if err != nil {
		host, number = "", u.listen
	}
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil || n == 0 || strings.ContainsAny(host, " \t\r\n\"'\\$") {
		return "", 0, fmt.Errorf("--listen %q: %w", u.listen, errListen)
	}
	at := number
	if host != "" {
		at = net.JoinHostPort(host, number)
	}
	words := []string{discover.KindDocker, u.daemon(getenv), "expose=all"}
	if u.labelled {
		words[2] = "expose=explicit"
	}
	if u.network != "" {
		words = append(words, "network="+u.network)
	}
	if project != nil {
		words = append(words, "project="+project.name)
	}
	if _, err := discover.Parse(words, func(s string) string { return s }); err != nil {
		return "", 0, err
	}
	for i, w := range words {
		if strings.ContainsAny(w, " \t\r\n\"'\\$") {
			return "", 0, fmt.Errorf("%q cannot be in a configuration", w)
		}
		words[i] = `"` + w + `"`
	}
	return "Listen " + at + `
ServerName headgate.invalid
LogFormat "%h %l %u %t \"%r\" %>s %b \"%{Host}i\"" up
CustomLog /dev/stdout up
ErrorLog /dev/stderr
HeadgateDiscover ` + strings.Join(words, " ") + "\n", int(n), nil
}

// table writes what goes where.
func table(w io.Writer, d *server.Discovered, project *composeFile, port int) {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "\n  URL\tSERVICE\tCONTAINERS")
	rows := 0
	for i := range d.Sources {
		r := &d.Sources[i]
		if !r.OK && r.Error != "" {
			fmt.Fprintf(t, "  (%s cannot be heard: %s)\n", r.Where, printable(r.Error))
		}
		for _, s := range r.Services() {
			rows++
			name := s.Name[strings.IndexByte(s.Name, '/')+1:]
			members := dash(s.Members)
			if len(s.Refused) > 0 {
				members = "left out: " + printable(strings.Join(s.Refused, "; "))
			}
			for k, url := range urls(s, port) {
				if k > 0 {
					name, members = "", ""
				}
				fmt.Fprintf(t, "  %s\t%s\t%s\n", url, printable(name), members)
			}
		}
	}
	if rows == 0 {
		fmt.Fprintln(t, "  (no container that exposes a port, or has labels, runs)")
	}
	_ = t.Flush()
	for i := range d.Sources {
		r := &d.Sources[i]
		for _, c := range r.Conflicts {
			fmt.Fprintf(w, "  conflict: %s: %s\n", printable(c.Loser), printable(c.What))
		}
		for _, pr := range r.Problems {
			fmt.Fprintf(w, "  not used: %s: %s\n", printable(pr.Subject), printable(pr.Text))
		}
	}
	if project != nil {
		project.missing(w, d)
	}
	fmt.Fprintln(w)
}

// mostURLs is how many URLs of one service the table has.
const mostURLs = 8

// urls are those of a service.
func urls(s discover.Piece, port int) (list []string) {
	at := ""
	if port != 80 {
		at = ":" + strconv.Itoa(port)
	}
	paths := s.Paths
	if len(paths) == 0 {
		paths = []string{"/"}
	}
	for _, h := range s.Hosts {
		for _, path := range paths {
			if len(list) == mostURLs {
				return append(list, "...")
			}
			if h == "*" {
				h = "localhost"
			}
			list = append(list, printable("http://"+h+at+path))
		}
	}
	if len(list) == 0 {
		list = append(list, "(balancer://"+printable(s.Name[strings.IndexByte(s.Name, '/')+1:])+")")
	}
	return list
}
