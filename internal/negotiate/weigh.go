package negotiate

import "strings"

// weighType finds the best match of a type: the type itself, with its level, before type/* and */*. httpd:
// set_accept_quality. Without any quality a field that lists */* means it as the last resort.
func (n *negotiation) weighType(v *Variant) {
	q, definite := float32(0), true
	for i := range n.Types {
		r := &n.Types[i]
		before := v.stars
		if !matchType(r, v) || v.stars == before {
			continue
		}
		switch {
		case !n.strict && !n.anyLow && v.stars == 1:
			q = 0.01
		case !n.strict && !n.anyLow && v.stars == 2:
			q = 0.02
		default:
			q = r.Quality
		}
		definite = v.stars == 3
	}
	v.mime = q
	v.definite = v.definite && definite
}

// matchType reports whether a range has the type of v in it, and notes how closely. httpd: mime_match.
func matchType(r *Range, v *Variant) bool {
	switch {
	case strings.HasPrefix(r.Name, "*"):
		v.stars = max(v.stars, 1)
		return true
	case strings.HasSuffix(r.Name, "*") && strings.HasPrefix(v.Type, r.Name[:max(len(r.Name)-2, 0)]):
		v.stars = max(v.stars, 2)
		return true
	case r.Name == v.Type, r.Name == "text/html" && v.isHTML():
		if r.Level >= v.level {
			v.levelMatched, v.stars = v.level, 3
			return true
		}
	}
	return false
}

// weighLanguage finds the quality of the languages of v. httpd: set_language_quality.
func (n *negotiation) weighLanguage(v *Variant) {
	if len(v.Languages) == 0 {
		if !n.strict {
			v.language = n.unlabeled
		}
		return
	}
	if n.Languages == nil {
		v.definite = false
	} else {
		n.matchLanguages(v)
	}
	n.prioritize(v)
}

// matchLanguages takes the best of the matches of each language, which is the longest range that begins it.
func (n *negotiation) matchLanguages(v *Variant) {
	var best, star *Range
	byStar, last := false, float32(0)
	for _, tag := range v.Languages {
		var match *Range
		for i := range n.Languages {
			r := &n.Languages[i]
			if r.Name == "*" {
				if star == nil {
					star = r
				}
				continue
			}
			if strings.HasPrefix(tag, r.Name) && (len(tag) == len(r.Name) || tag[len(r.Name)] == '-') && len(r.Name) > longest(match) {
				match = r
			}
			// A browser that says en-US only will rather have English than nothing.
			if prefix, _, ok := strings.Cut(r.Name, "-"); ok && match == nil && !n.strict && strings.HasPrefix(tag, prefix) {
				last = 0.001
			}
		}
		if best == nil || match != nil && match.Quality > best.Quality {
			best = match
		}
		byStar = byStar || match == nil && star != nil
	}
	if byStar && (best == nil || star.Quality > best.Quality) {
		best, v.definite = star, false
	}
	v.language = last
	if best != nil {
		v.language = best.Quality
	}
}

func longest(r *Range) int {
	if r == nil {
		return 0
	}
	return len(r.Name)
}

// prioritize applies LanguagePriority.
func (n *negotiation) prioritize(v *Variant) {
	force := n.Force
	if force == 0 {
		force = ForcePrefer
	}
	if (force&ForcePrefer == 0 || v.priority >= 0) && (force&ForceFallback == 0 || v.language != 0) {
		return
	}
	place := -1
	for _, tag := range v.Languages {
		for i, p := range n.Priority {
			if strings.HasPrefix(tag, p) {
				if place < 0 || i < place {
					place = i
				}
				break
			}
		}
	}
	switch {
	case place < 0:
	case v.language != 0:
		if force&ForcePrefer != 0 {
			v.priority = place
		}
	case force&ForceFallback != 0:
		v.priority, v.language, v.definite = place, 0.0001, false
	}
}

// weighCharset: what has no charset is in ISO-8859-1 if it is text. httpd: set_charset_quality.
func (n *negotiation) weighCharset(v *Variant) {
	charset := v.Charset
	if n.Charsets == nil {
		v.definite = v.definite && charset == ""
		return
	}
	if charset == "" {
		if n.strict || !strings.HasPrefix(v.Type, "text/") {
			return
		}
		charset = "iso-8859-1"
	}
	var star *Range
	for i := range n.Charsets {
		switch r := &n.Charsets[i]; r.Name {
		case charset:
			v.charset = r.Quality
			return
		case "*":
			star = r
		}
	}
	switch {
	case star != nil:
		v.charset, v.definite = star.Quality, false
	case charset == "iso-8859-1":
		v.charset = 1
	default:
		v.charset = 0
	}
}

// weighEncoding: a client that names encodings takes what has none unless it forbids that. httpd:
// set_encoding_quality.
func (n *negotiation) weighEncoding(v *Variant) {
	encoding, otherwise := v.Encoding, float32(0)
	if n.Encodings == nil {
		v.encoding = 1
		if !plain(encoding) {
			v.encoding = 0.5
		}
		return
	}
	if plain(encoding) {
		encoding, otherwise = "identity", 0.0001
	}
	encoding = strings.TrimPrefix(encoding, "x-")
	for i := range n.Encodings {
		r := &n.Encodings[i]
		switch strings.TrimPrefix(r.Name, "x-") {
		case encoding:
			v.encoding = r.Quality
			return
		case "*":
			otherwise = r.Quality
		}
	}
	v.encoding = otherwise
}
