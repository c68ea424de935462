//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/headgate/headgate/bench/conf"
	"github.com/headgate/headgate/bench/peers"
)

// ruled are the peers of the test "rules": Caddy has no configuration for it.
var ruled = []string{peers.Self, "nginx", "haproxy", "apache"}

// rulePaths are the paths of its requests: some are renamed by an early rule, some by a late one, most by none.
var rulePaths = []string{
	"/app/shop/small", "/old-0/a/small", "/api/v1/users/small", "/static/js/small", "/img/logo/small",
	"/old-9/b/small", "/item/small?id=42", "/welcome/small", "/app/cart/small?step=2&lang=en", "/api/v2/search/small?q=word",
}

// rules is a contest in which rules, edits and sections apply to every request.
func rules(ctx context.Context, h *harness, t test) (*Result, error) {
	r := &Result{
		Name: t.name, Title: t.title, Metrics: perRequest,
		How: fmt.Sprintf("%d connections; load, proxy and backend share one core; the configurations were compared by %d requests first",
			h.conns, len(probes)),
	}
	cpus := h.shared()
	b, addr, err := h.backend(ctx, cpus)
	if err != nil {
		return nil, err
	}
	defer b.Stop()
	site := oneSite(addr, 1)
	site.Rules = true
	targets := filepath.Join(h.dir, t.name)
	lines := "bench.test " + strings.Join(rulePaths, "\nbench.test ") + "\n"
	if err := os.WriteFile(targets, []byte(lines), 0o644); err != nil {
		return nil, err
	}
	c := &contest{harness: h, result: r, cpus: cpus, rounds: h.rounds}
	for _, e := range h.enterAll(site) {
		if slices.Contains(ruled, e.peer.Name) {
			e.load = wrk{cpus: cpus, conns: h.conns, depth: 1, targets: targets, time: h.time}
			c.entrants = append(c.entrants, e)
		}
	}
	if err := c.compare(ctx, site); err != nil {
		return nil, err
	}
	c.warm, c.measure = c.warmUp, c.small
	return r, c.play(ctx)
}

// probe is a request that all peers must process alike.
type probe struct {
	path   string
	fields []string // of the request, in pairs
}

// probes are the requests by which the peers are compared; the response of /echo shows the request at the backend.
var probes = []probe{
	{"/app/shop/echo", nil}, {"/app/echo", []string{"X-Debug", "1", "X-Internal", "secret"}}, {"/old-0/a/echo", nil}, {"/old-9/b/c/echo", nil},
	{"/old-10/b/echo", nil}, {"/api/v1/echo", []string{"X-Real-IP", "forged", "X-Api", "forged"}}, {"/static/js/echo", nil}, {"/img/echo", nil},
	{"/item/echo?id=42", nil}, {"/item/echo?x=1&id=7&y=2", nil}, {"/item/echo?id=x", nil}, {"/welcome/echo", nil}, {"/echo", nil},
	{"/app/echo?step=2&lang=en", nil}, {"/app/echo", []string{"Cookie", "a=b; beta=1"}}, {"/admin/echo", nil},
	{"/app/echo", []string{"User-Agent", "Mobile phone", "Accept", "text/html, */*"}}, {"/app/echo", []string{"User-Agent", "an EvilScraper"}},
	{"/app/echo?a=UNION+all+Select", nil}, {"/app/echo", []string{"Host", "WWW.bench.test"}}, {"/legacy/a/b", nil}, {"/legacy/echo?q=1", nil},
	{"/secure/pay", []string{"X-Forwarded-Proto", "http"}}, {"/secure/echo", []string{"X-Forwarded-Proto", "https"}},
}

// ruleFields are the fields that rules and edits change.
var ruleFields = []string{
	"Location", "Cache-Control", "X-Frame-Options", "X-Content-Type-Options", "Referrer-Policy", "Strict-Transport-Security", "X-Powered-By",
	"X-Served-By", "X-Debug-Info", "Host", "X-Real-Ip", "X-Internal", "X-Forwarded-Proto", "X-Edge", "X-Api",
}

// compare starts every peer alone and requires the same responses to the probes as Headgate's.
func (c *contest) compare(ctx context.Context, site conf.Site) error {
	var want []string
	var first string
	for _, e := range c.entrants {
		running, err := e.peer.Start(ctx, c.group, c.dir, c.cpus, site)
		if err != nil {
			return err
		}
		got, err := probed(ctx, running.Addr)
		running.Stop()
		if err != nil {
			return fmt.Errorf("probe %s: %w", e.row.Name, err)
		}
		if want == nil {
			want, first = got, e.row.Name
		}
		for i := range got {
			if got[i] != want[i] {
				return fmt.Errorf("%s and %s differ for GET %s %q\n%s\n%s", first, e.row.Name, probes[i].path, probes[i].fields, want[i], got[i])
			}
		}
	}
	return nil
}

// probed returns the result of each probe.
func probed(ctx context.Context, addr string) (all []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for _, p := range probes {
		q, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+p.path, nil)
		if err != nil {
			return nil, err
		}
		q.Host = "bench.test"
		q.Header.Set("User-Agent", "bench")
		for i := 0; i < len(p.fields); i += 2 {
			if q.Header.Set(p.fields[i], p.fields[i+1]); p.fields[i] == "Host" {
				q.Host = p.fields[i+1]
			}
		}
		said, err := said(client, q)
		if err != nil {
			return nil, err
		}
		all = append(all, said)
	}
	return all, nil
}

// said prints status and fields of a response, and the request that the backend saw.
func said(client *http.Client, q *http.Request) (string, error) {
	r, err := client.Do(q)
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d", r.StatusCode)
	if r.StatusCode != http.StatusOK { // pages that a server generates differ
		fmt.Fprintf(&b, " %s", r.Header.Get("Location"))
		return b.String(), nil
	}
	tell(&b, r.Header)
	seen, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(body)))
	if err != nil {
		return "", errors.Join(fmt.Errorf("read the backend's view: %q", body), err)
	}
	fmt.Fprintf(&b, " <- %s %s Host=%s", seen.Method, seen.RequestURI, seen.Host)
	tell(&b, seen.Header)
	return b.String(), nil
}

func tell(b *strings.Builder, h http.Header) {
	for _, name := range ruleFields {
		if v := h.Values(name); len(v) > 0 {
			fmt.Fprintf(b, " %s=%q", name, v)
		}
	}
}
