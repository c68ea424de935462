package proxy

import "github.com/headgate/headgate/internal/module"

// build makes the workers that a server defines, with their handlers. owner
// names the server. One whose scheme has no protocol is left out: it matters
// only where a rule leads to it.
func (c *shared) build(b *module.Builder, st *site, owner string) error {
	for _, d := range st.conf.Workers.Own() {
		if c.handlers[d] != nil || c.backends.Protocol(d.URL.Scheme) == nil {
			continue
		}
		h, err := c.backends.Handler(owner, d.URL, &d.Params, st.conf.defaults())
		if err != nil {
			return err
		}
		if err := b.AddWorker(&h.Worker); err != nil {
			return err
		}
		c.handlers[d] = h
	}
	return nil
}
