package labels

import "strconv"

// read reads the labels of containers, the oldest first.
func (t *translation) read(containers []*Container) {
	for _, c := range containers {
		t.uses(owns, "container", shown(c.Name))
		fs, ok := t.fieldsOf(c)
		if !ok {
			continue
		}
		t.looked = append(t.looked, fs)
		if t.readOwn(fs) {
			continue
		}
		switch {
		case fs.hasTraefik():
			t.readTraefik(fs)
		case t.o.ExposeAll && len(fs.all) == 0:
			t.exposeBare(fs)
		case fs.get("headgate.enable") != nil:
			t.addOwn(fs, &ownMapping{scheme: "http"})
		}
	}
}

// String writes a rule so that two with the same text are the same.
func (n *node) String() string {
	if n == nil {
		return ""
	}
	s := "(" + strconv.Itoa(int(n.op)) + strconv.Quote(n.a) + strconv.Quote(n.b)
	for _, k := range n.kids {
		s += k.String()
	}
	return s + ")"
}
