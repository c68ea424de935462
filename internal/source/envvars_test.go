package source

import (
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// debianLike has all constructs of Debian's own file, in other words.
const debianLike = `# settings for the daemon
unset HOME
if [ "${APACHE_CONFDIR##/etc/apache2-}" != "${APACHE_CONFDIR}" ] ; then
	SUFFIX="-${APACHE_CONFDIR##/etc/apache2-}"
else
	SUFFIX=
fi
export APACHE_RUN_USER=www-data
export APACHE_PID_FILE=/run/apache2$SUFFIX/apache2.pid   # why not
export APACHE_LOG_DIR=/var/log/apache2${SUFFIX}
#. /etc/default/locale
export LANG=C
export LANG
#export APACHE_ARGUMENTS=''
`

func readShell(text, file string, base map[string]string, more map[string]string) (string, error) {
	files := fstest.MapFS{rel(file): &fstest.MapFile{Data: []byte(text)}}
	for name, t := range more {
		files[rel(name)] = &fstest.MapFile{Data: []byte(t)}
	}
	vars, err := readEnvvars(mapFS{files}, file, func(n string) (string, bool) { v, ok := base[n]; return v, ok })
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(vars)) {
		if k != "APACHE_CONFDIR" {
			b.WriteString(k + "=" + vars[k] + "\n")
		}
	}
	return b.String(), err
}

func TestEnvvarsOfDebian(t *testing.T) {
	for file, suffix := range map[string]string{"/etc/apache2/envvars": "", "/etc/apache2-two/envvars": "-two"} {
		got, err := readShell(debianLike, file, nil, nil)
		want := "APACHE_LOG_DIR=/var/log/apache2" + suffix + "\nAPACHE_PID_FILE=/run/apache2" + suffix +
			"/apache2.pid\nAPACHE_RUN_USER=www-data\nLANG=C\n"
		if err != nil || got != want {
			t.Errorf("%s: %q, %v", file, got, err)
		}
	}
}

func TestEnvvars(t *testing.T) {
	more := map[string]string{"/etc/default/x": "X=1\nexport Y=2\n", "/etc/loop": ". /etc/loop\n"}
	base := map[string]string{"HOME": "/root", "LD": "/lib"}
	rows := []struct{ text, want string }{
		{"", ""},
		{"A=1", ""},
		{"A=1; export A", "A=1\n"},
		{"A=1 B=2\nexport A B C", "A=1\nB=2\n"},
		{"LD=\"/usr/lib:$LD\"", "LD=/usr/lib:/lib\n"},
		{"export HOME", "HOME=/root\n"},
		{"unset HOME\nexport HOME", ""},
		{"export A='a $B' B=\"b\\\"$HOME\\$\" C=c\\ d$", "A=a $B\nB=b\"/root$\nC=c d$\n"},
		{"export A=a\\\nb", "A=ab\n"},
		{"export A=${N:-none} B=${HOME:-none} C=${N-x}${N+y}${HOME:+z} D=${E:=e}; export E", "A=none\nB=/root\nC=xz\nD=e\nE=e\n"},
		{"P=/a/b.c.d; export A=${P#*/} B=${P##*/} C=${P%.*} D=${P%%.*}", "A=a/b.c.d\nB=b.c.d\nC=/a/b.c\nD=/a/b\n"},
		{"if [ -f /etc/default/x ]; then . /etc/default/x; fi\nexport Z=$X", "Y=2\nZ=1\n"},
		{"[ -f /nope ] && . /nope\n[ -r /etc/default/x ] && . /etc/default/x", "Y=2\n"},
		{"test -d /etc || export A=no\ntest -d /nope || export A=yes", "A=yes\n"},
		{"if [ -z \"$N\" -a ! -e /nope ]\nthen export A=1\nelif true; then export A=2\nelse export A=3\nfi", "A=1\n"},
		{"if false; then nonsense $(x) for; elif [ 2 -gt 1 ]; then export A=2; else export A=3; fi", "A=2\n"},
		{"if [ \"x$HOME\" = x ]; then export A=1; else if [ $N ]; then export A=2; else export A=3; fi; fi", "A=3\n"},
		{"ulimit -n 65536\numask 022\n:\nexport A=1 # x", "A=1\n"},
		{"! false && export A=1", "A=1\n"},
	}
	for _, r := range rows {
		if got, err := readShell(r.text, "/etc/apache2/envvars", base, more); err != nil || got != r.want {
			t.Errorf("%q: %q, %v; want %q", r.text, got, err, r.want)
		}
	}
}

func TestEnvvarsWeCannotRead(t *testing.T) {
	more := map[string]string{"/etc/loop": "\n. /etc/loop\n"}
	rows := []struct{ text, want string }{
		{"\nexport A=$(hostname)", `/e:2: cannot read "command substitution" without a shell`},
		{"A=`id`", `/e:1: cannot read "command substitution" without a shell`},
		{"A=1\nfor i in a b; do :; done", `/e:2: cannot read "for" without a shell`},
		{"echo hello", `/e:1: cannot read "echo" without a shell`},
		{"A=1 echo hello", `/e:1: cannot read "echo" without a shell`},
		{": > /dev/null", `/e:1: cannot read ">" without a shell`},
		{"a | b", `/e:1: cannot read "|" without a shell`},
		{"A=$1", `/e:1: cannot read "$1" without a shell`},
		{"if true; then\nA=1", `/e:2: end of file where fi was expected`},
		{"A='open", `/e:1: unterminated '`},
		{"A=${open", `/e:1: unterminated ${`},
		{"A=${B^^}", `/e:1: cannot read "${B^^}" without a shell`},
		{"[ a = b", `/e:1: cannot read "[ without ]" without a shell`},
		{"&& x", `/e:1: cannot read "&&" without a shell`},
		{"A=${B:?not set}", `/e:1: cannot read "B: not set" without a shell`},
		{". /nope", `reading environment variables: open nope: file does not exist`},
		{". /etc/loop", `/etc/loop: files source each other more than 16 deep`},
	}
	for _, r := range rows {
		if _, err := readShell(r.text, "/e", nil, more); err == nil || err.Error() != r.want {
			t.Errorf("%q: %v; want %s", r.text, err, r.want)
		}
	}
	if _, err := ReadEnvvars(path.Join(t.TempDir(), "none"), nil); err == nil {
		t.Error("a missing file is no error")
	}
}

func FuzzEnvvars(f *testing.F) {
	for _, s := range []string{debianLike, "A=${B:-\"x\"}", "if [ -f x ]; then :; fi", "export A='", ". /e", "a && b || c"} {
		f.Add(s)
	}
	f.Fuzz(func(_ *testing.T, text string) { _, _ = readShell(text, "/e", nil, nil) })
}
