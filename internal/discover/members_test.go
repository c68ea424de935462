package discover

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/syntax"
	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestMembers(t *testing.T) {
	for _, tt := range []struct{ name, text, want, problem, err string }{
		{"yaml", "app:\n - http://a:1\n - http://b:2/x loadfactor=2  route=r\n", "app: http://a:1 | http://b:2/x loadfactor=2 route=r", "", ""},
		{"json", `{"App": ["http://a:1", {"url": "ajp://b:8009", "status": "+H", "loadfactor": 3}]}`, "app: http://a:1 | ajp://b:8009 status=+H loadfactor=3", "", ""},
		{"two and none", "a: [http://x]\nb: []\n", "a: http://x; b: ", "", ""},
		{"alias", "a: &m\n - &one http://x\n - *one\n", "a: http://x | http://x", "", ""},
		{"empty", " \n", "", "", ""},
		{"a number is no member", "a: [5]", "a: ", "is not the URL", ""},
		{"a list in a member", "a: [[x]]", "", "", "a member is a text or a mapping"},
		{"no mapping", "- http://a:1", "", "", "must be a mapping of names"},
		{"no list", "a: [http://x]\nbad: 7\n", "", "", "line 2: the members of a balancer must be a list"},
		{"a list by its name", "a: &m [http://x]\nb: *m\n", "a: http://x; b: http://x", "", ""},
		{"nothing", "a:\nb: [http://x]\n", "a: ; b: http://x", "", ""},
		{"balancer", "a: [balancer://b]", "a: ", "is not the URL", ""},
		{"user", "a: ['http://u:p@b']", "a: ", "is not the URL", ""},
		{"newline", "a: [\"http://x\\nServerName evil\"]", "a: http://x", "", ""},
		{"newline in a mapping", "a: [{url: \"http://x\\nServerName evil\"}]", "a: ", "is not the URL", ""},
		{"quotes", "a: ['http://x\" status=+H']", "a: ", "is not the URL", ""},
		{"value", "a: [{url: http://x, route: \"a b\"}]", "a: ", "is not a parameter", ""},
		{"value with a variable", "a: ['http://x route=${HOME}']", "a: ", "is not a parameter", ""},
		{"section", "a: ['http://x route=</Proxy>']", "a: ", "is not a parameter", ""},
		{"name", "\"a>\\n\": [http://x]", "", "is not the name of a balancer", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name == "newline" {
				tt.want, tt.problem = "a: ", "is not a parameter" // its second line is a word, without "="
			}
			got, problems, err := parseMembers([]byte(tt.text))
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if text := shown(got); text != tt.want {
				t.Errorf("%q, want %q", text, tt.want)
			}
			if tt.problem == "" != (len(problems) == 0) || tt.problem != "" && !strings.Contains(problems[0].Text, tt.problem) {
				t.Errorf("problems %v", problems)
			}
		})
	}
}

func shown(all map[string][]memberLine) string {
	var parts []string
	for _, name := range sortedKeys(all) {
		var list []string
		for _, m := range all[name] {
			list = append(list, strings.TrimSpace(strings.TrimPrefix(m.text(), "    BalancerMember")))
		}
		parts = append(parts, name+": "+strings.Join(list, " | "))
	}
	return strings.Join(parts, "; ")
}

// Whatever is in a file, its text has the balancers it names and their members,
// nothing else.
func FuzzMembers(f *testing.F) {
	f.Add([]byte("app:\n - http://a:1\n - url: http://b\n   loadfactor: 2\n"))
	f.Add([]byte(`{"a": ["http://x status=+H", {"url": "ajp://y", "route": "</Proxy>\n"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		all, _, err := parseMembers(text)
		if err != nil {
			return
		}
		for name, members := range all {
			p := balancerPiece("p/", name, members)
			r := syntax.NewReader("x", p.Config)
			for n := 0; ; n++ {
				l, ok, err := r.Next()
				if err != nil {
					t.Fatalf("%v\n%s", err, p.Config)
				}
				if !ok {
					if n != len(members)+2 {
						t.Fatalf("%d lines for %d members:\n%s", n, len(members), p.Config)
					}
					break
				}
				h := syntax.SplitHead(l.Text)
				switch {
				case n == 0 && h.Kind == syntax.Open, n == len(members)+1 && h.Kind == syntax.Close:
				case n > 0 && n <= len(members) && h.Kind == syntax.Directive && h.Name == "BalancerMember" && syntax.Words(h.Args)[0] == members[n-1].url:
				default:
					t.Fatalf("line %d:\n%s", n+1, p.Config)
				}
			}
		}
	})
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
