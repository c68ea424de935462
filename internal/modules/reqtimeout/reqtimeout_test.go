package reqtimeout

import (
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/syntax"
)

// read applies a configuration with this module's rows.
func read(text string) (*directive.Scope, []directive.Diagnostic) {
	root, _ := syntax.Parse("t.conf", text)
	return directive.Apply(root, directive.Known().With(append(New().Rows, directive.Row{Name: "<VirtualHost>"})), directive.Options{})
}

// httpd 2.4.71's messages about arguments; "" where it accepts them.
func TestArguments(t *testing.T) {
	const numeric = "RequestReadTimeout: "
	for args, want := range map[string]string{
		"":                                "",
		"header=5":                        "",
		"HEADER=5":                        "",
		"header=0":                        "",
		"header=20-40":                    numeric + "header=20-40: Must set MinRate option if using timeout range",
		"header=20-40,MinRate=500":        "",
		"header=20-40,MINRATE=0":          numeric + "header=20-40,MINRATE=0: Minimum data rate must be larger than 0",
		"header=20-40,MinRate=-1":         numeric + "header=20-40,MinRate=-1: Value must be non-negative",
		"header=20-20,MinRate=5":          numeric + "header=20-20,MinRate=5: Maximum timeout must be larger than initial timeout",
		"header=20-0,MinRate=5":           "",
		"header=20-,MinRate=5":            numeric + "header=20-,MinRate=5: Value '' not numerical",
		"header=-5":                       numeric + "header=-5: Must set MinRate option if using timeout range",
		"header=-5,MinRate=5":             numeric + "header=-5,MinRate=5: Value '' not numerical",
		"header=+5":                       "",
		"header=":                         numeric + "header=: Value '' not numerical",
		"header":                          "Invalid RequestReadTimeout parameter. Parameter must be in the form 'key=value'",
		"header =5":                       "Invalid RequestReadTimeout parameter. Parameter must be in the form 'key=value'",
		"header=5s":                       numeric + "header=5s: Cannot parse 's'",
		"header=5,foo=1":                  numeric + "header=5,foo=1: Cannot parse ',foo=1'",
		"header=5,minrate=5x":             numeric + "header=5,minrate=5x: Cannot parse 'x'",
		"header=x-5,minrate=5":            numeric + "header=x-5,minrate=5: Value 'x' not numerical",
		"header=5-x,minrate=5":            numeric + "header=5-x,minrate=5: Value 'x' not numerical",
		"header=99999999999":              "",
		"header=9999999999999999999999":   numeric + "header=9999999999999999999999: Value must be non-negative",
		"body=5 header=5":                 "",
		"body=5,body=6":                   numeric + "body=5,body=6: Cannot parse ',body=6'",
		"other=5":                         numeric + "other=5: Unknown RequestReadTimeout parameter",
		`"header= 5"`:                     "",
		`""`:                              "Invalid RequestReadTimeout parameter. Parameter must be in the form 'key=value'",
		"header=5 x":                      "Invalid RequestReadTimeout parameter. Parameter must be in the form 'key=value'",
		"header=5-10,minrate=5,minrate=6": numeric + "header=5-10,minrate=5,minrate=6: Cannot parse ',minrate=6'",
		"body=5 body=6":                   "",
		"header=5,minrate=2000000":        "",
	} {
		_, found := read("RequestReadTimeout " + args + "\n")
		got := ""
		for _, d := range found {
			got += d.Text
		}
		if got != want {
			t.Errorf("%s: %q, want %q", args, got, want)
		}
	}
}

// Defaults, and what a virtual host inherits from the main server.
func TestTimes(t *testing.T) {
	const s = time.Second
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	for _, tt := range []struct {
		name, main, host string
		absent           bool // the module is not loaded
		want             *exchange.ReadTimes
	}{
		{name: "defaults", want: &exchange.ReadTimes{Head: exchange.ReadTime{First: 20 * s, Most: 40 * s, PerByte: ms(2)}, Body: exchange.ReadTime{First: 20 * s, PerByte: ms(2)}}},
		{name: "not loaded", absent: true},
		{name: "one stage", main: "header=5", want: &exchange.ReadTimes{Head: exchange.ReadTime{First: 5 * s}, Body: exchange.ReadTime{First: 20 * s, PerByte: ms(2)}}},
		{name: "inherited with its rate", main: "header=1-4,MinRate=10 body=2,MinRate=20",
			want: &exchange.ReadTimes{Head: exchange.ReadTime{First: s, Most: 4 * s, PerByte: ms(100)}, Body: exchange.ReadTime{First: 2 * s, PerByte: ms(50)}}},
		{name: "a stage is replaced whole", main: "header=1-4,MinRate=10 body=2", host: "header=3",
			want: &exchange.ReadTimes{Head: exchange.ReadTime{First: 3 * s}, Body: exchange.ReadTime{First: 2 * s}}},
		{name: "the last word counts", main: "header=1 header=2 body=0\nRequestReadTimeout header=7", want: &exchange.ReadTimes{Head: exchange.ReadTime{First: 7 * s}}},
		{name: "off", main: "header=0 body=0"},
		{name: "off in the host", main: "header=5", host: "header=0 body=0"},
		{name: "off but for the handshake", main: "header=0 body=0 handshake=1", want: &exchange.ReadTimes{Handshake: exchange.ReadTime{First: s}}},
		{name: "a rate too high for a whole microsecond", main: "header=1,MinRate=2000000 body=0", want: &exchange.ReadTimes{Head: exchange.ReadTime{First: s}}},
		{name: "32 bits", main: "header=4294967301 body=0", want: &exchange.ReadTimes{Head: exchange.ReadTime{First: 5 * s}}},
	} {
		var text strings.Builder
		if tt.main != "" {
			text.WriteString("RequestReadTimeout " + tt.main + "\n")
		}
		text.WriteString("<VirtualHost *:80>\n")
		if tt.host != "" {
			text.WriteString("RequestReadTimeout " + tt.host + "\n")
		}
		text.WriteString("</VirtualHost>\n")
		main, found := read(text.String())
		if directive.Blocking(found) {
			t.Fatalf("%s: %v", tt.name, found)
		}
		m := &module.Server{Conf: directive.MergeConfs(main.Server, main.Hosts()[0].Server), Site: new(exchange.Site)}
		if err := New().Server(&module.Builder{Present: func(string) bool { return !tt.absent }}, m); err != nil {
			t.Error(err)
		}
		got := m.Site.Reading
		if (got == nil) != (tt.want == nil) || got != nil && *got != *tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}
