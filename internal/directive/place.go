package directive

// misplaced judges whether row is allowed directly inside s. The text is httpd's
// complaint, "" when it is allowed. handler tells the two kinds of complaint
// apart: one is made before the arguments are read, the other (from the
// directive's own function) after.
//
// httpd: invoke_cmd checks the class of the context (server, section, Require
// container) against req_override; the directive's function calls
// ap_check_cmd_context for the finer rules (GLOBAL_ONLY, NOT_IN_LOCATION).
func misplaced(row *Row, s *Scope) (text string, handler bool) {
	if a := s.Within(KindAccess); a != nil {
		return misplacedIn(a, row, s)
	}
	here := s.place()
	class := DirConfig
	switch {
	case here&DirConfig != 0 && row.Where&DirConfig == Proxy:
		// httpd: PROXY_CONF holds for everything inside <Proxy>, nested sections included.
		if s.Within(KindProxy, KindProxyMatch) != nil {
			return "", false
		}
		class = 0
	case here&ServerConfig != 0:
		class = ServerConfig
	case here == Authz:
		class = Authz
	}
	if row.Where&class == 0 {
		if s.Kind == KindMain {
			return row.head() + " not allowed here", false
		}
		return row.head() + " not allowed in " + s.head + "> context", false
	}
	return forbidden(row, s, here)
}

// forbidden judges the finer rules about the sections around a directive.
func forbidden(row *Row, s *Scope, here Where) (text string, handler bool) {
	for ; s != nil && s.Kind != KindAccess; s = s.Parent {
		if s.Kind == KindContainer || s.Kind.Server() && here&ServerConfig == 0 {
			continue
		}
		if place := kinds[s.Kind].place; place != Authz && row.Where&place == 0 {
			if s.Kind == KindMain { // ours: only in a <VirtualHost>, as no directive of httpd is
				return row.head() + " not allowed here: it is for a <VirtualHost>", false
			}
			return row.Name + " cannot occur within " + forbiddenName(s) + " section", true
		}
		if s.Kind.Server() {
			break
		}
	}
	return "", false
}

// forbiddenName is the name of a forbidden section in messages.
func forbiddenName(s *Scope) string {
	switch kinds[s.Kind].place {
	case Limit:
		return "<Limit> or <LimitExcept>"
	case VHost:
		return "<VirtualHost>"
	}
	return s.head + ">"
}
