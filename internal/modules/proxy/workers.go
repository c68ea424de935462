package proxy

import "github.com/headgate/headgate/internal/module"

// build builds the workers that a server defines, and their handlers. owner is the
// server's name. It leaves out workers whose scheme has no protocol: these are an
// error only if a rule uses them.
func (c *shared) build(b *module.Builder, st *site, owner string) error {
	for _, d := range st.conf.Workers.Own() {
		if c.handlers.Of(d) != nil || c.backends.Protocol(d.URL.Scheme) == nil {
			continue
		}
		h, err := c.backends.Handler(owner, d.URL, &d.Params, st.conf.defaults())
		if err != nil {
			return err
		}
		if err := b.AddWorker(&h.Worker); err != nil {
			return err
		}
		c.handlers.Add(d, h)
	}
	return nil
}
