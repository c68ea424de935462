package forward

// Handlers are the handlers of the workers that are defined. They do not change once the
// servers are built. The zero value has none.
type Handlers struct {
	own   map[*Definition]*Handler
	outer *Handlers // of the files, for servers that were discovered; nil: none
}

// Inner returns an empty Handlers beside h, whose handlers it has too.
func (h *Handlers) Inner() *Handlers { return &Handlers{outer: h} }

// Of returns the handler of a worker; nil: there is none.
func (h *Handlers) Of(d *Definition) *Handler {
	for ; h != nil; h = h.outer {
		if one := h.own[d]; one != nil {
			return one
		}
	}
	return nil
}

// Add adds the handler of a worker.
func (h *Handlers) Add(d *Definition, one *Handler) {
	if h.own == nil {
		h.own = make(map[*Definition]*Handler)
	}
	h.own[d] = one
}
