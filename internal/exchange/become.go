package exchange

// Become makes x the request that a look-up has found, which is then not mapped
// again. Method, header fields and body stay (httpd: ap_internal_fast_redirect).
func (x *Exchange) Become(sub *Exchange) {
	x.Path, x.Args, x.HasArgs = sub.Path, sub.Args, sub.HasArgs
	x.Filename, x.stored, x.file = sub.Filename, sub.stored, sub.file
	x.ContextPrefix, x.ContextRoot = sub.ContextPrefix, sub.ContextRoot
	x.HandlerName, x.Mapped, x.Mapping = sub.HandlerName, sub.Mapped, sub.Mapping
	x.Media = sub.Media
	x.Out.Target, x.Out.URL = sub.Out.Target, sub.Out.URL
	x.Chain = sub.Chain
	x.Overlay(sub)
}

// Overlay sets what a look-up has set: variables, notes, and fields of whatever
// response there will be.
func (x *Exchange) Overlay(sub *Exchange) {
	for _, v := range sub.Env.All() {
		x.Env.Set(v.Name, v.Value)
	}
	for _, v := range sub.Notes.All() {
		x.Notes.Set(v.Name, v.Value)
	}
	for i := range sub.Always.Len() {
		f := sub.Always.At(i)
		x.Always.Append(f.ID, f.Name, f.Value)
	}
}
