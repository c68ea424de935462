package incident

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/fault"
)

// Story is an incident with what can be said about it: the response to "headgate
// explain".
type Story struct {
	Incident
	Meaning string `json:"meaning"`
	Try     string `json:"try"`
	Recent  int    `json:"recent"` // incidents with the same cause in the last Within, this one included
	Same    int    `json:"recent_same_worker,omitempty"`
	Total   int64  `json:"total"` // with the same cause since the server started
}

// Within is what counts as recent.
const Within = 10 * time.Minute

// Tell makes the story of an incident.
func (b *Book) Tell(i *Incident, now time.Time) Story {
	a := i.Named.About()
	s := Story{Incident: *i, Meaning: a.Meaning, Try: a.Try}
	s.Recent, s.Same = b.Recent(i.Named, i.Worker, now.Add(-Within))
	b.mu.Lock()
	s.Total = b.byCause[i.Named].Count
	b.mu.Unlock()
	return s
}

// Write tells the story to a person.
func (s *Story) Write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n", s.ID, s.At.Local().Format("2006-01-02 15:04:05.000"))
	fmt.Fprintf(&b, "%s\n=> %s: %s\n\n", s.request(), s.outcome(), s.Cause)
	for _, p := range s.parts() {
		name := p.name
		for _, line := range p.lines {
			fmt.Fprintf(&b, "%-14s %s\n", name, line)
			name = ""
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Line is the incident on one line, for lists.
func (i *Incident) Line() string {
	where := i.Worker
	if where == "" {
		where = i.Host
	}
	return fmt.Sprintf("%s  %s  %-3s  %-20s  %s  %s", i.At.Local().Format("2006-01-02 15:04:05"), i.ID, i.short(), i.Cause, where, i.request())
}

func (i *Incident) short() string {
	switch {
	case i.Cut:
		return "cut"
	case i.Status == 0:
		return "-"
	}
	return fmt.Sprint(i.Status)
}

func (i *Incident) request() string {
	if i.Method == "" {
		return "a request that could not be read"
	}
	return plain(i.Method + " " + i.Path)
}

// outcome says what the client got.
func (i *Incident) outcome() string {
	switch {
	case i.Cut && i.Status != 0:
		return fmt.Sprintf("%d, cut after %s of the body", i.Status, count(i.Sent, "byte"))
	case i.Status == 0 || i.Cut:
		return "no response"
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", i.Status, http.StatusText(i.Status)))
}

// part is one paragraph of a story.
type part struct {
	name  string
	lines []string
}

func (s *Story) parts() (list []part) {
	add := func(name string, lines ...string) {
		if len(lines) > 0 {
			list = append(list, part{name, lines})
		}
	}
	add("What happened", s.Meaning, plain(s.Message))
	add("Where", s.where()...)
	add("When", s.when())
	if s.Limit != "" {
		at := " (the default)"
		if s.LimitAt != "" {
			at = "  (" + s.LimitAt + ")"
		}
		add("Limit", s.Limit+at)
	}
	add("Attempts", s.attempts()...)
	if s.Outcome != "" {
		add("Balancer", plain(s.Outcome))
	}
	if len(s.Members) > 0 {
		var lines []string
		for _, m := range s.Members {
			lines = append(lines, member(m))
		}
		add("Members then", lines...)
	}
	add("Lately", s.lately())
	add("What to try", wrapped(s.Try)...)
	return list
}

func (s *Story) where() (lines []string) {
	if s.Worker != "" {
		at := s.Worker
		if s.Addr != "" {
			at += " at " + s.Addr
		}
		if s.Balancer != "" {
			at += ", a member of " + s.Balancer
		}
		lines = append(lines, at)
	} else if s.Balancer != "" {
		lines = append(lines, s.Balancer)
	}
	if s.Rule != "" {
		lines = append(lines, s.Rule+"  ("+s.RuleAt+")")
	}
	if s.Host != "" {
		host := "virtual host " + s.Host
		if s.HostAt == "" {
			host = "main server " + s.Host
		} else {
			host += "  (" + s.HostAt + ")"
		}
		lines = append(lines, host)
	}
	return lines
}

// sayings are what the phases are in a sentence.
var sayings = map[string]string{
	fault.ReadRequest.String(): "while reading the head of the request", fault.ReadBody.String(): "while reading the body of the request",
	fault.Map.String(): "while deciding what to do with the request", fault.Acquire.String(): "while waiting for a member or a free connection",
	fault.Resolve.String(): "while looking up the backend's name", fault.Connect.String(): "while connecting to the backend",
	fault.Handshake.String(): "during the TLS handshake", fault.SendRequest.String(): "while sending the head of the request",
	fault.SendBody.String(): "while sending the body of the request", fault.AwaitHead.String(): "while waiting for the first byte of the response",
	fault.ReadHead.String(): "inside the head of the response", fault.ReadResponse.String(): "while reading the body of the response",
	fault.SendResponse.String(): "while sending the response to the client",
}

func (s *Story) when() string {
	text := sayings[s.Phase]
	if s.Elapsed > 0 {
		text += ", after " + s.Elapsed.String()
	}
	return text + "; the request had taken " + s.Age.String()
}

func (s *Story) attempts() (lines []string) {
	for n, t := range s.Tries {
		number := n + 1
		if n == len(s.Tries)-1 {
			number = s.Made
		}
		text := fmt.Sprintf("%d. %s: ", number, t.Worker)
		switch {
		case t.Reused:
			text += "a connection from the pool, idle for " + t.Idle.String()
		case t.Addr == "":
			text += "no connection"
		case t.FirstByte == 0 && t.TLS == 0 && t.Phase == fault.Connect.String():
			text += "no connection to " + t.Addr
		default:
			text += "a new connection"
		}
		for _, p := range []struct {
			name string
			took Millis
		}{{"queue", t.Queue}, {"look-up", t.Resolve}, {"connect", t.Connect}, {"TLS", t.TLS}, {"first byte", t.FirstByte}} {
			if p.took > 0 {
				text += ", " + p.name + " " + p.took.String()
			}
		}
		if t.Cause != "" {
			text += "; " + t.Cause + " after " + t.Took.String()
		}
		lines = append(lines, text)
	}
	return lines
}

func member(m fault.Member) string {
	text := m.Name + "  " + m.State
	if m.Busy > 0 {
		text += ", " + count(m.Busy, "request")
	}
	if m.Why != "" {
		text += ": " + plain(m.Why)
	}
	return text
}

func (s *Story) lately() string {
	if s.Total <= 1 {
		return "the only " + s.Cause + " since the server started"
	}
	text := fmt.Sprintf("%s %d times in the last 10 minutes", s.Cause, s.Recent)
	if s.Same > 0 && s.Same < s.Recent {
		text += fmt.Sprintf(", %d of them with this worker", s.Same)
	}
	return text + fmt.Sprintf("; %d since the server started", s.Total)
}

// String returns a time in a form that is easy to read: "0.31 ms", "12 ms", "5.0 s".
func (m Millis) String() string {
	switch {
	case m >= 1000:
		return fmt.Sprintf("%.1f s", float64(m)/1000)
	case m >= 10:
		return fmt.Sprintf("%.0f ms", float64(m))
	}
	return fmt.Sprintf("%.2f ms", float64(m))
}

func count(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// plain replaces what a terminal would take for a command.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\ufffd' {
			return '?'
		}
		return r
	}, text)
}

// wrapped breaks a text into lines for a terminal.
func wrapped(text string) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		if len(line)+len(word) > 76 {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
