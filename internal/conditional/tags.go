package conditional

import "bytes"

var weakTag = []byte("W/")

// listed reports whether a list of entity tags has tag, or is "*". Weak tags are
// equal to nothing if the comparison is strong.
func listed(list, tag []byte, strong bool) bool {
	if len(list) > 0 && list[0] == '*' {
		return true
	}
	weak := bytes.HasPrefix(tag, weakTag)
	if len(tag) == 0 || strong && weak {
		return false
	}
	tag = bytes.TrimPrefix(tag, weakTag)
	for len(list) > 0 {
		var one []byte
		one, list = cutTag(list)
		if bytes.HasPrefix(one, weakTag) {
			if strong {
				continue
			}
			one = one[len(weakTag):]
		}
		if bytes.Equal(one, tag) {
			return true
		}
	}
	return false
}

// cutTag cuts the first tag off a list. A comma within quotes is part of it.
func cutTag(list []byte) (one, rest []byte) {
	quoted := false
	for i, c := range list {
		switch {
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			return bytes.TrimSpace(list[:i]), list[i+1:]
		}
	}
	return bytes.TrimSpace(list), nil
}
