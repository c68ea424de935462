package proxy

import (
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/proxy/forward"
)

// workersKey is where the built workers are in Builder.Aux.
type workersKey struct{}

// build makes the worker of a definition with its handler, once per snapshot.
// owner names the server whose it is.
func build(b *module.Builder, d *forward.Definition, owner string, st *site) (*forward.Handler, error) {
	built, _ := b.Aux[workersKey{}].(map[*forward.Definition]*forward.Handler)
	if built == nil {
		built = make(map[*forward.Definition]*forward.Handler)
		b.Aux[workersKey{}] = built
	}
	if h := built[d]; h != nil {
		return h, nil
	}
	h, err := st.backends.Handler(owner, d.URL, &d.Params, st.conf.defaults())
	if err != nil {
		return nil, err
	}
	if err := b.AddWorker(&h.Worker); err != nil {
		return nil, err
	}
	built[d] = h
	return h, nil
}
