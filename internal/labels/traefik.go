package labels

type middleware struct{}
type pendingRouter struct{}

func (t *translation) readTraefik(fs *fields) {}
func (t *translation) resolve()               {}
