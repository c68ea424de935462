package proxy

import "testing"

// HeadgateForwardAllow knows an address by all its spellings.
func TestParsePrefix(t *testing.T) {
	for _, c := range []struct{ word, want string }{
		{"127.0.0.1", "127.0.0.1/32"},
		{"10.1.2.3/8", "10.0.0.0/8"},
		{"::1", "::1/128"},
		{"fd00::1/8", "fd00::/8"},
		{"::ffff:127.0.0.1", "127.0.0.1/32"},
		{"::ffff:10.1.2.3/104", "10.0.0.0/8"},
		{"::ffff:0:0/96", "0.0.0.0/0"},
		{"::/0", "::/0"},
		{"here", ""}, {"10.0.0.1/33", ""}, {"10.0.0.0/", ""}, {"", ""},
	} {
		p, err := parsePrefix(c.word)
		if got := p.String(); err == nil && got != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%q: %s, %v; want %q", c.word, got, err, c.want)
		}
	}
}
