package module

// Aux has values that modules pass from Server to Dir, and from one server to the
// next, under their own keys. Dir only reads it, because it is also called while
// requests are served.
type Aux struct {
	own   map[any]any
	outer *Aux // of the files, for a text that was discovered: read only
}

// Get returns the value of a key; of two, that of the part that is being built. nil:
// there is none.
func (a *Aux) Get(key any) any {
	if v, ok := a.own[key]; ok || a.outer == nil {
		return v
	}
	return a.outer.Get(key)
}

// Own returns the value of a key in the part that is being built; nil: there is none.
// What grows with each server is asked for so: what the files have does not change
// with what is discovered.
func (a *Aux) Own(key any) any { return a.own[key] }

// Put sets a value in the part that is being built.
func (a *Aux) Put(key, value any) {
	if a.own == nil {
		a.own = make(map[any]any)
	}
	a.own[key] = value
}
