package rx

// Expand appends template to dst with $0 to $9 replaced by the spans of subject
// in caps; a group that took no part is empty. A backslash takes the byte after
// it as it is. An ampersand is an ampersand.
//
// httpd: ap_pregsub; "$a", a final "$" and a final "\" stand for themselves.
func Expand(dst []byte, template string, subject []byte, caps []int) []byte {
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
			if g := 2 * int(next-'0'); g+1 < len(caps) && caps[g] >= 0 {
				dst = append(dst, subject[caps[g]:caps[g+1]]...)
			}
			i++
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
