package manage

import (
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/proxy/param"
)

// Lines returns the directives that would make permanent what was changed at run
// time of a balancer, with comments that say what they replace; of all balancers
// that a server has, for "". nil: nothing was changed.
func (m *Manager) Lines(server, balancer string) (out []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.catalog.server(server)
	if n == nil {
		return nil
	}
	for _, s := range n.has {
		if balancer == "" || s.name() == strings.TrimPrefix(balancer, scheme) {
			out = append(out, m.lines(s)...)
		}
	}
	return out
}

func (m *Manager) lines(s *subject) (out []string) {
	own := m.overrides.of(s.key, "")
	var words []string
	for i := range balancerFields {
		o, ok := own[balancerFields[i].name]
		switch {
		case !ok:
		case slices.Contains(balancerFields[i].none, o.Value) && o.Value != "-" && balancerFields[i].name != "stickysession":
			out = append(out, "# without "+balancerFields[i].name+"= of "+scheme+s.name())
		default:
			words = append(words, quoted(balancerFields[i].name, o.Value))
		}
	}
	if len(words) > 0 {
		out = append(out, "ProxySet "+scheme+s.name()+" "+strings.Join(words, " "))
	}
	for _, one := range s.Members {
		if changed := m.overrides.of(s.key, one.URL); len(changed) > 0 {
			out = append(out, "# instead of "+one.Place, s.line(one.URL, changedSettings(&one, changed)))
		}
	}
	if o := m.overrides[s.key]; o != nil {
		for _, a := range o.added {
			was := ConfiguredMember{URL: a.URL, Params: s.memberParams(a.URL), Settings: a.Settings}
			out = append(out, s.line(a.URL, changedSettings(&was, o.members[a.URL])))
		}
		for _, r := range o.removed {
			if c := s.configured(r.URL); c != nil {
				out = append(out, "# without "+c.Place+": "+s.said(c))
			}
		}
	}
	if len(out) > 0 && s.server != "" {
		out = append([]string{"# in the <VirtualHost> of " + s.server}, out...)
	}
	return out
}

// line is the directive of a member.
func (s *subject) line(url string, settings []param.Setting) string {
	words := []string{"BalancerMember", scheme + s.name(), url}
	for _, set := range settings {
		words = append(words, quoted(set.Key, set.Value))
	}
	return strings.Join(words, " ")
}

// quoted is a setting as a word of a directive.
func quoted(key, value string) string {
	word := key + "=" + value
	if strings.ContainsAny(word, " \t\"'\\") {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(word) + `"`
	}
	return word
}

// changedSettings are the settings of a member's directive with what was changed.
func changedSettings(one *ConfiguredMember, changed map[string]override) (out []param.Setting) {
	values := make(map[string]string)
	set, clear := one.Params.Status, one.Params.StatusCleared
	flags := false
	for name, o := range changed {
		letter, ok := flagOf(name)
		if !ok {
			values[name] = o.Value
			continue
		}
		flags = true
		flag := param.StatusOf(letter)
		set, clear = set&^flag, clear&^flag
		if o.Value[0] == '+' {
			set |= flag
		}
	}
	if flags {
		values[status] = statusText(set, clear)
	}
	for _, old := range one.Settings {
		key := ascii.ToLower(old.Key)
		value, again := values[key]
		switch {
		case !again:
			out = append(out, old)
		case value != "":
			out = append(out, param.Setting{Key: key, Value: value})
		}
		if again {
			values[key] = "" // once
		}
	}
	for _, name := range append(fieldNames(memberFields[:]), status) {
		if v := values[name]; v != "" {
			out = append(out, param.Setting{Key: name, Value: v})
		}
	}
	return out
}

// statusText is status= for flags to set and to clear; "": none.
func statusText(set, clear param.Status) (out string) {
	for flag := param.Status(1); flag != 0; flag <<= 1 {
		if letter := flag.Letter(); letter != 0 && (set|clear)&flag != 0 {
			out += flagText(letter, set&flag != 0)
		}
	}
	return out
}
