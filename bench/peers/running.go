//go:build linux

package peers

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/headgate/headgate/bench/conf"
	"github.com/headgate/headgate/bench/load"
	"github.com/headgate/headgate/bench/proc"
	"github.com/headgate/headgate/internal/testkit/ports"
)

// Running is a running server.
type Running struct {
	*proc.Process
	Addr string // where it listens
	Dir  string // where it writes

	scheme string
}

// Start configures and starts the peer in a new folder below dir, waits until it accepts, and checks that it does its work.
// site is its configuration; addresses and folders are filled in here.
func (p *Peer) Start(ctx context.Context, g *proc.Group, dir string, cpus []int, site conf.Site) (*Running, error) {
	site = p.fit(site)
	var err error
	if site.Dir, err = os.MkdirTemp(dir, p.Name+"-"); err != nil {
		return nil, fmt.Errorf("start %s: %w", p.Name, err)
	}
	if err := os.Chmod(site.Dir, 0o777); err != nil { // some servers give up root
		return nil, fmt.Errorf("start %s: %w", p.Name, err)
	}
	// Below the ports that the kernel uses for outgoing connections, of which there will be many.
	port, err := ports.Reserve()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", p.Name, err)
	}
	defer port.Release() // by then the server listens on it
	site.Port = port.Number
	if err := site.TLS.Write(site.Dir); err != nil {
		return nil, fmt.Errorf("start %s: %w", p.Name, err)
	}
	file, err := p.configure(site)
	if err != nil {
		return nil, err
	}
	out, err := os.Create(filepath.Join(site.Dir, p.outName()))
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", p.Name, err)
	}
	defer out.Close()
	complaints, err := os.Create(filepath.Join(site.Dir, "stderr.log"))
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", p.Name, err)
	}
	defer complaints.Close()
	process, err := g.Start(proc.Command{
		Args: append([]string{p.Program}, p.args(site.Dir, file)...),
		Env:  p.environment(site),
		CPUs: cpus, Out: out, Err: complaints,
	})
	if err != nil {
		return nil, err
	}
	r := &Running{Process: process, Addr: fmt.Sprintf("127.0.0.1:%d", site.Port), Dir: site.Dir, scheme: site.TLS.Scheme()}
	err = r.wait(ctx)
	if err == nil {
		err = r.check(ctx, site.Servers[0], !site.FCGI && site.Files == "")
	}
	if err != nil {
		r.Stop()
		return nil, fmt.Errorf("start %s: %w%s", p.Name, err, r.complaints())
	}
	return r, nil
}

func (p *Peer) outName() string {
	if p.toStdout {
		return "access.log"
	}
	return "stdout.log"
}

// wait waits until the server accepts.
func (r *Running) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait until it accepts: %w", ctx.Err())
		case <-tick.C:
			if r.Exited() {
				return errors.New("it ended at once")
			}
			if c, err := net.Dial("tcp", r.Addr); err == nil {
				return c.Close()
			}
		}
	}
}

// forwarded are the fields that every peer has to add for the backend.
var forwarded = map[string]string{
	"x-forwarded-for": "127.0.0.1", "x-forwarded-host": "", "x-forwarded-server": "", "host": "", "user-agent": "check",
}

// check sends a request and checks that the peer does the work that is measured. echoes: the backend can show what it was sent.
func (r *Running) check(ctx context.Context, s conf.Server, echoes bool) error {
	path := s.Paths[len(s.Paths)-1]
	body, err := r.Get(ctx, s.Name, path+"small")
	if err != nil {
		return err
	}
	if len(body) != load.Small || !strings.HasPrefix(body, "0123456789abcdef") {
		return fmt.Errorf("the response has %d bytes, not the %d of the backend", len(body), load.Small)
	}
	if !echoes {
		return nil
	}
	head, err := r.Get(ctx, s.Name, path+"echo")
	if err != nil {
		return err
	}
	seen := map[string]string{}
	for line := range strings.Lines(head) {
		if k, v, ok := strings.Cut(line, ":"); ok {
			seen[strings.ToLower(k)] = strings.TrimSpace(v)
		}
	}
	for name, want := range forwarded {
		if want == "" && name != "x-forwarded-server" {
			want = s.Name
		}
		if got := seen[name]; got == "" || want != "" && got != want {
			return fmt.Errorf("the backend sees %s as %q, not %q", name, got, want)
		}
	}
	if !strings.Contains(head, " HTTP/1.1\r\n") || strings.EqualFold(seen["connection"], "close") {
		return errors.New("no kept connection to the backend")
	}
	return nil
}

// client trusts whatever certificate a peer has: it was made for it.
var client = &http.Client{Transport: &http.Transport{
	TLSClientConfig: &tls.Config{InsecureSkipVerify: true, ServerName: "bench.test"}, //nolint:gosec // see above
}}

// Get makes one request on a new connection and returns the body of its response, which must be 200.
func (r *Running) Get(ctx context.Context, host, path string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.scheme+"://"+r.Addr+path, nil)
	if err != nil {
		return "", err
	}
	req.Host, req.Close = host, true
	req.Header.Set("User-Agent", "check")
	res, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: status %d", path, res.StatusCode)
	}
	return string(body), err
}

// Logged counts the lines of the access log.
func (r *Running) Logged() (int64, error) {
	f, err := os.Open(filepath.Join(r.Dir, "access.log"))
	if err != nil {
		return 0, fmt.Errorf("count the log's lines: %w", err)
	}
	defer f.Close()
	var lines int64
	buf := make([]byte, 1<<20)
	for {
		n, err := f.Read(buf)
		lines += int64(bytes.Count(buf[:n], []byte("\n")))
		if err == io.EOF {
			return lines, nil
		}
		if err != nil {
			return 0, fmt.Errorf("count the log's lines: %w", err)
		}
	}
}

// complaints returns the last lines that the server printed, for a message.
func (r *Running) complaints() string {
	var said []string
	for _, name := range []string{"stderr.log", "error.log"} {
		text, _ := os.ReadFile(filepath.Join(r.Dir, name))
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		for _, line := range lines[max(0, len(lines)-5):] {
			if line != "" {
				said = append(said, "\n    "+line)
			}
		}
	}
	return strings.Join(said, "")
}

// environment returns the environment of the program.
func (p *Peer) environment(site conf.Site) []string {
	env := append([]string{"HOME=" + site.Dir, "XDG_DATA_HOME=" + site.Dir, "XDG_CONFIG_HOME=" + site.Dir}, p.env...)
	if site.Plain && p.Name == Self {
		env = append(env, "HEADGATE_ENGINE=epoll-plain")
	}
	return env
}
