package status

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/page"
	"github.com/headgate/headgate/internal/scoreboard"
)

//go:embed status.html
var text string

var body = template.Must(template.New("status").Parse(text))

// view is what the page for people is made of: texts, ready to show.
type view struct {
	Tiles    []tile
	Facts    []tile
	Board    template.HTML
	Plain    string // the requests without a table; "" with one
	Running  []shown
	Latest   []shown
	Extended bool
	Causes   []shownCause
	Tunnels  []shownTunnel
	Hidden   int             // tunnels that are not in the list
	Parts    []template.HTML // of other modules
	Sources  []shownSource

	Loops       []shownLoop
	Pools       []shownPool
	HiddenPools int // pools that are not in the list
	Reloads     []shownReload
	Certs       []shownCert
	HiddenCerts int // certificates that are not in the list
}

// tile is a name with its value.
type tile struct{ Name, Value string }

// shown is one request.
type shown struct {
	Slot, Client, Host, Protocol, Line string
	Age, Took, Served, Sent            string
}

// most is how many finished requests the page lists.
const most = 100

// html writes the report for people.
func html(_ context.Context, r report) (string, error) {
	v := view{Tiles: r.tiles(), Facts: r.facts(), Board: r.colored(), Extended: r.extended, Causes: r.causes()}
	if r.extended {
		v.Running, v.Latest = r.requests()
	}
	if r.plain {
		v.Plain = listed(append(slices.Clone(v.Running), v.Latest...))
	}
	if r.extended {
		v.Tunnels, v.Hidden = r.joined()
	}
	v.Loops, v.Reloads = r.loops(), r.reloads()
	v.Pools, v.HiddenPools = r.pools()
	v.Certs, v.HiddenCerts = r.expiry()
	v.Sources = r.sources()
	for _, p := range r.parts {
		text, err := p.HTML()
		if err != nil {
			return "", err
		}
		v.Parts = append(v.Parts, text)
	}
	var b, whole strings.Builder
	if err := body.Execute(&b, v); err != nil {
		return "", err
	}
	p := page.Page{
		Title: "Server status", Head: "Server status for " + r.name, Sub: "via " + r.via + ", " + r.now.Format(clockForm),
		Body: template.HTML(b.String()), //nolint:gosec // made by html/template
		Foot: r.product() + ". For programs: ?auto. To see it again every 5 seconds: ?refresh=5. Without tables: ?notable.",
	}
	err := p.Write(&whole)
	return whole.String(), err
}

// tiles are the figures an operator looks at first.
func (r report) tiles() []tile {
	all, waiting := r.connections()
	out := []tile{
		{"Requests in flight", fmt.Sprint(r.busy)},
		{"Room for more", r.room()},
		{"Connections", fmt.Sprintf("%d (%d idle)", all, waiting)},
	}
	if open, total := r.counted(); total > 0 {
		out = append(out, tile{"Tunnels", fmt.Sprintf("%d (%d in all)", open, total)})
	}
	if r.extended {
		t, up := r.board.Totals(), max(r.uptime().Seconds(), 1)
		out = append(out,
			tile{"Requests", fmt.Sprint(t.Requests)},
			tile{"Requests per second", fmt.Sprintf("%.3g", float64(t.Requests)/up)},
			tile{"Sent", page.Size(t.Bytes)},
			tile{"Mean duration", mean(t)},
		)
	}
	if t, ok := r.busyShare(); ok {
		out = append(out, t)
	}
	return append(out, tile{"Up for", cmp.Or(span(r.uptime()), "0 seconds")})
}

func (r report) room() string {
	if r.limit == 0 {
		return "no limit"
	}
	return fmt.Sprintf("%d of %d", r.idle(), r.limit)
}

func mean(t scoreboard.Totals) string {
	if t.Requests == 0 {
		return "–"
	}
	return (t.Duration / time.Duration(t.Requests)).Round(10 * time.Microsecond).String()
}

// facts are about the server itself.
func (r report) facts() []tile {
	c := used()
	out := []tile{
		{"Server version", r.product()},
		{"Server MPM", "event"},
		{"Server built", r.made},
		{"Started", r.board.Started.Format(clockForm)},
		{"Configuration", fmt.Sprintf("generation %d, in effect since %s", r.snapshot.Generation, r.snapshot.Built.Format(clockForm))},
		{"Processor time", fmt.Sprintf("%.2f s user, %.2f s system", c.user, c.system)},
	}
	if n := r.logs.Lost(); n > 0 {
		out = append(out, tile{"Log lines lost", fmt.Sprint(n)})
	}
	if avg, ok := load(); ok {
		out = append(out, tile{"Load average", strings.Join(avg[:], " ")})
	}
	return out
}

// colored marks the busy part of the scoreboard.
func (r report) colored() template.HTML {
	busy, idle := r.letters()
	return template.HTML("<b>" + busy + "</b>" + idle) //nolint:gosec // nothing of a client is in it
}

// requests returns the requests in flight, the oldest first, and those that ended
// last.
func (r report) requests() (running, latest []shown) {
	rows := r.board.Rows()
	slices.SortFunc(rows, func(a, b scoreboard.Row) int {
		if a.Busy != b.Busy {
			return cmp.Compare(number(b.Busy), number(a.Busy))
		}
		if a.Busy {
			return a.Begun.Compare(b.Begun)
		}
		return b.Ended.Compare(a.Ended)
	})
	for _, w := range rows {
		switch {
		case w.Busy:
			running = append(running, r.show(w))
		case len(latest) < most:
			latest = append(latest, r.show(w))
		}
	}
	return running, latest
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (r report) show(w scoreboard.Row) shown {
	return shown{
		Slot: fmt.Sprintf("%d-%d", w.Loop, w.Number), Client: w.Client, Host: fmt.Sprintf("%s:%d", w.Host, w.Port), Protocol: w.Protocol,
		Line: w.Line, Age: fmt.Sprint(int64(max(r.now.Sub(w.Begun), 0).Seconds())), Took: fmt.Sprint(w.Last.Milliseconds()),
		Served: fmt.Sprint(w.Requests), Sent: page.Size(w.Bytes),
	}
}

// listed writes requests one a line.
func listed(rows []shown) string {
	var b strings.Builder
	for _, w := range rows {
		fmt.Fprintf(&b, "%s %s s, %s ms, %s, %s, %s: %s\n", w.Slot, w.Age, w.Took, w.Sent, w.Client, w.Host, w.Line)
	}
	return b.String()
}
