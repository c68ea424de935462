package proxybalancer

import (
	"fmt"
	"html"
	"net/http"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/proxy/manage"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/worker"
)

// xml writes the balancers as httpd does for xml=1, with its elements, their order
// and its blanks.
//
// Ours: what is not printable in XML is escaped everywhere. max and smax are 0
// without a limit; httpd has one thread per connection there.
func xml(list []manage.Balancer) string {
	w := &xmlWriter{}
	w.put("<?xml version='1.0' encoding='UTF-8' ?>\n<httpd:manager xmlns:httpd='http://httpd.apache.org'>\n  <httpd:balancers>\n")
	for i := range list {
		w.balancer(&list[i])
	}
	w.put("  </httpd:balancers>\n</httpd:manager>")
	return w.String()
}

type xmlWriter struct {
	strings.Builder
	indent string
}

func (w *xmlWriter) put(s string) { _, _ = w.WriteString(s) }

// field writes an element with a value.
func (w *xmlWriter) field(name string, value any) {
	fmt.Fprintf(w, "%s<httpd:%s>%s</httpd:%s>\n", w.indent, name, html.EscapeString(clean(fmt.Sprint(value))), name)
}

// clean replaces what no XML document may contain.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

func (w *xmlWriter) balancer(b *manage.Balancer) {
	w.put("    <httpd:balancer>\n")
	w.indent = "      "
	w.field("name", "balancer://"+b.Name)
	w.field("nonce", b.Nonce)
	if b.Sticky != "" {
		w.field("stickysession", b.Sticky)
		w.field("nofailover", onOff(b.NoFailover))
	}
	fmt.Fprintf(w, "%s<httpd:timeout>%d</httpd:timeout>", w.indent, b.Timeout/time.Second) // httpd: no line break
	if b.MaxAttempts >= 0 || len(b.Members) > 1 {
		w.field("maxattempts", b.Attempts-1)
	}
	w.field("lbmethod", b.Method)
	if b.Sticky != "" {
		w.field("scolonpathdelim", onOff(b.SemicolonPath))
	}
	w.put("      <httpd:workers>\n")
	w.indent = "          "
	for i := range b.Members {
		w.member(&b.Members[i])
	}
	w.put("      </httpd:workers>\n    </httpd:balancer>\n")
}

func (w *xmlWriter) member(m *manage.Member) {
	def := param.Default()
	p, given := &def, func(string) bool { return false }
	if m.Params != nil {
		p, given = m.Params, func(name string) bool { return m.Params.Given(param.OfWorker, name) }
	}
	w.put("        <httpd:worker>\n")
	w.field("name", m.URL)
	w.field("scheme", m.Worker.Scheme)
	w.field("hostname", m.Worker.Host)
	w.field("loadfactor", factor(m.Factor))
	w.field("port", m.Worker.Port)
	w.field("min", p.Min)
	w.field("smax", smax(p))
	w.field("max", m.Worker.Max)
	w.field("ttl", int64(p.TTL/time.Second))
	for _, o := range []struct {
		name, key string
		value     any
	}{
		{"timeout", "timeout", int64(p.Timeout / time.Second)},
		{"acquire", "acquire", p.Acquire.Milliseconds()},
		{"recv_buffer_size", "receivebuffersize", p.ReceiveBufferSize},
		{"io_buffer_size", "iobuffersize", p.IOBufferSize},
		{"keepalive", "keepalive", onOff(p.KeepAlive)},
	} {
		if given(o.key) {
			w.field(o.name, o.value)
		}
	}
	w.counts(m)
	if ascii.EqualFold(m.Worker.Scheme, "ajp") {
		w.field("flushpackets", [...]string{"Off", "On", "Auto"}[p.FlushPackets])
	}
	if given("disablereuse") {
		fmt.Fprintf(w, "      <httpd:disablereuse>%s</httpd:disablereuse>\n", onOff(p.DisableReuse)) // httpd: fewer blanks
	}
	if given("connectiontimeout") {
		w.field("connectiontimeout", p.ConnectTimeout.Milliseconds())
	}
	if given("retry") {
		w.field("retry", int64(m.Retry/time.Second))
	}
	w.put("        </httpd:worker>\n")
}

// counts writes what httpd keeps in shared memory.
func (w *xmlWriter) counts(m *manage.Member) {
	w.field("status", statusWords(m.Status))
	if !m.Failed.IsZero() {
		w.field("error_time", m.Failed.UTC().Format(http.TimeFormat))
	}
	w.field("retries", m.Retries)
	w.field("lbstatus", m.Standing)
	w.field("loadfactor", factor(m.Factor))
	w.field("transferred", m.Sent)
	w.field("read", m.Received)
	w.field("elected", m.Elected)
	w.field("route", m.Route)
	w.field("redirect", m.Redirect)
	w.field("busy", m.Busy)
	w.field("lbset", m.Set)
}

// statusWords lists the flags, and Ok for a member that may get requests (httpd:
// ap_proxy_parse_wstatus).
func statusWords(s param.Status) string {
	if s&worker.Unusable == 0 {
		return s.String() + "Ok "
	}
	return s.String()
}

// factor prints a load factor, which is kept times 100.
func factor(n int) string { return fmt.Sprintf("%d.%02d", n/100, n%100) }

// smax returns the soft limit of connections, 0 for none.
func smax(p *param.Params) int {
	if p.Smax < 0 {
		return p.Max
	}
	return p.Smax
}

func onOff(b bool) string {
	if b {
		return "On"
	}
	return "Off"
}
