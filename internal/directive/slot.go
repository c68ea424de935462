package directive

// Slot identifies one type of a module's configuration: an immutable
// package-level value, whose identity is its address.
//
//	var conf = directive.Slot[Conf]{Name: "proxy", New: newConf, Merge: mergeConf}
//
// and in a setter: conf.Of(c.Dir).PreserveHost = c.On.
type Slot[T any] struct {
	Name string

	// New makes the configuration of a scope without any of the module's
	// directives; nil means the zero T.
	New func() *T

	// Merge makes the configuration of a scope inside another one: base is the
	// outer one's, add the inner one's. It must change neither. nil means that
	// add replaces base.
	Merge func(base, add *T) *T
}

// slot is the part of a Slot of any type that Confs needs.
type slot interface {
	name() string
	merge(base, add any) any
}

func (s *Slot[T]) name() string { return s.Name }

func (s *Slot[T]) merge(base, add any) any {
	if s.Merge == nil {
		return add
	}
	return s.Merge(base.(*T), add.(*T))
}

// Of returns the configuration in c and makes it when there is none. It may be
// written to while the configuration is applied, and only if c was not merged
// from others.
func (s *Slot[T]) Of(c *Confs) *T {
	if v, ok := c.find(s); ok {
		return v.(*T)
	}
	v := new(T)
	if s.New != nil {
		v = s.New()
	}
	c.entries = append(c.entries, entry{s, v})
	return v
}

// Peek returns the configuration in c; ok is false when there is none.
func (s *Slot[T]) Peek(c *Confs) (*T, bool) {
	if c == nil {
		return nil, false
	}
	v, ok := c.find(s)
	if !ok {
		return nil, false
	}
	return v.(*T), true
}

// Put sets the configuration in c.
func (s *Slot[T]) Put(c *Confs, v *T) {
	for i := range c.entries {
		if c.entries[i].slot == slot(s) {
			c.entries[i].value = v
			return
		}
	}
	c.entries = append(c.entries, entry{s, v})
}

// Confs is one vector of module configurations: of a server, of a server's
// directives outside of sections, or of one section. It is read only while a
// configuration is built, so a short list is fast enough. The zero Confs is
// empty and ready for use.
type Confs struct {
	entries []entry
}

// entry pairs a slot with its value, which is a *T of that slot.
type entry struct {
	slot  slot
	value any
}

func (c *Confs) find(s slot) (any, bool) {
	for i := range c.entries {
		if c.entries[i].slot == s {
			return c.entries[i].value, true
		}
	}
	return nil, false
}

// Len returns the number of slots in use.
func (c *Confs) Len() int { return len(c.entries) }

// Names lists the slots in use, in the order they were first used.
func (c *Confs) Names() []string {
	names := make([]string, len(c.entries))
	for i := range c.entries {
		names[i] = c.entries[i].slot.name()
	}
	return names
}

// MergeConfs returns the vector of a scope with add inside one with base: slot
// by slot with the slot's Merge. A slot that only one side has is shared, not
// copied, so neither side may be written to afterwards. Either may be nil.
//
// httpd: merge_dir_config and merge_server_config; a module without one is replaced.
func MergeConfs(base, add *Confs) *Confs {
	out := new(Confs)
	if base != nil {
		out.entries = append(out.entries, base.entries...)
	}
	if add == nil {
		return out
	}
	for _, e := range add.entries {
		out.lay(e)
	}
	return out
}

// lay replaces what c has in e's slot.
func (c *Confs) lay(e entry) {
	for i := range c.entries {
		if c.entries[i].slot == e.slot {
			c.entries[i].value = e.slot.merge(c.entries[i].value, e.value)
			return
		}
	}
	c.entries = append(c.entries, e)
}
