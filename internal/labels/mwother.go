package labels

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

func chain(m *reader) (e effect) {
	e.chain = list(m.value("middlewares", "those middlewares, in this order"))
	if m.option("middlewares") == nil {
		m.need("middlewares", "it names no middleware")
	}
	return e
}

// compress compresses what the client takes. Traefik compresses all types but those excluded.
func compress(m *reader) (e effect) {
	e.section = []string{"SetOutputFilter BROTLI_COMPRESS;ZSTD_COMPRESS;DEFLATE"}
	for _, p := range m.o.opts {
		f := p.f
		switch strings.TrimPrefix(p.key, "compress.") {
		case "compress":
			if on, ok := isTrue(f.value); !ok || !on {
				e.section = nil
			}
			f.ok("SetOutputFilter with BROTLI_COMPRESS, ZSTD_COMPRESS and DEFLATE")
		case "includedcontenttypes":
			types := list(f.value)
			if len(types) == 0 || slices.ContainsFunc(types, func(s string) bool { return !mediaType(s) }) {
				m.fail(f, "%q is no list of media types", clip(f.value))
				continue
			}
			e.section = []string{"AddOutputFilterByType BROTLI_COMPRESS;ZSTD_COMPRESS;DEFLATE " + strings.Join(types, " ")}
			f.ok("AddOutputFilterByType")
		case "excludedcontenttypes":
			types := list(f.value)
			if len(types) == 0 || slices.ContainsFunc(types, func(s string) bool { return !mediaType(s) }) {
				m.fail(f, "%q is no list of media types", clip(f.value))
				continue
			}
			e.section = []string{"AddOutputFilterByType BROTLI_COMPRESS;ZSTD_COMPRESS;DEFLATE " + strings.Join(compressible(types), " ")}
			f.mapped("AddOutputFilterByType with the usual types of text, without those")
		case "minresponsebodybytes":
			f.mapped("bodies are compressed whatever their size")
		case "encodings", "defaultencoding":
			f.mapped("the client's preference decides between br, zstd and gzip")
		}
	}
	return e
}

// compressible are the usual types of text without some.
func compressible(without []string) (types []string) {
	for _, t := range []string{
		"text/html", "text/plain", "text/css", "text/xml", "text/javascript", "application/javascript", "application/json",
		"application/xml", "application/xhtml+xml", "application/rss+xml", "application/atom+xml", "application/wasm", "image/svg+xml",
	} {
		if !slices.Contains(without, t) {
			types = append(types, t)
		}
	}
	return types
}

func mediaType(s string) bool {
	kind, sub, ok := strings.Cut(s, "/")
	for _, part := range []string{kind, sub} {
		for i := range len(part) {
			if c := part[i]; !isAlnum(c) && strings.IndexByte("-+._", c) < 0 {
				return false
			}
		}
	}
	return ok && kind != "" && sub != ""
}

func contentType(m *reader) (e effect) {
	for _, p := range m.o.opts {
		if p.key == "contenttype" || p.key == "contenttype.autodetect" {
			p.f.harmless("the type of a response is never guessed")
		}
	}
	return e
}

func buffering(m *reader) (e effect) {
	if f := m.option("maxrequestbodybytes"); f != nil {
		n, err := strconv.ParseUint(f.value, 10, 60)
		if err != nil {
			m.fail(f, "%q is no number of bytes", clip(f.value))
		} else if f.ok("LimitRequestBody"); n > 0 {
			e.section = []string{"LimitRequestBody " + strconv.FormatUint(n, 10)}
		}
	}
	for _, name := range []string{"memrequestbodybytes", "memresponsebodybytes"} {
		if f := m.option(name); f != nil {
			f.harmless("bodies are passed on as they arrive")
		}
	}
	for _, name := range []string{"maxresponsebodybytes", "retryexpression"} {
		if f := m.option(name); f != nil {
			m.fail(f, "responses are passed on as they arrive")
		}
	}
	return e
}

func retry(m *reader) (e effect) {
	n, err := strconv.Atoi(m.value("attempts", "maxattempts= of the balancer"))
	if err != nil || n < 1 || n > 100 {
		m.need("attempts", "it is no number from 1 to 100")
		return e
	}
	for _, name := range []string{"initialinterval", "timeout"} {
		if f := m.option(name); f != nil {
			f.mapped("the next member is tried at once")
		}
	}
	e.retry = n
	return e
}

// errorsOf has a service make the pages of errors.
func errorsOf(m *reader) (e effect) {
	e.errors = &errorEffect{service: m.value("service", "the balancer that ErrorDocument leads to"), path: m.value("query", "ErrorDocument")}
	codes, err := statusCodes(m.value("status", "ProxyErrorOverride"))
	if err != nil {
		m.need("status", "%v", err)
	}
	e.errors.codes = codes
	if e.errors.service == "" {
		m.need("service", "it names no service")
	}
	if err := checkPath(strings.ReplaceAll(e.errors.path, "{status}", "500")); err != nil {
		m.need("query", "%v", err)
	} else if strings.ContainsAny(strings.ReplaceAll(e.errors.path, "{status}", ""), "{}") {
		m.need("query", "only {status} is translated")
	}
	for _, p := range m.o.opts {
		if strings.HasPrefix(p.key, "errors.statusrewrites") {
			m.fail(p.f, "the status stays that of the service")
		}
	}
	return e
}

// statusCodes reads "500-599,404": those that HTTP defines, of the errors.
func statusCodes(text string) (codes []string, err error) {
	for _, w := range list(text) {
		from, to, isRange := strings.Cut(w, "-")
		if !isRange {
			to = from
		}
		a, err1 := strconv.Atoi(from)
		b, err2 := strconv.Atoi(to)
		if err1 != nil || err2 != nil || a > b || b > 599 || a < 100 {
			return nil, fmt.Errorf("%q is no status", clip(w))
		}
		if a < 400 {
			return nil, fmt.Errorf("%q has a status that is no error", clip(w))
		}
		for c := a; c <= b; c++ {
			if s := strconv.Itoa(c); http.StatusText(c) != "" && c != http.StatusTeapot && c != http.StatusTooEarly && !slices.Contains(codes, s) {
				codes = append(codes, s)
			}
		}
	}
	if codes == nil {
		return nil, fmt.Errorf("it names no status")
	}
	return codes, nil
}
