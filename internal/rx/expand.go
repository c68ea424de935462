package rx

// Expand appends template to dst with $0 to $9 replaced by the spans of subject
// in caps; a group that did not take part is empty. A backslash takes the next
// byte literally. An ampersand has no special meaning.
//
// httpd: ap_pregsub; "$a", a final "$" and a final "\" stand for themselves.
func Expand(dst []byte, template string, subject []byte, caps []int) []byte {
	return ExpandGroups(dst, template, func(n int) []byte {
		if 2*n+1 < len(caps) && caps[2*n] >= 0 {
			return subject[caps[2*n]:caps[2*n+1]]
		}
		return nil
	})
}

// ExpandGroups is Expand for groups that are stored elsewhere: group returns
// the text of one of them.
func ExpandGroups(dst []byte, template string, group func(n int) []byte) []byte {
	for i := 0; i < len(template); i++ {
		c := template[i]
		if i+1 == len(template) {
			return append(dst, c)
		}
		next := template[i+1]
		switch {
		case c == '\\':
			dst = append(dst, next)
			i++
		case c == '$' && next >= '0' && next <= '9':
			dst = append(dst, group(int(next-'0'))...)
			i++
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
