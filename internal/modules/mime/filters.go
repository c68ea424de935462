package mime

import (
	"bytes"
	"maps"
	"slices"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/module"
)

// filterRows are AddOutputFilter and AddInputFilter.
func filterRows(kinds module.FilterKinds) []directive.Row {
	return []directive.Row{
		{
			Name: "AddOutputFilter",
			When: func(c *directive.Call) (directive.Tier, string) { return kinds.JudgeOutput(c, c.Arg(0)) },
			Set: add(func(e *extension, _ *directive.Call, value string) {
				e.output = kinds.Outputs(value)
			}),
		},
		{
			Name: "AddInputFilter",
			When: func(c *directive.Call) (directive.Tier, string) { return kinds.JudgeInput(c, c.Arg(0)) },
			Set:  add(func(e *extension, _ *directive.Call, value string) { e.input = kinds.Inputs(value) }),
		},
	}
}

// byExtension says for which extensions a filter is named.
type byExtension map[string]bool

// chosen lists the filters that extensions name, with the extensions of each.
func chosen(c *conf, of func(extension) []module.FilterKind) (kinds []module.FilterKind, exts map[string]byExtension) {
	exts = make(map[string]byExtension)
	for _, ext := range slices.Sorted(maps.Keys(c.byName)) {
		for _, k := range of(c.byName[ext]) {
			if exts[k.Name] == nil {
				exts[k.Name] = make(byExtension)
				kinds = append(kinds, k)
			}
			exts[k.Name][ext] = true
		}
	}
	return kinds, exts
}

// addFilters adds the filters that extensions name to the chain.
func addFilters(b *module.Builder, d *module.Dir, c *conf) error {
	kinds, exts := chosen(c, func(e extension) []module.FilterKind { return e.output })
	for _, k := range kinds {
		made, err := k.New(b, d)
		if err != nil {
			return err
		}
		d.AddFilter(k.Rank, module.ByExtension, newOutput(made, exts[k.Name]))
	}
	kinds, exts = chosen(c, func(e extension) []module.FilterKind { return e.input })
	for _, k := range kinds {
		made, err := k.NewInput(b, d)
		if err != nil {
			return err
		}
		d.AddInput(k.InputRank, module.ByExtension, &input{made, exts[k.Name]})
	}
	return nil
}

// apply reports whether the file of x, or the target at a backend, has one of the
// extensions.
func (b byExtension) apply(x *exchange.Exchange) bool {
	name, _, _ := bytes.Cut(x.Filename, []byte("?"))
	if f := x.File(); f != nil {
		if name = f.Name; f.Mode.IsDir() {
			return false
		}
	}
	name = bytes.TrimLeft(name[bytes.LastIndexByte(name, '/')+1:], ".")
	_, rest, more := bytes.Cut(name, []byte("."))
	for more {
		var ext []byte
		ext, rest, more = bytes.Cut(rest, []byte("."))
		var buf [maxExtension]byte
		if len(ext) == 0 || len(ext) > maxExtension {
			continue
		}
		lower := buf[:copy(buf[:], ext)]
		ascii.LowerBytes(lower)
		if b[string(lower)] {
			return true
		}
	}
	return false
}

// output is a filter that takes part only in responses for files with some
// extensions. It implements exchange.Filter.
type output struct {
	exchange.Filter
	exts byExtension
}

func newOutput(made exchange.Filter, exts byExtension) exchange.Filter {
	o := &output{made, exts}
	if e, ok := made.(exchange.Encoder); ok {
		return &encoder{o, e}
	}
	return o
}

// encoder is an output that encodes. It implements exchange.Encoder.
type encoder struct {
	*output
	inner exchange.Encoder
}

// Offer implements exchange.Encoder.
func (e *encoder) Offer(x *exchange.Exchange) int {
	if !e.exts.apply(x) {
		return 0
	}
	return e.inner.Offer(x)
}

// Makes implements exchange.Maker.
func (o *output) Makes(x *exchange.Exchange) bool {
	m, ok := o.Filter.(exchange.Maker)
	return ok && o.exts.apply(x) && m.Makes(x)
}

// Head implements exchange.Filter.
func (o *output) Head(x *exchange.Exchange, s *exchange.Slot) (exchange.Effect, error) {
	if !o.exts.apply(x) {
		return exchange.Declines, nil
	}
	return o.Filter.Head(x, s)
}

// input is a filter of request bodies that takes part only in requests for files with some extensions. It implements
// exchange.InputFilter.
type input struct {
	exchange.InputFilter
	exts byExtension
}

// Begin implements exchange.InputFilter.
func (i *input) Begin(x *exchange.Exchange, s *exchange.Slot) (exchange.Effect, error) {
	if !i.exts.apply(x) {
		return exchange.Declines, nil
	}
	return i.InputFilter.Begin(x, s)
}
