package info

import (
	"regexp"
	"strings"

	"github.com/headgate/headgate/internal/syntax"
)

// hidden stands for a secret.
const hidden = "*****"

// secretWord is in the names of things whose values are secrets.
const secretWord = `(?:secret|passw(?:or)?d|passphrase|passkey|token|api[-_]?key|private[-_]?key|credential|bindpw|pwd)`

var (
	// scheme://user:password@host; what is behind the last @ of the authority is
	// the host.
	inURL = regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://[^\s/@:"']*:)[^\s/"']*@`)
	// name=value, in parameters, queries and environments.
	assigned = regexp.MustCompile(`(?i)((?:^|[^A-Za-z0-9])[A-Za-z0-9_.-]*` + secretWord + `[A-Za-z0-9_.-]*\s*=\s*)("(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|[^\s&"';,\]]+)`)
	// E=name:value of mod_rewrite.
	rewritten = regexp.MustCompile(`(?i)(\b(?:E|env)=[A-Za-z0-9_.-]*` + secretWord + `[A-Za-z0-9_.-]*:)[^\s,\]"']+`)
	// What an expression compares a secret with.
	compared = regexp.MustCompile(`(?i)(` + secretWord + `[A-Za-z0-9_.-]*'?\)?\}?\s*(?:[=!][=~]|-?(?:eq|ne|lt|gt|le|ge|in|strmatch|strcmatch)\s)\s*)("(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|\S+)`)
	// Credentials of HTTP.
	credentials = regexp.MustCompile(`(?i)\b((?:Basic|Bearer|Negotiate)\s+)[A-Za-z0-9+/_.~-]{8,}=*`)

	// Directives of which all arguments are secret.
	secretDirective = regexp.MustCompile(`(?i)passwd$|password$|bindpassword|passphrase$|secret$|secretkey$|cryptokey`)
	// Directives that name something in one word and its value in later ones, and
	// names whose values are secret there.
	naming     = regexp.MustCompile(`(?i)^(?:Request)?Header$|^SetEnv(?:If(?:NoCase|Expr)?)?$|^RewriteCond$|^BrowserMatch`)
	secretName = regexp.MustCompile(`(?i)^!?(?:%\{[A-Z:]*)?(?:proxy-)?authorization\b|` + secretWord)
)

// mask returns the arguments of a directive without the secrets in them:
// passwords in URLs, and what is given to, or compared with, something whose name
// says that it is a secret.
func mask(directive, args string) string {
	if secretDirective.MatchString(directive) {
		return hidden
	}
	args = inURL.ReplaceAllString(args, "${1}"+hidden+"@")
	args = assigned.ReplaceAllStringFunc(args, func(m string) string { return keepPlain(assigned, m) })
	args = rewritten.ReplaceAllStringFunc(args, func(m string) string { return keepPlain(rewritten, m) })
	args = compared.ReplaceAllStringFunc(args, func(m string) string { return keepPlain(compared, m) })
	args = credentials.ReplaceAllString(args, "${1}"+hidden)
	if naming.MatchString(directive) {
		args = maskNamed(args)
	}
	if throughProxy.MatchString(directive) {
		args = maskThird(args)
	}
	return args
}

// throughProxy are directives whose third word is user:password.
var throughProxy = regexp.MustCompile(`(?i)^ProxyRemote(?:Match)?$`)

// maskThird hides what comes behind the second word.
func maskThird(args string) string {
	rest := args
	for range 2 {
		_, rest = syntax.Word(strings.TrimLeft(rest, " \t"))
	}
	if strings.TrimSpace(rest) == "" {
		return args
	}
	return strings.TrimRight(args[:len(args)-len(rest)], " \t") + " " + hidden
}

// keepPlain hides what is behind the first group of a match, unless it is made of
// references only.
func keepPlain(form *regexp.Regexp, m string) string {
	name := form.FindStringSubmatch(m)[1]
	if onlyReferences(strings.Trim(m[len(name):], `"'`)) {
		return m
	}
	return name + hidden
}

// reference is a value that is taken from elsewhere.
var reference = regexp.MustCompile(`^(?:[A-Za-z_]+=)?(?:\$\d|%\d|%\{[^}]*\}[a-z]?|\$\{[^}]*\}|[\s.^$*+?()]|` + regexp.QuoteMeta(hidden) + `)*$`)

func onlyReferences(v string) bool { return reference.MatchString(v) }

// maskNamed hides the words behind one that names a secret.
func maskNamed(args string) string {
	rest, secret := args, false
	var out strings.Builder
	for {
		trimmed := strings.TrimLeft(rest, " \t")
		out.WriteString(rest[:len(rest)-len(trimmed)])
		if trimmed == "" {
			return out.String()
		}
		word, next := syntax.Word(trimmed)
		written := strings.TrimRight(trimmed[:len(trimmed)-len(next)], " \t")
		space := trimmed[len(written) : len(trimmed)-len(next)]
		switch {
		case secret && !onlyReferences(word) && !strings.HasPrefix(word, "env=") && !strings.HasPrefix(word, "["):
			written = hidden
		case !secret:
			secret = secretName.MatchString(word)
		}
		out.WriteString(written + space)
		rest = next
	}
}
