package logconfig

import (
	"errors"
	"maps"
	"slices"

	"github.com/headgate/headgate/internal/ascii"
)

// Formats are the formats defined by LogFormat in one server or virtual host.
// The zero value has only httpd's built-in "CLF".
type Formats struct {
	named    map[string]string // by nickname in lower case
	fallback string            // TransferLog's format; "" means DefaultFormat
}

// Define applies the arguments of one LogFormat: a format, which becomes
// TransferLog's, or a format and its nickname.
func (f *Formats) Define(args []string) error {
	if _, err := Compile(args[0]); err != nil {
		return err
	}
	if len(args) == 1 {
		f.fallback = args[0]
		return nil
	}
	if f.named == nil {
		f.named = map[string]string{}
	}
	f.named[ascii.ToLower(args[1])] = args[0]
	return nil
}

// Over returns the formats of a virtual host below those of the main server.
func (f Formats) Over(base Formats) Formats {
	out := Formats{named: maps.Clone(base.named), fallback: base.fallback}
	if out.named == nil {
		out.named = map[string]string{}
	}
	maps.Copy(out.named, f.named)
	if f.fallback != "" {
		out.fallback = f.fallback
	}
	return out
}

// Find compiles the format that a CustomLog names: a nickname, a format, or ""
// for TransferLog's. It is called after all directives were read, because a
// nickname may be defined after its use. A Literal format is most likely an
// undefined nickname: worth a warning.
func (f Formats) Find(format string) (*Format, error) { return Compile(f.text(format)) }

// names lists the nicknames, sorted.
func (f Formats) names() []string { return slices.Sorted(maps.Keys(f.named)) }

// text returns the text of the format that Find compiles.
func (f Formats) text(format string) string {
	if format == "" {
		format = f.fallback
	}
	if format == "" {
		format = DefaultFormat
	}
	if text, ok := f.named[ascii.ToLower(format)]; ok {
		return text
	}
	if ascii.EqualFold(format, "CLF") {
		return DefaultFormat
	}
	return format
}

// Custom is one CustomLog, GlobalLog or TransferLog as written.
type Custom struct {
	Dest   string // file, "|program"
	Format string // format or nickname; "" for TransferLog
	Env    string // env=: only when this variable is set
	Not    bool   // env=!: only when it is not
	Expr   string // expr=: only when this expression holds
}

// ParseCustomLog takes the arguments of CustomLog and GlobalLog (destination,
// format, condition) or of TransferLog (destination).
func ParseCustomLog(args []string) (Custom, error) {
	c := Custom{Dest: args[0]}
	if len(args) > 2 {
		if err := c.condition(args[2]); err != nil {
			return c, err
		}
	}
	if len(args) > 1 {
		c.Format = args[1]
		if _, err := Compile(c.Format); err != nil {
			return c, err
		}
	}
	return c, nil
}

func (c *Custom) condition(clause string) error {
	switch {
	case ascii.HasPrefixFold(clause, "env="):
		c.Env = clause[len("env="):]
		if c.Env != "" && c.Env[0] == '!' {
			c.Env, c.Not = c.Env[1:], true
		}
		if c.Env == "" {
			return errors.New("missing environment variable name")
		}
	case ascii.HasPrefixFold(clause, "expr="):
		c.Expr = clause[len("expr="):]
		if c.Expr == "" {
			return errors.New("missing condition")
		}
	default:
		return errors.New("error in condition clause")
	}
	return nil
}
