package discover

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/headgate/headgate/internal/ascii"
)

// memberLine is one member of a balancer as a file names it.
type memberLine struct {
	url    string
	params []string // key=value
}

// parseMembers reads a file: JSON or YAML, a mapping of the names of balancers to
// lists of members. A member is a text, "URL key=value ...", or a mapping with url
// and the other parameters of BalancerMember.
func parseMembers(text []byte) (map[string][]memberLine, []Problem, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, nil, nil
	}
	var raw balancers
	if err := yaml.Unmarshal(text, &raw); err != nil {
		return nil, nil, errors.New(strings.ReplaceAll(strings.TrimPrefix(err.Error(), "yaml: "), "\n", " "))
	}
	out := map[string][]memberLine{}
	var problems []Problem
	for name, list := range raw {
		folded := ascii.ToLower(name)
		if !isHost(folded) {
			problems = append(problems, Problem{Subject: fmt.Sprintf("%.80q", name), Text: "is not the name of a balancer"})
			continue
		}
		for _, m := range list {
			line, err := m.line()
			if err != nil {
				problems = append(problems, Problem{Subject: "member of " + folded, Text: err.Error()})
				continue
			}
			out[folded] = append(out[folded], line)
		}
		if out[folded] == nil {
			out[folded] = []memberLine{}
		}
	}
	slices.SortFunc(problems, func(a, b Problem) int { return strings.Compare(a.Subject+a.Text, b.Subject+b.Text) })
	return out, problems, nil
}

// balancers are the names of a file, with their members.
type balancers map[string]memberList

// UnmarshalYAML implements yaml.Unmarshaler.
func (b *balancers) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: the file must be a mapping of names of balancers to lists of members", n.Line)
	}
	return n.Decode((*map[string]memberList)(b))
}

// memberList is the members of a balancer.
type memberList []member

// UnmarshalYAML implements yaml.Unmarshaler.
func (l *memberList) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.SequenceNode {
		return fmt.Errorf("line %d: the members of a balancer must be a list", n.Line)
	}
	return n.Decode((*[]member)(l))
}

// member is one member before it is judged.
type member struct {
	text  string
	pairs [][2]string
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (m *member) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	switch n.Kind {
	case yaml.ScalarNode:
		m.text = n.Value
		return nil
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			k, v := n.Content[i], n.Content[i+1]
			if k.Kind != yaml.ScalarNode || v.Kind != yaml.ScalarNode {
				return fmt.Errorf("line %d: a member has texts and numbers only", n.Line)
			}
			m.pairs = append(m.pairs, [2]string{k.Value, v.Value})
		}
		return nil
	}
	return fmt.Errorf("line %d: a member is a text or a mapping", n.Line)
}

// line judges a member. What its parameters mean is judged when the text is
// compiled; here they only must not be anything else than parameters.
func (m *member) line() (memberLine, error) {
	var out memberLine
	if m.pairs == nil {
		for i, w := range strings.Fields(m.text) {
			if i == 0 {
				out.url = w
				continue
			}
			out.params = append(out.params, w)
		}
	}
	for _, p := range m.pairs {
		if ascii.EqualFold(p[0], "url") {
			out.url = p[1]
			continue
		}
		out.params = append(out.params, p[0]+"="+p[1])
	}
	if err := judgeURL(out.url); err != nil {
		return out, err
	}
	for _, p := range out.params {
		key, value, ok := strings.Cut(p, "=")
		if !ok || !isWord(key) || !plain(value) || value == "" {
			return out, fmt.Errorf("%s: %.80q is not a parameter: want key=value, without quotes, blanks and backslashes", out.url, p)
		}
	}
	return out, nil
}

func judgeURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" || u.Host == "" || u.Scheme == "balancer" || u.User != nil || len(text) > 1000 || !plain(text) {
		return fmt.Errorf("%.200q is not the URL of a member", text)
	}
	return nil
}

// plain reports whether a text means itself in a word of a configuration.
func plain(s string) bool {
	for _, c := range []byte(s) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte("\"'\\<>", c) >= 0 {
			return false
		}
	}
	return !strings.Contains(s, "${")
}

func isWord(s string) bool {
	for _, c := range []byte(s) {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_') {
			return false
		}
	}
	return s != ""
}

// text is the member as a directive.
func (m memberLine) text() string {
	return strings.Join(append([]string{"    BalancerMember", m.url}, m.params...), " ") + "\n"
}

// jsonOnly reports whether a file's name says that it is JSON and its text is not:
// YAML would accept it, and mean something else.
func jsonOnly(name string, text []byte) bool {
	return strings.HasSuffix(ascii.ToLower(name), ".json") && len(bytes.TrimSpace(text)) > 0 && !json.Valid(text)
}
