package labels

import "slices"

// catalog has the middlewares of all containers, the oldest first. A group takes from it what other groups define: a
// middleware is the same for everybody, so that its users need not be translated together.
type catalog struct {
	byKey map[mwKey][]*middleware
}

// mwKey is the name of a middleware in a scope, or everywhere.
type mwKey struct {
	serviceKey
	everywhere bool
}

// draw is what a translation was told about a middleware.
type draw struct {
	key mwKey
	mw  *middleware // nil: there was none
}

func (k *catalog) oldest(key mwKey) *middleware {
	if list := k.byKey[key]; len(list) > 0 {
		return list[0]
	}
	return nil
}

func (k *catalog) add(defined []*middleware) {
	for _, mw := range defined {
		for _, key := range mw.keys() {
			list := k.byKey[key]
			at, _ := slices.BinarySearchFunc(list, mw, olderMiddleware)
			k.byKey[key] = slices.Insert(list, at, mw)
		}
	}
}

func (k *catalog) remove(defined []*middleware) {
	for _, mw := range defined {
		for _, key := range mw.keys() {
			list := slices.DeleteFunc(k.byKey[key], func(o *middleware) bool { return o == mw })
			if len(list) == 0 {
				delete(k.byKey, key)
				continue
			}
			k.byKey[key] = list
		}
	}
}

func olderMiddleware(a, b *middleware) int { return byAge(a.c, b.c) }

func (mw *middleware) keys() [2]mwKey {
	return [2]mwKey{inScope(mw.c, mw.name), everywhere(mw.name)}
}

func inScope(c *Container, name string) mwKey { return mwKey{serviceKey: serviceKey{c.scope(), name}} }

func everywhere(name string) mwKey { return mwKey{serviceKey{name: name}, true} }

// middleware looks a middleware up, and notes what was found. A translation that is for the definitions of a container alone
// finds none.
func (t *translation) middleware(key mwKey) *middleware {
	if t.all == nil {
		return nil
	}
	mw := t.all.oldest(key)
	t.drawn = append(t.drawn, draw{key, mw})
	return mw
}
