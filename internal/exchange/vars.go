package exchange

import "github.com/headgate/headgate/internal/ascii"

// Vars is a small ordered table of named values: the request environment or the
// notes of an exchange. Names ignore case, and keep the case they were first
// set in (httpd: apr_table). The zero value is empty; Reset keeps its capacity,
// so setting a variable does not allocate.
type Vars struct {
	list []Var
}

// Var is one entry. Value is borrowed like everything of an exchange.
type Var struct {
	Name  string
	Value []byte
}

// Reset empties the table.
func (v *Vars) Reset() { v.list = v.list[:0] }

// Get returns a value and whether it is set.
func (v *Vars) Get(name string) ([]byte, bool) {
	for i := range v.list {
		if v.list[i].is(name) {
			return v.list[i].Value, true
		}
	}
	return nil, false
}

// Has reports whether a variable is set.
func (v *Vars) Has(name string) bool { _, ok := v.Get(name); return ok }

// Len returns the number of variables that are set.
func (v *Vars) Len() int { return len(v.list) }

// Set sets a variable; nil becomes empty.
func (v *Vars) Set(name string, value []byte) {
	if value == nil {
		value = []byte{}
	}
	for i := range v.list {
		if v.list[i].is(name) {
			v.list[i].Value = value
			return
		}
	}
	v.list = append(v.list, Var{name, value})
}

// Unset removes a variable.
func (v *Vars) Unset(name string) {
	for i := range v.list {
		if v.list[i].is(name) {
			v.list = append(v.list[:i], v.list[i+1:]...)
			return
		}
	}
}

// All returns the entries in the order they were set; do not keep the slice.
func (v *Vars) All() []Var { return v.list }

// is reports whether the entry has a name. Most names differ in their length, which
// is looked at first: a request asks for many variables that are not set.
func (v *Var) is(name string) bool { return len(v.Name) == len(name) && ascii.EqualFold(v.Name, name) }
