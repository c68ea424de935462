package verdict

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/modules"
)

// usual are the arguments that are tried on every directive of a shape.
var usual = map[directive.Args][]string{
	directive.NoArgs:   {"", "x"},
	directive.Take1:    {"", `""`, "0", "1", "-1", "2.5", "10s", "99999999999999999999", "nope", "a b"},
	directive.Flag:     {"", `""`, "oN", "OFF", "1", "yes", "On Off"},
	directive.Take2:    {"", "a", "a b", "0 0", "a b c"},
	directive.Take12:   {"", `""`, "a", "a b", "a b c"},
	directive.Take3:    {"", "a b", "a b c", "a b c d"},
	directive.Take23:   {"", "a", "a b", "a b c", "a b c d"},
	directive.Take123:  {"", "a", "a b", "a b c", "a b c d"},
	directive.Take13:   {"", "a", "a b", "a b c", "a b c d"},
	directive.Iterate:  {"", `""`, "nope", "0", "-1", "a b"},
	directive.Iterate2: {"", "a", "a b", "a b c"},
	directive.Raw:      {"", `""`, "nope", "0", "a b", "a b c"},
	directive.TakeArgv: {"", "nope", "0", "-1", "a b", "a b c"},
}

// notAsked are directives whose verdict depends on more than their line: they read
// files, load programs, or stop the reading.
var notAsked = strings.Fields("Include IncludeOptional LoadModule LoadFile ServerRoot Use Error <Macro> <IfModule> <IfFile> <IfDefine> <IfDirective> <IfSection> Suexec")

// asked reports whether the generic arguments are tried on a row: directives that
// are supported here in some way, and those of httpd's own modules that are
// accepted without effect.
func asked(row *directive.Row) bool {
	switch {
	case slices.Contains(notAsked, row.Name), strings.HasSuffix(row.Name, "*"):
		return false
	case row.Tier == directive.Honoured || row.Tier == directive.Mapped:
		return true
	}
	return (row.Tier == directive.Noted || row.When != nil) && slices.Contains(stock, strings.Split(row.Module, ",")[0])
}

// stock are the modules whose directives without effect are tried
// too: those that stock configurations load.
var stock = strings.Fields("core mpm mpm_event mod_alias mod_autoindex mod_deflate mod_dir mod_filter mod_log_config mod_logio " +
	"mod_mime mod_negotiation mod_proxy mod_reqtimeout mod_setenvif mod_so mod_ssl mod_unixd mod_watchdog")

// probes are all lines that are tried: those made from the table and
// those of testdata/values.txt. A line begins with its place,
// "location: ", unless that is the main server.
func probes(t *testing.T) []string {
	var list []string
	for _, row := range config.Table(modules.All()).Rows() {
		if !asked(row) {
			continue
		}
		for _, args := range usual[row.Args] {
			list = append(list, place(row.Where)+line(row.Name, args))
		}
	}
	text, err := os.ReadFile("testdata/values.txt")
	if err != nil {
		t.Fatal(err)
	}
	for l := range strings.Lines(string(text)) {
		if l = strings.TrimRight(l, "\n"); l != "" && l[0] != '#' {
			list = append(list, l)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func line(name, args string) string {
	if body, ok := strings.CutSuffix(name, ">"); ok {
		return strings.TrimSuffix(body+" "+args, " ") + ">"
	}
	return strings.TrimSuffix(name+" "+args, " ")
}

// places are the sections that a probe may be in, with the lines that open and close them.
var places = []struct {
	where       directive.Where
	name        string
	open, close string
}{
	{directive.Main, "", "", ""},
	{directive.VHost, "vhost: ", "<VirtualHost *:8080>\n", "</VirtualHost>\n"},
	{directive.Location, "location: ", "<Location /here>\n", "</Location>\n"},
	{directive.Directory, "directory: ", "<Directory /here>\n", "</Directory>\n"},
	{directive.Proxy, "proxy: ", "<Proxy http://127.0.0.1:9>\n", "</Proxy>\n"},
	{0, "bal: ", "<Proxy balancer://b>\n", "</Proxy>\n"}, // parameters of a balancer
	{directive.Authz, "any: ", "<RequireAny>\n", "</RequireAny>\n"},
}

func place(w directive.Where) string {
	for _, p := range places {
		if w&p.where != 0 {
			return p.name
		}
	}
	return ""
}

// text is the configuration for a probe.
func text(probe string) string {
	for _, p := range places[1:] {
		if rest, ok := strings.CutPrefix(probe, p.name); ok {
			return p.open + block(rest) + p.close
		}
	}
	return block(probe)
}

// block is a directive, or a section with its necessary contents.
func block(l string) string {
	if !strings.HasPrefix(l, "<") {
		return l + "\n"
	}
	name, _, _ := strings.Cut(strings.TrimSuffix(l[1:], ">"), " ")
	inner := ""
	if strings.HasPrefix(name, "Require") {
		inner = "Require all granted\n"
	}
	return fmt.Sprintf("%s\n%s</%s>\n", l, inner, name)
}
