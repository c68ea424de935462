package passwd_test

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/passwd"
	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// vector is a password with a form in which a real program stored it.
type vector struct{ password, stored string }

func vectors(t testing.TB) (out []vector) {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if line[0] == '#' {
			continue
		}
		quoted, err := strconv.QuotedPrefix(line)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		pw, _ := strconv.Unquote(quoted)
		out = append(out, vector{pw, strings.TrimSpace(line[len(quoted):])})
	}
	return out
}

func TestMatch(t *testing.T) {
	all := vectors(t)
	if len(all) < 80 {
		t.Fatalf("%d vectors", len(all))
	}
	for _, v := range all {
		if ok, err := passwd.Match(v.stored, v.password); !ok || err != nil {
			t.Errorf("%q is not that of %s: %v", v.password, v.stored, err)
		}
		wrong := "y" + v.password
		if ok, err := passwd.Match(v.stored, wrong); ok || err != nil {
			t.Errorf("%q is that of %s: %v", wrong, v.stored, err)
		}
		if ok, _ := passwd.Match(v.stored, v.password+"\x00more"); !ok {
			t.Errorf("%q followed by NUL is not that of %s", v.password, v.stored)
		}
		last := v.stored[:len(v.stored)-1]
		if ok, _ := passwd.Match(last, v.password); ok {
			t.Errorf("%q is that of %s, which is cut", v.password, last)
		}
	}
}

func TestNoMatch(t *testing.T) {
	for _, tt := range []struct {
		stored string
		err    error
	}{
		{"", passwd.ErrUnknown}, {"s", passwd.ErrUnknown}, {"secret", passwd.ErrUnknown}, {"!", passwd.ErrUnknown}, {"*", passwd.ErrUnknown},
		{"$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7", passwd.ErrUnknown},
		{"$2y$", passwd.ErrUnknown}, {"$2y$05$tooshort", passwd.ErrUnknown}, {"$2x$05$LQ2X.dBZNwYbrtv97L8Xc.dUKo28dMi2mMadNSCyHYeAzaN79oC/O", passwd.ErrUnknown},
		{"$apr1$", passwd.ErrUnknown}, {"$1$salt", passwd.ErrUnknown}, {"$5$rounds=999$s$x", passwd.ErrUnknown}, {"$6$rounds=x$s$x", passwd.ErrUnknown},
		{"{SHA}", nil}, {"{SSHA}xxxxxxxxxxxx", passwd.ErrUnknown}, {"$5$s$", nil},
	} {
		if ok, err := passwd.Match(tt.stored, "secret"); ok || !errors.Is(err, tt.err) {
			t.Errorf("%q: %v, %v", tt.stored, ok, err)
		}
	}
}

func TestCheap(t *testing.T) {
	for stored, want := range map[string]bool{
		"{SHA}x": true, "$2y$05$x": false, "$apr1$x$y": false, "abNANd1rDfiNc": false, "$6$x$y": false,
	} {
		if passwd.Cheap(stored) != want {
			t.Errorf("%s: %v", stored, !want)
		}
	}
}

func FuzzMatch(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.stored, v.password)
	}
	f.Fuzz(func(t *testing.T, stored, password string) {
		if strings.Contains(stored, "rounds=") || strings.HasPrefix(stored, "$2") {
			return // it says itself how long it takes
		}
		ok, err := passwd.Match(stored, password)
		if ok && err != nil {
			t.Errorf("%q, %q: yes, and %v", stored, password, err)
		}
		if again, _ := passwd.Match(stored, password); again != ok {
			t.Errorf("%q, %q: another verdict the second time", stored, password)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	for name, stored := range map[string]string{
		"apr1": "$apr1$3zm8U3Ns$I1sKg5SjQwzPoGxamMYX31", "des": "abNANd1rDfiNc", "sha1": "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
		"sha256": "$5$qi/HER0J9brXbgUI$MQFvaa5.JqeoRJfUDrw1OvRKk9GK6IaJ6TG.hj.Rz22",
		"bcrypt": "$2y$05$LQ2X.dBZNwYbrtv97L8Xc.dUKo28dMi2mMadNSCyHYeAzaN79oC/O",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_, _ = passwd.Match(stored, "secret")
			}
		})
	}
}
