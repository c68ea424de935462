// Package codecs plays bytes to the codecs of backend protocols in tests.
package codecs

import (
	"fmt"
	"strings"

	"github.com/headgate/headgate/internal/backend/attempt"
)

// Reader is the part of an attempt.Codec that reads a response.
type Reader interface {
	Read(b []byte, eof bool) (n int, e attempt.Event, err error)
}

// Events has c read b in pieces and prints the events: head is printed for a head. ends: the connection ends after b.
func Events(c Reader, head func() string, b string, piece int, ends bool) string {
	var out strings.Builder
	for at, have := 0, 0; ; {
		n, e, err := c.Read([]byte(b[at:have]), ends && have == len(b))
		at += n
		switch {
		case err != nil:
			return out.String() + "error: " + err.Error()
		case e.Kind == attempt.More && have == len(b):
			return out.String() + "more"
		case e.Kind == attempt.More:
			have = min(len(b), have+piece)
		case e.Kind == attempt.Headed:
			if out.WriteString(head() + " "); e.Last {
				return out.String() + "last"
			}
		case e.Kind == attempt.Data:
			if out.Write(e.Data); e.Last {
				return out.String() + " end"
			}
		case e.Kind == attempt.Text:
			out.WriteString("(" + string(e.Data) + ")")
		case e.Kind == attempt.Want:
			fmt.Fprintf(&out, "want%d ", e.N)
		case e.Kind == attempt.Pong:
			out.WriteString("pong ")
		case e.Kind == attempt.End:
			return out.String() + " end"
		}
	}
}

// Head is what Events prints for a head that is not looked at.
func Head() string { return "head" }
