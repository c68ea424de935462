// Package cipherlist reads lists of cipher suites as OpenSSL writes them
// ("HIGH:!aNULL:ECDHE+AESGCM", openssl-ciphers(1)) and finds the suites of
// crypto/tls among them. crypto/tls has its own order of preference, so the order
// of a list has no effect.
//
// Pure functions; imports ascii.
package cipherlist

import (
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// List is what a list has chosen.
type List struct {
	IDs     []uint16 // suites up to TLS 1.2, as in crypto/tls; never nil
	Missing []string // names of suites that the list asks for and crypto/tls does not have
	Unknown []string // words that OpenSSL does not have either
}

// rule is one element of a list.
type rule struct {
	op    byte // '!', '-', '+' or 0
	words []string
}

// Parse reads a list. Words that OpenSSL would ignore are ignored here too.
func Parse(text string) List {
	in := make([]bool, len(Suites))
	dead := make([]bool, len(Suites))
	out := List{IDs: []uint16{}}
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(":, ;", r) }) {
		r := parseRule(w)
		if len(r.words) == 0 {
			continue // @STRENGTH
		}
		found := false
		for i := range Suites {
			if !Suites[i].matches(r.words) {
				continue
			}
			found = true
			switch r.op {
			case '!':
				in[i], dead[i] = false, true
			case '-':
				in[i] = false
			case 0:
				in[i] = !dead[i]
			}
		}
		if !found && r.op == 0 {
			out.note(w)
		}
	}
	for i, s := range Suites {
		if in[i] {
			out.IDs = append(out.IDs, s.ID)
		}
	}
	return out
}

func parseRule(w string) (r rule) {
	w, _, _ = strings.Cut(w, "@") // HIGH@SECLEVEL=0
	if w == "" {
		return r
	}
	if strings.ContainsRune("!-+", rune(w[0])) {
		r.op, w = w[0], w[1:]
	}
	for part := range strings.SplitSeq(w, "+") {
		if part != "" {
			r.words = append(r.words, ascii.ToLower(part))
		}
	}
	return r
}

// matches reports whether a suite has all words.
func (s *Suite) matches(words []string) bool {
	for _, w := range words {
		if w != "all" && w != "default" && ascii.EqualFold(s.Name, w) {
			continue
		}
		if !slices.Contains(s.marks, w) {
			return false
		}
	}
	return true
}

// note keeps a word that chooses nothing.
func (l *List) note(w string) {
	lower := ascii.ToLower(w)
	for _, k := range gone {
		if strings.Contains(lower, k) {
			l.Missing = append(l.Missing, w)
			return
		}
	}
	l.Unknown = append(l.Unknown, w)
}

// gone are parts of the names of suites and groups that OpenSSL has, or had, and
// crypto/tls has not.
var gone = []string{
	"dhe-", "dh", "edh", "dss", "adh", "null", "psk", "srp", "camellia", "aria", "seed", "idea", "rc2", "rc4", "des", "md5",
	"ccm", "sha384", "sha256", "sha", "exp", "low", "medium", "gost", "fips", "suiteb", "kea", "aes", "poly1305", "eecdh", "tlsv1", "sslv",
}

// Lacking returns the suites of TLS 1.3 that crypto/tls has and a list leaves out, and
// the words of the list that are none of them.
func Lacking(text string) (lacking, unknown []string) {
	var named []string
	for w := range strings.SplitSeq(text, ":") {
		switch {
		case w == "":
		case slices.ContainsFunc(Modern, func(s Suite) bool { return s.Name == w }):
			named = append(named, w)
		default:
			unknown = append(unknown, w)
		}
	}
	for _, s := range Modern {
		if !slices.Contains(named, s.Name) {
			lacking = append(lacking, s.Name)
		}
	}
	return lacking, unknown
}
