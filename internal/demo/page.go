package demo

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/websocket"
)

//go:embed page.html
var pageHTML string

// view is the data of the page's template.
type view struct {
	Line   string
	Fields []field
	Conf   string
	Addr   string // of this backend
	TLS    uint16 // the port for https; 0: there is none
}

type field struct{ Name, Value string }

// pages serves the page and its clock.
func pages(b *Backends, conf func() string) http.Handler {
	page := template.Must(template.New("page").Parse(pageHTML)) // a test renders it
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		_ = page.Execute(w, view{Line: requestLine(r), Fields: fields(r), Conf: conf(), Addr: localAddr(r), TLS: b.TLSPort})
	})
	mux.HandleFunc("GET /events", clock)
	mux.Handle("GET /chat", websocket.Handler(func(c *websocket.Conn) { _, _ = io.Copy(c, c) }))
	return mux
}

// clock sends the time once a second for as long as the client reads. Each tick
// is flushed by itself: a proxy in between must not hold it back.
func clock(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	out := http.NewResponseController(w)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for at := time.Now(); ; {
		_, err := fmt.Fprintf(w, "data: %s\n\n", at.Format("15:04:05.000"))
		if err != nil || out.Flush() != nil {
			return
		}
		select {
		case at = <-tick.C:
		case <-r.Context().Done():
			return
		}
	}
}

// maxEcho bounds the body that is sent back.
const maxEcho = 1 << 20

// echo responds with the request as it arrived.
func echo(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxEcho))
	if err != nil {
		http.Error(w, fmt.Sprintf("the echo takes bodies of at most %d bytes", maxEcho), http.StatusRequestEntityTooLarge)
		return
	}
	var b strings.Builder
	b.WriteString(requestLine(r) + "\n")
	for _, f := range fields(r) {
		b.WriteString(f.Name + ": " + f.Value + "\n")
	}
	b.WriteString("\n")
	b.Write(body)
	_, _ = io.WriteString(w, b.String())
}

func requestLine(r *http.Request) string {
	return r.Method + " " + r.RequestURI + " " + r.Proto
}

// fields returns the header fields a backend received, Host first, the others
// by name.
func fields(r *http.Request) []field {
	out := []field{{"Host", r.Host}}
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		for _, v := range r.Header[name] {
			out = append(out, field{name, v})
		}
	}
	return out
}

func localAddr(r *http.Request) string {
	if a, ok := r.Context().Value(http.LocalAddrContextKey).(fmt.Stringer); ok {
		return a.String()
	}
	return ""
}
