package logconfig

import (
	"fmt"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/syntax"
)

// JSONFormat is the word that stands for a JSON object in place of a format. A
// colon and a list of fields may follow: "json:time,status,tenant=%{X-Tenant}i".
const JSONFormat = "json"

// isJSON reports whether a format is JSONFormat or a list of fields.
func isJSON(format string) bool {
	return ascii.EqualFold(format, JSONFormat) || ascii.HasPrefixFold(format, JSONFormat+":")
}

// compileJSON compiles a list of fields: names of jsonFields, "*" for all of them,
// names of tables ("req.X-Tenant"), and "key=" before either or before one directive
// of LogFormat.
func compileJSON(format string) (*Format, error) {
	f := &Format{source: format}
	list := "*"
	if len(format) > len(JSONFormat) {
		list = format[len(JSONFormat)+1:]
	}
	seen := map[string]bool{}
	add := func(key string, it item) error {
		if seen[key] {
			return fmt.Errorf("the field %q occurs twice", key)
		}
		seen[key] = true
		text := string(appendJSONText([]byte(","), key)) + ":"
		if len(f.items) == 0 {
			text = "{" + text[1:]
		}
		f.add(item{text: text})
		f.add(it)
		return nil
	}
	for _, word := range strings.Split(list, ",") {
		if word = strings.TrimSpace(word); word == "*" {
			for i := range jsonFields {
				if err := add(jsonFields[i].name, jsonFields[i].item()); err != nil {
					return nil, err
				}
			}
			continue
		}
		key, it, err := jsonItem(word)
		if err == nil {
			err = add(key, it)
		}
		if err != nil {
			return nil, err
		}
	}
	f.add(item{text: "}"})
	return f, nil
}

// jsonItem reads one word of the list.
func jsonItem(word string) (key string, it item, err error) {
	key, source, named := strings.Cut(word, "=")
	if !named {
		source = word
	}
	if strings.HasPrefix(source, "%") && named {
		inner, rest, err := parseDirective(source[1:])
		if err == nil && rest != "" {
			err = fmt.Errorf("%q is more than one directive", source)
		}
		if err == nil && inner.value == nil {
			inner.value = always(inner.text)
		}
		return key, item{value: quoted(inner.limited()), orig: inner.orig, late: inner.late}, err
	}
	for i := range jsonFields {
		if jsonFields[i].name == source {
			return key, jsonFields[i].item(), nil
		}
	}
	if table, name, ok := strings.Cut(source, "."); ok && name != "" {
		for i := range jsonTables {
			if jsonTables[i].name == table {
				return key, item{value: jsonTables[i].build(name)}, nil
			}
		}
	}
	hint := syntax.DidYouMean(source, jsonNames())
	if hint != "" {
		hint = ", " + hint
	}
	return key, it, fmt.Errorf("no field %q of a JSON log%s", source, hint)
}

func jsonNames() (names []string) {
	for i := range jsonFields {
		names = append(names, jsonFields[i].name)
	}
	return names
}

// item makes the item of a field.
func (f *jsonField) item() item { return item{value: f.value, orig: f.original, late: f.late} }

// limited returns the value with its condition.
func (it *item) limited() value {
	v, only := it.value, it.only
	if only == nil {
		return v
	}
	return func(dst []byte, x *exchange.Exchange) []byte {
		if !only.holds(x.Status) {
			return append(dst, '-')
		}
		return v(dst, x)
	}
}

// quoted makes the text that a directive prints a string; "-" is null.
func quoted(v value) value {
	return func(dst []byte, x *exchange.Exchange) []byte {
		start := len(dst)
		dst = v(dst, x)
		if string(dst[start:]) == "-" {
			return append(dst[:start], null...)
		}
		text := append(x.Arena.Alloc(len(dst)-start), dst[start:]...)
		return appendJSONText(dst[:start], text)
	}
}
