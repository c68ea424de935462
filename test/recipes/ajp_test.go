package recipes

import (
	"strings"

	"github.com/headgate/headgate/internal/testkit"
)

// ajpMethods are the names of the codes that pages use.
var ajpMethods = map[string]string{"1": "OPTIONS", "2": "GET", "3": "HEAD", "4": "POST", "5": "PUT", "6": "DELETE"}

// plainAJP returns a request by AJP as a page shows it: as one by HTTP, and each attribute as a field with its name.
func plainAJP(r testkit.Request) testkit.Request {
	if w := strings.Fields(r.Line); len(w) == 4 && ajpMethods[w[1]] != "" {
		r.Line = ajpMethods[w[1]] + " " + w[3] + " " + w[2]
	}
	var fields []testkit.Field
	for _, f := range r.Fields {
		f.Name = strings.TrimPrefix(strings.TrimPrefix(f.Name, "@"), "attribute ")
		f.Name = strings.Trim(f.Name, "[]")
		fields = append(fields, f)
	}
	r.Fields = fields
	return r
}
