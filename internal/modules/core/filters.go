package core

import (
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/module"
)

// filters are the response filters that SetOutputFilter can name.
type filters []module.FilterKind

// find returns the filter with a name.
func (f filters) find(name string) (module.FilterKind, bool) {
	i := slices.IndexFunc(f, func(k module.FilterKind) bool { return ascii.EqualFold(k.Name, name) })
	if i < 0 {
		return module.FilterKind{}, false
	}
	return f[i], true
}

func (f filters) row() directive.Row {
	return directive.Row{Name: "SetOutputFilter", When: f.when, Set: f.set}
}

// when judges SetOutputFilter by the names of filters that do not exist.
func (f filters) when(c *directive.Call) (directive.Tier, string) {
	var missing []string
	for name := range strings.SplitSeq(c.Arg(0), ";") {
		if _, ok := f.find(name); !ok {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return directive.Honoured, ""
	}
	return directive.WithoutFilters(c, missing)
}

// set applies the filters that exist, which replace those of outer sections.
func (f filters) set(c *directive.Call) error {
	list := []module.FilterKind{}
	for name := range strings.SplitSeq(c.Arg(0), ";") {
		if k, ok := f.find(name); ok {
			list = append(list, k)
		}
	}
	slices.SortStableFunc(list, func(a, b module.FilterKind) int { return int(a.Rank) - int(b.Rank) })
	dirSlot.Of(c.Dir).Filters.To(list)
	return nil
}

// addFilters makes the filters of one combination of sections.
func addFilters(b *module.Builder, d *module.Dir, list []module.FilterKind) error {
	for _, k := range list {
		made, err := k.New(b, d)
		if err != nil {
			return err
		}
		d.Chain.Filters = append(d.Chain.Filters, made)
	}
	return nil
}
