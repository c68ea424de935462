package status

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/headgate/headgate/internal/page"
	"github.com/headgate/headgate/internal/tunnel"
)

// shownTunnel is one tunnel, ready to show.
type shownTunnel struct{ Client, Backend, Age, Idle, In, Out string }

// counted returns how many tunnels are open, and how many there were in all.
func (r report) counted() (open int, total int64) {
	if r.tunnels == nil {
		return 0, 0
	}
	return r.tunnels.Counts()
}

// joined returns the open tunnels, the oldest first, and how many more there are
// than the page lists.
func (r report) joined() (list []shownTunnel, hidden int) {
	if r.tunnels == nil {
		return nil, 0
	}
	all := r.tunnels.List()
	slices.SortFunc(all, func(a, b tunnel.Info) int {
		return cmp.Or(a.Began.Compare(b.Began), a.Client.Compare(b.Client))
	})
	for _, t := range all[:min(len(all), most)] {
		backend := t.Way.Name
		if t.Way.Addr != "" {
			backend += " at " + t.Way.Addr
		}
		list = append(list, shownTunnel{
			Client: t.Client.String(), Backend: backend,
			Age: fmt.Sprint(int64(max(r.now.Sub(t.Began), 0).Seconds())), Idle: fmt.Sprint(int64(max(r.now.Sub(t.Moved), 0).Seconds())),
			In: page.Size(t.FromClient), Out: page.Size(t.FromBackend),
		})
	}
	return list, len(all) - len(list)
}

// autoTunnels writes the tunnels for programs, once there was one. httpd has no
// such lines.
func (r report) autoTunnels(line func(string, ...any)) {
	open, total := r.counted()
	if total == 0 {
		return
	}
	line("Tunnels: %d", open)
	line("Total Tunnels: %d", total)
	if !r.extended {
		return
	}
	var in, out int64
	for _, t := range r.tunnels.List() {
		in, out = in+t.FromClient, out+t.FromBackend
	}
	line("Tunnel Bytes In: %d", in)
	line("Tunnel Bytes Out: %d", out)
}
