// Package page is the look that all pages of the server share: its status, its
// balancers. A page is complete in one file and works without JavaScript.
//
// Imports nothing of ours.
package page

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
)

//go:embed page.html
var text string

// Palette are the rules with the colours of all pages, as variables: --ink on
// --paper and so on, for light and for dark.
//
//go:embed palette.css
var Palette string

var frame = template.Must(template.New("page").Parse(text))

// Page is one page.
type Page struct {
	Title string        // of the window
	Head  string        // the heading
	Sub   string        // a line below it; may be empty
	Body  template.HTML // what comes below
	Foot  string        // the last line; may be empty

	Style  template.CSS // rules of this page
	Script template.JS  // its script, which its Content-Security-Policy permits by its hash
}

// Write writes the page. Its error is that of w.
func (p Page) Write(w io.Writer) error {
	return frame.Execute(w, struct {
		Page
		Palette template.CSS
	}{p, template.CSS(Palette)}) //nolint:gosec // it is a file of ours
}

// Policy is the Content-Security-Policy that fits a page without scripts.
const Policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"

// Size words a number of bytes for people: "12.3 KiB".
func Size(n int64) string {
	f, unit := float64(n), "B"
	for _, u := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if f < 1024 {
			break
		}
		f, unit = f/1024, u
	}
	return fmt.Sprintf("%.3g %s", f, unit)
}
