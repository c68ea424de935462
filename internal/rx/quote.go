package rx

// Quote returns a pattern that matches the bytes of text and nothing else.
func Quote(text string) string {
	out := make([]byte, 0, 2*len(text))
	for _, c := range []byte(text) {
		if c < 0x80 && !isWordByte(c) {
			out = append(out, '\\')
		}
		out = append(out, c)
	}
	return string(out)
}

func isWordByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}
