package unixd

import (
	"errors"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

func TestLookupUser(t *testing.T) {
	for _, tt := range []struct {
		arg  string
		uid  int
		root bool
		text string
	}{
		{"root", 0, true, ""},
		{"#0", 0, true, ""},
		{"#4000001", 4000001, false, ""},
		{"#", -1, false, "bad user id #: "},
		{"#abc", -1, false, "bad user id #abc: "},
		{"#-1", -1, false, "bad user id #-1: "},
		{"#4294967295", -1, false, "no such id"},
		{"#4294967296", -1, false, "not a number from 0 to 4294967294"},
		{"no-such-user-here", -1, false, "AH00543: bad user name no-such-user-here"},
	} {
		u, err := LookupUser(tt.arg)
		if u.UID != tt.uid || errors.Is(err, ErrRoot) != tt.root {
			t.Errorf("%s: %+v %v", tt.arg, u, err)
		}
		if tt.text != "" && (err == nil || !strings.Contains(err.Error(), tt.text)) {
			t.Errorf("%s: %v, want %q", tt.arg, err, tt.text)
		}
	}
}

func TestLookupGroup(t *testing.T) {
	for _, tt := range []struct {
		arg, text string
		gid       int
	}{
		{"#99999", "", 99999},
		{"#0", "", 0},
		{"#x", "bad group id #x: ", -1},
		{"no-such-group-here", "AH00544: bad group name no-such-group-here", -1},
	} {
		gid, err := LookupGroup(tt.arg)
		if gid != tt.gid || (err == nil) != (tt.text == "") || err != nil && !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%s: %d %v", tt.arg, gid, err)
		}
	}
}

func TestDrop(t *testing.T) {
	if os.Getuid() != 0 {
		testkit.Skip(t, "dropping privileges needs root")
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		testkit.Skip(t, "no user nobody")
	}
	jail := t.TempDir()
	if err := os.WriteFile(filepath.Join(jail, "marker"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{jail, filepath.Dir(jail)} {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	const stays = " setuid=operation not permitted"
	for _, tt := range []struct{ user, group, chroot, want string }{
		{"nobody", "", "", nobody.Uid + " " + nobody.Gid + " [" + nobody.Gid + "] marker=false" + stays},
		{"nobody", "#4000002", "", nobody.Uid + " 4000002 [4000002] marker=false" + stays},
		{"#4000001", "#4000002", jail, "4000001 4000002 [4000002] marker=true" + stays},
		{"nobody", "root", "", nobody.Uid + " 0 [0] marker=false" + stays},
		{"#4000001", "", "", "error: user #4000001 has no group: state one with Group"},
		{"root", "", "", "error: " + ErrRoot.Error()},
		{"nobody", "no-such-group-here", "", "error: AH00544: bad group name no-such-group-here"},
		{"nobody", "", "/no/such/dir", "error: ChrootDir must be a valid directory"},
	} {
		cmd := child(t, "drop", "DROP_USER="+tt.user, "DROP_GROUP="+tt.group, "DROP_CHROOT="+tt.chroot)
		out, _ := cmd.Output()
		if got := strings.TrimSpace(string(out)); got != tt.want {
			t.Errorf("%s %s %s:\n%s\nwant\n%s", tt.user, tt.group, tt.chroot, got, tt.want)
		}
	}
}

func TestDropWithoutRoot(t *testing.T) {
	if os.Getuid() == 0 {
		testkit.Skip(t, "needs to run as an ordinary user")
	}
	if err := Drop("nobody", "", ""); err != nil {
		t.Error(err)
	}
	if err := Drop("", "", "/"); err == nil {
		t.Error("chroot without root")
	}
}
