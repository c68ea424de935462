package expr

import "testing"

// SSLRequire compares by length first, and no numbers (group tls-verify-require of
// test/diff).
func TestSSLComparisons(t *testing.T) {
	for src, want := range map[string]bool{
		`"9" < "10"`: true, `"b" < "a"`: false, `"010" -eq "10"`: false, `"10" -eq "10"`: true, `"128" -ge "56"`: true,
		`"56" >= "128"`: false, `"b" > "a"`: true, `"a" != "b"`: true, `"" < "a"`: true, `"abc" <= "abc"`: true,
	} {
		b, err := ParseBool(src, Options{SSL: true})
		if err != nil {
			t.Errorf("%s: %v", src, err)
			continue
		}
		if got, err := b.Eval(nil, new(State)); err != nil || got != want {
			t.Errorf("%s: %v %v, want %v", src, got, err, want)
		}
	}
}
