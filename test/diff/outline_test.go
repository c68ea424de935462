package diff

import (
	"bytes"
	"fmt"
	"strings"

	"golang.org/x/net/html"
)

// outline lists what a page refers to: its elements that have attributes, with their values decoded, its comments, and the
// text of its scripts and styles. httpd writes pages again as its parser has understood them; the outline is the same.
func outline(page []byte) []byte {
	var b strings.Builder
	z := html.NewTokenizer(bytes.NewReader(page))
	raw := ""
	for {
		switch z.Next() {
		case html.ErrorToken:
			return []byte(b.String())
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			raw = ""
			if t.Data == "script" || t.Data == "style" {
				raw = t.Data
			}
			if len(t.Attr) > 0 {
				fmt.Fprintf(&b, "<%s", t.Data)
				for _, a := range t.Attr {
					fmt.Fprintf(&b, " %s=%q", a.Key, a.Val)
				}
				b.WriteString(">\n")
			}
		case html.DoctypeToken:
			fmt.Fprintf(&b, "<!DOCTYPE %s>\n", z.Token().Data)
		case html.CommentToken:
			fmt.Fprintf(&b, "<!--%s-->\n", z.Token().Data)
		case html.TextToken:
			if raw != "" {
				fmt.Fprintf(&b, "%s: %q\n", raw, z.Raw())
			}
		case html.EndTagToken:
			raw = ""
		}
	}
}
