package testkit

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// Answer is how an Origin reacts to one request: steps that run in order once the whole request was read. When the
// first step is early, they begin right after the request head.
//
// The steps, as ParseAnswer reads them (separated by ;):
//
//	respond CODE [OPTION]... [BODY]   a complete response with Content-Length; Content-Type text/plain unless given
//	head CODE [OPTION]...             a head with only the given fields; also for interim responses
//	echo                              200 whose body is the request as the origin saw it (see Request.Echo)
//	write TEXT                        these bytes
//	file NAME                         the bytes of a file of the archive, head lines ended by CRLF
//	chunk TEXT                        one chunk; @pattern:N is N bytes of the fixed pattern
//	last [TRAILER]...                 the last chunk, with trailers
//	wait GATE                         until the test calls Release(GATE)
//	early                             begin before the body is read
//	readbody                          read the body now (after early)
//	tunnel                            send back what comes, byte for byte, until the peer's half ends
//	shutdown                          half close: no more bytes from us, still reading
//	close                             close the connection
//	stderr TEXT, raw TEXT, end        see NewFCGIOrigin
//	packet TEXT, want, ping           see NewAJPOrigin
//	rst                               close it with a reset
//
// Options: -h 'Name: value' (repeatable), -reason TEXT, -size N (a body of N bytes of a fixed pattern),
// -gzip TEXT (a body that Gzipped makes), -proto HTTP/1.0.
type Answer []step

type step struct {
	kind   string
	code   int
	proto  string
	reason string
	fields []Field
	text   string
	list   []string
}

// ParseAnswer reads the language described at Answer. A file step takes its text from files.
func ParseAnswer(words []string, files func(name string) (string, bool)) (Answer, error) {
	var a Answer
	for len(words) > 0 {
		n := 0
		for n < len(words) && words[n] != ";" {
			n++
		}
		if n > 0 {
			s, err := parseStep(words[0], words[1:n], files)
			if err != nil {
				return nil, err
			}
			a = append(a, s)
		}
		words = words[min(n+1, len(words)):]
	}
	return a, nil
}

// MustAnswer parses text and panics when it is wrong; for answers in the source of Go tests.
func MustAnswer(text string) Answer {
	words, err := Words(text)
	if err != nil {
		panic(err)
	}
	a, err := ParseAnswer(words, nil)
	if err != nil {
		panic(err)
	}
	return a
}

func parseStep(kind string, args []string, files func(string) (string, bool)) (step, error) {
	s := step{kind: kind}
	switch kind {
	case "echo", "early", "readbody", "shutdown", "close", "rst", "tunnel":
		if len(args) > 0 {
			return s, fmt.Errorf("origin step %s takes no argument", kind)
		}
	case "write", "chunk", "wait", "stderr", "raw", "packet":
		if len(args) != 1 {
			return s, fmt.Errorf("origin step %s takes one argument", kind)
		}
		s.text = args[0]
		if size, ok := strings.CutPrefix(s.text, "@pattern:"); ok && kind == "chunk" {
			n, err := strconv.Atoi(size)
			if err != nil {
				return s, fmt.Errorf("origin step chunk: %w", err)
			}
			s.text = Pattern(n)
		}
	case "last", "end", "want", "ping":
		s.list = args
	case "file":
		return parseFileStep(args, files)
	case "respond", "head":
		return s, s.parseResponse(args)
	default:
		return s, fmt.Errorf("unknown origin step %q", kind)
	}
	return s, nil
}

func parseFileStep(args []string, files func(string) (string, bool)) (step, error) {
	if len(args) != 1 || files == nil {
		return step{}, fmt.Errorf("origin step file takes the name of a file of the archive")
	}
	text, ok := files(args[0])
	if !ok {
		return step{}, fmt.Errorf("origin step file: no file %q", args[0])
	}
	return step{kind: "write", text: CRLFHead(text)}, nil
}

// CRLFHead ends the lines of text up to the first empty line with CRLF, and drops the newline that ends the file.
func CRLFHead(text string) string {
	head, body, found := strings.Cut(text, "\n\n")
	if !found {
		return strings.ReplaceAll(text, "\n", "\r\n")
	}
	return strings.ReplaceAll(head, "\n", "\r\n") + "\r\n\r\n" + strings.TrimSuffix(body, "\n")
}

func (s *step) parseResponse(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("origin step %s needs a status code", s.kind)
	}
	code, err := strconv.Atoi(args[0])
	if err != nil {
		return fmt.Errorf("origin step %s: %w", s.kind, err)
	}
	s.code, s.proto, s.reason = code, "HTTP/1.1", http.StatusText(code)
	args = args[1:]
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		if len(args) < 2 {
			return fmt.Errorf("origin step %s: %s needs a value", s.kind, args[0])
		}
		if err := s.option(args[0], args[1]); err != nil {
			return err
		}
		args = args[2:]
	}
	if len(args) > 0 {
		s.text = strings.Join(args, " ")
	}
	return nil
}

func (s *step) option(name, value string) error {
	switch name {
	case "-h":
		n, v, ok := strings.Cut(value, ":")
		if !ok {
			return fmt.Errorf("origin: header %q has no colon", value)
		}
		s.fields = append(s.fields, Field{n, strings.TrimLeft(v, " ")})
	case "-reason":
		s.reason = value
	case "-proto":
		s.proto = value
	case "-size":
		n, err := strconv.Atoi(value)
		if err != nil {
			return fmt.Errorf("origin: %w", err)
		}
		s.text = Pattern(n)
	case "-gzip":
		p, err := Gzipped(value)
		if err != nil {
			return fmt.Errorf("origin: %w", err)
		}
		s.text += p
	default:
		return fmt.Errorf("origin: unknown option %s", name)
	}
	return nil
}

// bytes prints a respond or head step as the response to a request with the given method.
func (s *step) bytes(method string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d %s\r\n", s.proto, s.code, s.reason)
	for _, f := range s.fields {
		fmt.Fprintf(&b, "%s\r\n", f)
	}
	bodiless := s.code < 200 || s.code == 204 || s.code == 304
	if s.kind == "respond" && !bodiless {
		if len(Lookup(s.fields, "Content-Type")) == 0 {
			b.WriteString("Content-Type: text/plain\r\n")
		}
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(s.text))
	}
	b.WriteString("\r\n")
	if s.kind == "respond" && !bodiless && method != "HEAD" {
		b.WriteString(s.text)
	}
	return b.String()
}

// Pattern returns n bytes that differ when a block is lost, doubled or moved.
func Pattern(n int) string {
	var b strings.Builder
	b.Grow(n + 16)
	for b.Len() < n {
		fmt.Fprintf(&b, "%07d\n", b.Len())
	}
	return b.String()[:n]
}
