package ascii

import (
	"strings"
	"testing"
)

func TestClassesAgreeWithTheirDefinition(t *testing.T) {
	const token = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for i := range 256 {
		c := byte(i)
		s := string([]byte{c})
		rows := []struct {
			name      string
			got, want bool
		}{
			{"token", IsToken(c), strings.Contains(token, s)},
			{"digit", IsDigit(c), strings.Contains("0123456789", s)},
			{"hex", IsHex(c), strings.Contains("0123456789abcdefABCDEF", s)},
			{"alpha", IsAlpha(c), 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'},
			{"space", IsSpace(c), strings.Contains(" \t\n\v\f\r", s)},
			{"visible", IsVisible(c), c > ' ' && c < 0x7f},
			{"control", IsControl(c), c < ' ' || c == 0x7f},
			{"blank", IsBlank(c), c == ' ' || c == '\t'},
		}
		for _, r := range rows {
			if r.got != r.want {
				t.Errorf("%s(%#x) = %v, want %v", r.name, c, r.got, r.want)
			}
		}
	}
}

func TestUnhex(t *testing.T) {
	for i := range 256 {
		v, ok := Unhex(byte(i))
		at := strings.IndexByte("0123456789abcdef", Lower(byte(i)))
		if ok != (at >= 0) || ok && int(v) != at {
			t.Errorf("Unhex(%#x) = %d, %v", i, v, ok)
		}
	}
}

func TestFolding(t *testing.T) {
	rows := []struct {
		a, b                        string
		equal, prefixOfA, suffixOfA bool
	}{
		{"", "", true, true, true},
		{"Content-Length", "content-lENGTH", true, true, true},
		{"Content-Length", "content", false, true, false},
		{"Content-Length", "length", false, false, true},
		{"a", "ab", false, false, false},
		{"@", "`", false, false, false}, // 0x20 apart but no letters
		{"[", "{", false, false, false},
		{"k", "\u212a", false, false, false}, // the Kelvin sign folds to k in Unicode only
		{"\xe4", "\xc4", false, false, false},
	}
	for _, r := range rows {
		if EqualFold(r.a, r.b) != r.equal || EqualFoldBytes([]byte(r.a), r.b) != r.equal {
			t.Errorf("EqualFold(%q, %q) != %v", r.a, r.b, r.equal)
		}
		if HasPrefixFold(r.a, r.b) != r.prefixOfA || HasPrefixFoldBytes([]byte(r.a), r.b) != r.prefixOfA {
			t.Errorf("HasPrefixFold(%q, %q) != %v", r.a, r.b, r.prefixOfA)
		}
		if HasSuffixFold(r.a, r.b) != r.suffixOfA {
			t.Errorf("HasSuffixFold(%q, %q) != %v", r.a, r.b, r.suffixOfA)
		}
		if (CompareFold(r.a, r.b) == 0) != r.equal {
			t.Errorf("CompareFold(%q, %q) = %d", r.a, r.b, CompareFold(r.a, r.b))
		}
	}
	if CompareFold("a", "B") >= 0 || CompareFold("B", "a") <= 0 || CompareFold("a", "ab") >= 0 {
		t.Error("CompareFold does not order by folded bytes")
	}
}

func TestLowering(t *testing.T) {
	const in, want = "X-Ä@[`{Zz", "x-Ä@[`{zz"
	b := []byte(in)
	LowerBytes(b)
	if got := ToLower(in); got != want || string(b) != want || string(AppendLower([]byte("+"), in)) != "+"+want {
		t.Errorf("lower(%q) = %q, %q", in, got, b)
	}
}

func TestTokensAndTrimming(t *testing.T) {
	for s, want := range map[string]bool{"": false, "GET": true, "G T": false, "a:b": false, "x\x00": false} {
		if IsTokenString(s) != want || IsTokenBytes([]byte(s)) != want {
			t.Errorf("IsTokenString(%q) != %v", s, want)
		}
	}
	for s, want := range map[string]string{"": "", " \t\v": "", "\f a b\r\n": "a b"} {
		if got := TrimSpace(s); got != want {
			t.Errorf("TrimSpace(%q) = %q, want %q", s, got, want)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	b, dst, ok := []byte("Transfer-Encoding"), make([]byte, 0, 64), true
	n := testing.AllocsPerRun(100, func() {
		ok = ok && EqualFoldBytes(b, "transfer-encoding") && HasPrefixFoldBytes(b, "TRANSFER") && IsTokenBytes(b)
		ok = ok && EqualFold("Host", "hOST") && ToLower("host") == "host"
		dst = AppendLower(dst[:0], "Host")
	})
	if n != 0 || !ok {
		t.Errorf("%v allocations per run, ok %v", n, ok)
	}
}

func BenchmarkEqualFoldBytes(b *testing.B) {
	x := []byte("Transfer-Encoding")
	for b.Loop() {
		if !EqualFoldBytes(x, "transfer-encoding") {
			b.Fatal("not equal")
		}
	}
}

func TestEqualFoldOfEveryPair(t *testing.T) {
	for a := range 256 {
		for b := range 256 {
			x, y := byte(a), byte(b)
			if got, want := EqualFoldBytes([]byte{x}, []byte{y}), Lower(x) == Lower(y); got != want {
				t.Fatalf("EqualFoldBytes(%q, %q) = %v", x, y, got)
			}
		}
	}
}
