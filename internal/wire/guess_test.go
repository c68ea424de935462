package wire

import (
	"fmt"
	"testing"

	"github.com/headgate/headgate/internal/message"
)

// TestGuess: logs of refused requests show the same as httpd's.
func TestGuess(t *testing.T) {
	for line, want := range map[string]string{
		"":                            ` "" ? false 0`,
		"GET":                         ` "" ? false 0`,
		"GET /f?q HTXP/1.1":           `GET "/f" ?q true 10`,
		"GE(T /f HTTP/1.1":            `GE(T "/f" ? false 11`,
		"GET  /f?q HTTP/1.1":          `GET "/f" ?q true 11`,
		"GET /a#b HTTP/1.1":           `GET "/a" ? false 11`,
		"GET * HTTP/1.1":              `GET "*" ? false 11`,
		"GET /f":                      `GET "/f" ? false 0`,
		"GET http://u:p@h/p HTTP/1.1": `GET "/p" ? false 11`,
		"GET http://h HTTP/1.1":       `GET "" ? false 11`,
	} {
		r := message.Request{Line: []byte(line)}
		Guess(&r)
		if got := fmt.Sprintf("%s %q ?%s %v %d", r.Method, r.Path, r.Query, r.HasQ, r.Version); got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
	// Parts that were parsed are not guessed.
	r := message.Request{Line: []byte("A /b HTTP/1.0"), Method: []byte("GET"), Path: []byte("/p"), Version: message.HTTP11}
	if Guess(&r); string(r.Method) != "GET" || string(r.Path) != "/p" || r.Version != message.HTTP11 {
		t.Errorf("%s %s %d", r.Method, r.Path, r.Version)
	}
}
