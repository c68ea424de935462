package mapping

import (
	"math/rand/v2"
	"path"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/uri"
)

// pieces are the parts of generated paths: for each there is a reader that
// interprets it differently.
var pieces = []string{
	"/", "/", "/", "//", "/./", "/../", "/%2e%2e/", "/.%2E/", "/..;/", "/..;x=1/", "/;/", ";x=1", "\\", "/\\", "..\\", "%5c", "%2f", "%2F",
	"%252f", "..", ".", "admin", "%61dmin", "h", "x", "%41", "|", "%3f", "%23", "@", ":a",
}

func randomPath(r *rand.Rand) string {
	var b strings.Builder
	b.WriteByte('/')
	for range 1 + r.IntN(6) {
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	if r.IntN(4) == 0 {
		b.WriteString("?q=/../\\")
	}
	return b.String()
}

// servletReads returns a path as a servlet container reads it: parameters cut
// off each segment, then resolved, then decoded.
func servletReads(p string, o uri.Options) string {
	segments := strings.Split(p, "/")
	for i, s := range segments {
		segments[i], _, _ = strings.Cut(s, ";")
	}
	joined := path.Clean(strings.Join(segments, "/"))
	plain, err := uri.Unescape(nil, []byte(joined), o.Slashes)
	if err != nil {
		return "refused"
	}
	return path.Clean(string(plain))
}

// TestSentIsAuthorised: the path that a backend is sent, read as it was for the check that
// authorised it, is the one that was authorised, in every form in which the bytes
// of the client are used.
func TestSentIsAuthorised(t *testing.T) {
	for _, line := range []string{
		"ProxyPass / http://b/", "ProxyPass / http://b/ nocanon", "ProxyPass / http://b/ mapping=encoded",
		"ProxyPass / http://b/ mapping=encoded nocanon", "ProxyPass / http://b/ interpolate nocanon",
		"ProxyPassMatch ^(/.*)$ http://b$1", "ProxyPassMatch ^(/.*)$ http://b$1 nocanon", "ProxyPassMatch ^/(.*)$ http://b/$1 nocanon",
		"ProxyPassMatch ^/([^?]*) http://b/$1 nocanon", "ProxyPassMatch ^/(admin|x)?(.*)$ http://b/$1$2 nocanon",
		"ProxyPassMatch ^/ http://b nocanon", "ProxyPass / http://b/ mapping=servlet", "ProxyPassMatch ^/(.*)$ http://b/$1 mapping=encoded",
	} {
		for _, slashes := range []uri.Slashes{uri.SlashesOff, uri.SlashesOn, uri.SlashesNoDecode} {
			for _, merge := range []bool{true, false} {
				s := newServer(pass(t, line), uri.Options{Slashes: slashes, Merge: merge})
				r := rand.New(rand.NewPCG(uint64(slashes), uint64(len(line))))
				passed := 0
				for range 1500 {
					if s.sendsAuthorised(t, line, randomPath(r)) {
						passed++
					}
				}
				if passed < 150 {
					t.Errorf("%s, slashes %d, merge %v: %d of 1500 paths were passed on", line, slashes, merge, passed)
				}
			}
		}
	}
}

// sendsAuthorised checks one target; false if it is refused.
func (s *server) sendsAuthorised(t *testing.T, line, target string) bool {
	t.Helper()
	for strings.HasPrefix(target, "//") {
		target = target[1:] // as the pipeline does
	}
	if strings.Contains(line, "[^?]") && strings.Contains(target, "%3f") {
		return false // that pattern does not capture all of such a path
	}
	var a message.Arena
	status, sent, m := s.ask(target, &a)
	if status != 200 {
		return false
	}
	raw, _, _ := strings.Cut(target, "?")
	sentPath, _, _ := strings.Cut(sent, "?")
	want, err := uri.Normalize(nil, []byte(raw), s.o)
	if err != nil {
		if strings.Contains(line, "mapping=") {
			return false // it is refused when it is decoded, after the mapping
		}
		t.Fatalf("%s: %s was sent as %s, but is %v", line, target, sent, err)
	}
	authorised, reads := string(want), ""
	if strings.Contains(line, "servlet") {
		plain, err := uri.Decode(nil, m.Path, s.o)
		if err != nil {
			return false
		}
		authorised, reads = path.Clean(string(plain)), servletReads(sentPath, s.o)
	} else {
		got, err := uri.Normalize(nil, []byte(sentPath), s.o)
		if err != nil {
			t.Fatalf("%s: %s was sent as %s: %v", line, target, sent, err)
		}
		reads = string(got)
	}
	// The number of slashes at the start of a path does not matter to a
	// section.
	reads, authorised = "/"+strings.TrimLeft(reads, "/"), "/"+strings.TrimLeft(authorised, "/")
	if reads != authorised || strings.HasPrefix(sent, "//") || strings.ContainsAny(sentPath, "\\#") {
		t.Fatalf("%s, %+v: %s was sent as %s, which reads %s; authorised was %s", line, s.o, target, sent, reads, authorised)
	}
	return true
}
