package module

import (
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
)

// FilterKind is a filter that configurations call by its name, as in
// SetOutputFilter. A name may be that of a response filter, of a filter of
// request bodies, or of both.
type FilterKind struct {
	Name string     // as httpd registers it; case is ignored
	Rank FilterRank // of the response filter
	// New makes the response filter for one combination of sections; nil: there is
	// none of this name.
	New func(b *Builder, d *Dir) (exchange.Filter, error)
	// NewInput makes the filter of request bodies; nil: there is none.
	NewInput  func(b *Builder, d *Dir) (exchange.InputFilter, error)
	InputRank FilterRank // of the filter of request bodies
}

// FilterRank orders filters: lower ones are further from the network. They see a
// response first and a request body last. Filters of one rank keep the order in
// which they are named (httpd: ap_filter_type).
type FilterRank uint8

// httpd's ranks.
const (
	RankResource   FilterRank = 10
	RankContentSet FilterRank = 20
	RankProtocol   FilterRank = 30
	RankTranscode  FilterRank = 40
	RankConnection FilterRank = 50
)

// FilterSource says which kind of directive has named a filter: filters of one
// rank are in the order of their sources.
type FilterSource uint8

// The sources, in httpd's order.
const (
	ByExtension FilterSource = iota // AddOutputFilter, AddInputFilter (httpd: type checkers come before filters are inserted)
	BySection                       // SetOutputFilter, SetInputFilter
	ByChain                         // FilterChain, AddOutputFilterByType
)

// FilterKinds are the filters that configurations can name.
type FilterKinds []FilterKind

// Output returns the response filter with a name.
func (k FilterKinds) Output(name string) (FilterKind, bool) {
	return k.find(func(f FilterKind) bool { return f.New != nil && ascii.EqualFold(f.Name, name) })
}

// Input returns the filter of request bodies with a name.
func (k FilterKinds) Input(name string) (FilterKind, bool) {
	return k.find(func(f FilterKind) bool { return f.NewInput != nil && ascii.EqualFold(f.Name, name) })
}

func (k FilterKinds) find(is func(FilterKind) bool) (FilterKind, bool) {
	if i := slices.IndexFunc(k, is); i >= 0 {
		return k[i], true
	}
	return FilterKind{}, false
}

// FilterNames are the names in an argument such as INFLATE;DEFLATE.
func FilterNames(arg string) (names []string) {
	for name := range strings.SplitSeq(arg, ";") {
		if name != "" { // httpd: empty ones are skipped
			names = append(names, name)
		}
	}
	return names
}

// JudgeOutput says what is done about a directive that names response filters.
func (k FilterKinds) JudgeOutput(c *directive.Call, arg string) (directive.Tier, string) {
	return judge(c, arg, k.Output)
}

// JudgeInput says what is done about a directive that names filters of request
// bodies.
func (k FilterKinds) JudgeInput(c *directive.Call, arg string) (directive.Tier, string) {
	return judge(c, arg, k.Input)
}

func judge(c *directive.Call, arg string, find func(string) (FilterKind, bool)) (directive.Tier, string) {
	var missing []string
	for _, name := range FilterNames(arg) {
		if _, ok := find(name); !ok {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return directive.Honoured, ""
	}
	return directive.WithoutFilters(c, missing)
}

// Outputs returns those response filters of an argument that exist, in the
// order in which it names them.
func (k FilterKinds) Outputs(arg string) []FilterKind { return pick(arg, k.Output) }

// Inputs is Outputs for filters of request bodies.
func (k FilterKinds) Inputs(arg string) []FilterKind { return pick(arg, k.Input) }

func pick(arg string, find func(string) (FilterKind, bool)) []FilterKind {
	list := []FilterKind{}
	for _, name := range FilterNames(arg) {
		if f, ok := find(name); ok {
			list = append(list, f)
		}
	}
	return list
}

// place is where a filter is in its chain.
type place struct {
	rank   FilterRank
	source FilterSource
}

// put returns the index for a filter behind those of a lower place and of its
// own, and the places with its own inserted.
func put(list []place, p place) (int, []place) {
	i, _ := slices.BinarySearchFunc(list, p, func(have, want place) int {
		if have.rank < want.rank || have.rank == want.rank && have.source <= want.source {
			return -1
		}
		return 1
	})
	return i, slices.Insert(list, i, p)
}

// AddFilter adds a response filter to the chain, in its place.
func (d *Dir) AddFilter(rank FilterRank, source FilterSource, f exchange.Filter) {
	var i int
	i, d.outputs = put(d.outputs, place{rank, source})
	d.Chain.Filters = slices.Insert(d.Chain.Filters, i, f)
}

// AddInput adds a filter of request bodies to the chain, in its place.
func (d *Dir) AddInput(rank FilterRank, source FilterSource, f exchange.InputFilter) {
	var i int
	i, d.inputs = put(d.inputs, place{rank, source})
	d.Chain.Inputs = slices.Insert(d.Chain.Inputs, i, f)
}
