package status

import (
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/snapshot"
	"github.com/headgate/headgate/internal/source"
)

// report is what the page shows, at one moment.
type report struct {
	*handler
	name, via   string // the server by its name, and the address that was asked
	now         time.Time
	snapshot    *snapshot.Snapshot // that is in effect
	busy, limit int                // requests in flight, and how many may be; 0: no limit
	plain       bool
	parts       []module.StatusPart
}

// forms are the two forms of a report: for people, and (true) for programs.
var forms = map[bool]func(context.Context, report) (string, error){false: html, true: auto}

// idle is how many more requests there may be.
func (r report) idle() int { return max(snapshot.Capacity(r.limit)-r.busy, 0) }

// uptime is how long the server runs.
func (r report) uptime() time.Duration {
	return max(r.now.Sub(r.board.Started), 0).Truncate(time.Second)
}

// connections returns how many clients are connected, and how many of them wait
// for their next request.
func (r report) connections() (all, waiting int) {
	if r.board.Open == nil {
		return r.busy, 0
	}
	all = max(r.board.Open(), r.busy)
	return all, all - r.busy
}

// letters are httpd's scoreboard: W for each request in flight, _ for each that
// may come. Without a limit it would say nothing, and ends after httpd's default
// of 400.
func (r report) letters() (busy, idle string) {
	n := r.idle()
	if r.limit == 0 {
		n = max(min(n, 400-r.busy), 0)
	}
	return strings.Repeat("W", r.busy), strings.Repeat("_", n)
}

// clockForm is how httpd writes times here.
const clockForm = "Monday, 02-Jan-2006 15:04:05 MST"

// cpu is processor time in seconds.
type cpu struct{ user, system, childUser, childSystem float64 }

func used() (c cpu) {
	var self, children syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &self)
	_ = syscall.Getrusage(syscall.RUSAGE_CHILDREN, &children)
	return cpu{seconds(self.Utime), seconds(self.Stime), seconds(children.Utime), seconds(children.Stime)}
}

func (c cpu) sum() float64 { return c.user + c.system + c.childUser + c.childSystem }

// seconds rounds to hundredths, as a clock of ticks would.
func seconds(t syscall.Timeval) float64 {
	return time.Duration(t.Nano()).Round(10 * time.Millisecond).Seconds()
}

// load returns the load averages over 1, 5 and 15 minutes as the system writes
// them; ok is false where it has none.
func load() (avg [3]string, ok bool) {
	text, err := os.ReadFile("/proc/loadavg")
	f := strings.Fields(string(text))
	if err != nil || len(f) < 3 {
		return avg, false
	}
	copy(avg[:], f)
	return avg, true
}

// auto writes the report for programs: httpd's keys in httpd's order, so that
// its exporters work (httpd: status_handler with ?auto).
func auto(_ context.Context, r report) (string, error) {
	var b strings.Builder
	line := func(form string, v ...any) { fmt.Fprintf(&b, form+"\n", v...) }
	line("%s", r.name)
	line("ServerVersion: %s", r.product())
	line("ServerMPM: event")
	line("Server Built: %s", r.made)
	line("CurrentTime: %s", r.now.Format(clockForm))
	line("RestartTime: %s", r.snapshot.Built.Format(clockForm))
	line("ParentServerConfigGeneration: %d", r.snapshot.Generation)
	line("ParentServerMPMGeneration: %d", r.snapshot.Generation-1)
	line("ServerUptimeSeconds: %d", int64(r.uptime().Seconds()))
	line("%s", strings.TrimSuffix("ServerUptime: "+span(r.uptime()), " "))
	if avg, ok := load(); ok {
		line("Load1: %s", avg[0])
		line("Load5: %s", avg[1])
		line("Load15: %s", avg[2])
	}
	if r.extended {
		r.sums(line)
	}
	all, waiting := r.connections()
	line("BusyWorkers: %d", r.busy)
	line("GracefulWorkers: 0")
	line("IdleWorkers: %d", r.idle())
	line("Processes: 1")
	line("Stopping: 0")
	line("ConnsTotal: %d", all)
	line("ConnsAsyncWaitIO: 0")
	line("ConnsAsyncWriting: 0")
	line("ConnsAsyncKeepAlive: %d", waiting)
	line("ConnsAsyncClosing: 0")
	busy, idle := r.letters()
	line("Scoreboard: %s%s", busy, idle)
	r.autoTunnels(line)
	r.autoCauses(line)
	for _, p := range r.parts {
		p.Auto(line)
	}
	r.autoServer(line)
	return b.String(), nil
}

// sums writes what is counted only with ExtendedStatus.
func (r report) sums(line func(string, ...any)) {
	t, c, up := r.board.Totals(), used(), r.uptime().Seconds()
	line("Total Accesses: %d", t.Requests)
	line("Total kBytes: %d", t.Bytes>>10)
	line("Total Duration: %d", t.Duration.Milliseconds())
	line("CPUUser: %g", c.user)
	line("CPUSystem: %g", c.system)
	line("CPUChildrenUser: %g", c.childUser)
	line("CPUChildrenSystem: %g", c.childSystem)
	if up > 0 && c.sum() > 0 {
		line("CPULoad: %.6g", c.sum()/up*100)
	}
	line("Uptime: %d", int64(up))
	if up > 0 {
		line("ReqPerSec: %.6g", float64(t.Requests)/up)
		line("BytesPerSec: %.6g", float64(t.Bytes)/up)
	}
	if t.Requests > 0 {
		line("BytesPerReq: %.6g", float64(t.Bytes)/float64(t.Requests))
		line("DurationPerReq: %.6g", float64(t.Duration.Milliseconds())/float64(t.Requests))
	}
}

// product names the server as httpd's page does.
func (h *handler) product() string { return "Apache/" + source.DefaultVersion + " (" + h.version + ")" }

// span words a duration as httpd does: "1 day 2 hours 1 second".
func span(d time.Duration) string {
	left := int64(d / time.Second)
	var parts []string
	for _, u := range []struct {
		name    string
		seconds int64
	}{{"day", 86400}, {"hour", 3600}, {"minute", 60}, {"second", 1}} {
		n := left / u.seconds
		left %= u.seconds
		switch {
		case n == 1:
			parts = append(parts, "1 "+u.name)
		case n > 1:
			parts = append(parts, fmt.Sprintf("%d %ss", n, u.name))
		}
	}
	return strings.Join(parts, " ")
}
