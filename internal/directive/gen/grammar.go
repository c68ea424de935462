package main

import (
	"regexp"
	"strings"
)

// terms are the manual's words for arguments and our shorter ones.
var terms = strings.NewReplacer(
	"directory-path", "dir", "file-path", "file", "env-variable", "var", "directory-filename", "dir",
	"On|Off", "on|off", "ON|OFF", "on|off", "Off|On", "off|on", "MIME-type", "type", "media-type", "type",
	"MIME-encoding", "encoding", "URL-path", "path", "url-path", "path", "provider-name", "provider",
	"filter-name", "filter", "handler-name", "handler", "number-of-bytes", "bytes", "email-address", "address",
	"proxy-ip", "address", "parameter-name", "name", "parameter-value", "value",
)

// again finds "thing [thing] ..." and its relatives.
var again = regexp.MustCompile(`(\S+) \[\s*(\S+?)(?: ?\.\.\.)?\s*\] ?(?:\.\.\.)?$`)

// grammar shortens the manual's syntax line to one line of usage.
func grammar(syntax string) string {
	s := strings.Join(strings.Fields(strings.ReplaceAll(syntax, "<code>", "")), " ")
	s = terms.Replace(s)
	if m := again.FindStringSubmatchIndex(s); m != nil {
		one, other := s[m[2]:m[3]], s[m[4]:m[5]]
		if one == other || strings.TrimPrefix(one, "[") == other {
			s = s[:m[2]] + one + " ..."
		}
	}
	return s
}

// placeholders stand for the arguments of a shape where no manual names them.
var placeholders = map[string]string{
	"NO_ARGS": "", "TAKE1": " value", "TAKE2": " a b", "TAKE12": " a [b]", "TAKE3": " a b c", "TAKE23": " a b [c]",
	"TAKE123": " a [b [c]]", "TAKE13": " a [b c]", "ITERATE": " value ...", "ITERATE2": " key value ...", "FLAG": " on|off",
	"RAW_ARGS": " ...", "TAKE_ARGV": " ...",
}

// finish fills the fields that no source set.
func (d *directive) finish() {
	first(&d.args, "RAW_ARGS")
	if strings.HasPrefix(d.name, "<") && !strings.HasSuffix(d.name, "*") && !strings.HasSuffix(d.name, ">") {
		d.name += ">"
	}
	if n := len(d.name); len(d.usage) > n && strings.EqualFold(d.usage[:n], d.name) {
		d.usage = d.name + d.usage[n:]
	}
	if d.usage == "" && !strings.HasSuffix(d.name, "*") {
		d.usage = d.name + placeholders[d.args]
		if section, ok := strings.CutPrefix(d.name, "<"); ok {
			section = strings.TrimSuffix(section, ">")
			d.usage = "<" + section + " ...> ... </" + section + ">"
		}
	}
}
