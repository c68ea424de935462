package worker

// Full says that a request would have to wait for a connection now: as many as
// max= allows are in use.
func (w *Worker) Full() bool {
	s := w.State
	return w.Max > 0 && !s.shares && s.slots.open.Load() >= int64(w.Max) && s.Busy.Load() >= int64(w.Max)
}
