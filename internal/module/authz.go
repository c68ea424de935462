package module

import (
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/syntax"
)

// Verdict is the result of an authorization.
type Verdict uint8

// The verdicts. The zero Verdict denies.
const (
	Denied    Verdict = iota
	Granted           // allowed
	Neutral           // no opinion
	NeedsUser         // denied, but knowing the user might change that
	Broken            // it could not be determined; the request fails
)

var verdictNames = [...]string{Denied: "denied", Granted: "granted", Neutral: "neutral", NeedsUser: "needs user", Broken: "broken"}

// String is the word for people.
func (v Verdict) String() string { return verdictNames[v] }

// AuthzCheck is one compiled Require line.
type AuthzCheck interface {
	// Check judges x. It does not allocate where it grants.
	Check(x *exchange.Exchange) Verdict
}

// AuthzProvider is a kind of authorization: the word after Require.
type AuthzProvider struct {
	Name string // matched by case, as in httpd

	// Parse compiles the text after the name, as written. Its error is httpd's.
	Parse func(c *directive.Call, line string) (AuthzCheck, error)
}

// RequireWords splits the text after a provider's name, up to the first empty
// word, as httpd's providers do.
func RequireWords(line string) (words []string) {
	for {
		var w string
		if w, line = syntax.Word(line); w == "" {
			return words
		}
		words = append(words, w)
	}
}

// RequireList is the words after a provider's name, which may be expressions.
type RequireList struct {
	words []string
	line  *expr.String // nil: words are all
	evals exchange.Evaluator
}

// ParseRequireList compiles what follows a provider's name.
func ParseRequireList(c *directive.Call, line string) (*RequireList, error) {
	s, err := expr.ParseString(line, expr.Options{})
	if err != nil {
		return nil, c.Errorf("Cannot parse expression in require line: %w", err)
	}
	if text, ok := s.Literal(); ok {
		return &RequireList{words: RequireWords(text)}, nil
	}
	return &RequireList{line: s}, nil
}

// Words returns the words for x. The error is that of an expression.
func (l *RequireList) Words(x *exchange.Exchange) ([]string, error) {
	if l.line == nil {
		return l.words, nil
	}
	text, err := l.evals.String(l.line, x)
	return RequireWords(string(text)), err
}

// Literal returns the words where no expression is among them.
func (l *RequireList) Literal() (words []string, ok bool) { return l.words, l.line == nil }

// AuthzBinder is an AuthzCheck that depends on the merged configuration of the
// sections it is asked in: Bind returns the check for one combination of them.
type AuthzBinder interface {
	AuthzCheck
	Bind(b *Builder, d *Dir) (AuthzCheck, error)
}

// Satisfier is a step of Chain.Access that implements Satisfy Any:
// mod_access_compat's, which comes before mod_authz_core's.
type Satisfier interface {
	exchange.Step
	// Satisfied reports that Satisfy Any applies to x and the address is
	// allowed, so that Require is not checked.
	Satisfied(x *exchange.Exchange) bool
	// SatisfiesAll reports that Satisfied is true for every client, for at least one
	// method.
	SatisfiesAll() bool
}

// Deny makes the fault of a request that access control refuses. name is the
// module, without mod_; by is the rule with its position.
func Deny(x *exchange.Exchange, cause fault.Cause, name, id, by string) *fault.Fault {
	return &fault.Fault{
		Side: fault.Client, Module: name, Phase: fault.Map, Kind: fault.Denied, Cause: cause, Status: 403, ID: id,
		Detail: "client denied by " + by + ": " + Target(x),
	}
}

// Target names the target of a request in messages: its file or backend URL,
// else its path.
func Target(x *exchange.Exchange) string {
	if len(x.Filename) > 0 {
		return string(x.Filename)
	}
	return "uri " + string(x.Path)
}
