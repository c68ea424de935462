package syntax

// Parse reads text as one file without executing anything: conditional sections
// and macros become sections like all others.
func Parse(file, text string) (*Node, []Diagnostic) {
	var faults []Diagnostic
	report := func(d Diagnostic) { faults = append(faults, d) }
	root := &Node{Pos: Pos{File: file}, Section: true}
	b, r := NewBuilder(root, report), NewReader(file, text)
	for {
		l, ok, err := r.Next()
		if err != nil {
			report(Diagnostic{Pos: l.Pos, Text: err.Error()})
			b.Excuse()
			break
		}
		if !ok {
			break
		}
		switch h := ParseHead(l.Text); h.Kind {
		case Directive:
			b.Add(&Node{Pos: l.Pos, Name: h.Name, Args: h.Args})
		case Open:
			b.Open(h, l.Site())
		case Close:
			b.Close(h, l.Site())
		}
	}
	b.Finish(func(string, Site) {})
	return root, faults
}
