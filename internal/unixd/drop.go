package unixd

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
)

// Drop gives up root for good: chroot (ChrootDir, "" for none), then groups,
// group and user, for every thread of the process; then it verifies that root
// cannot be regained. An empty user changes nothing but the root directory; an
// empty group means the user's own. After an error the process is in an
// undefined state and must exit.
//
// httpd: without root, User and Group are ignored; a chroot is an error.
func Drop(userArg, groupArg, chroot string) error {
	if err := CheckDrop(userArg, groupArg, chroot); err != nil || os.Geteuid() != 0 {
		return err
	}
	// Names are looked up while the files that hold them are still visible.
	id, err := Identity(userArg, groupArg)
	if err != nil {
		return err
	}
	if chroot != "" {
		if err := enter(chroot); err != nil {
			return err
		}
	}
	if userArg == "" {
		return nil
	}
	for _, step := range [...]struct {
		what string
		do   func() error
	}{
		{"set supplementary groups", func() error { return syscall.Setgroups(id.Groups()) }},
		{fmt.Sprintf("set group %d", id.GID), func() error { return syscall.Setgid(id.GID) }},
		{fmt.Sprintf("set user %d", id.UID), func() error { return syscall.Setuid(id.UID) }},
		{"check that privileges are gone", id.verify},
	} {
		if err := step.do(); err != nil {
			return fmt.Errorf("drop privileges: %s: %w", step.what, err)
		}
	}
	return nil
}

// CheckDrop says why Drop would fail, as far as that can be known in advance.
// Lack of privileges is a syscall.EPERM.
func CheckDrop(userArg, groupArg, chroot string) error {
	if os.Geteuid() == 0 { // httpd: without root, User and Group are ignored
		if _, err := Identity(userArg, groupArg); err != nil {
			return err
		}
	}
	if chroot == "" {
		return nil
	}
	if info, err := os.Stat(chroot); err != nil || !info.IsDir() {
		return errors.New("ChrootDir must be a valid directory")
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("cannot chroot to %s when not started as root: %w", chroot, syscall.EPERM)
	}
	return nil
}

// Identity reads User and Group as Drop does: groupArg, if set, replaces the
// user's own group. The zero User means no user.
func Identity(userArg, groupArg string) (User, error) {
	if userArg == "" {
		return User{}, nil
	}
	id, err := LookupUser(userArg)
	if err != nil {
		return id, err
	}
	if groupArg != "" {
		// As in initgroups(3): the stated group replaces the primary one, which
		// is not kept.
		if id.GID, err = LookupGroup(groupArg); err != nil {
			return id, err
		}
	}
	if id.GID < 0 {
		return id, fmt.Errorf("user %s has no group: state one with Group", userArg)
	}
	return id, nil
}

func enter(dir string) error {
	if err := os.Chdir(dir); err != nil {
		return fmt.Errorf("ChrootDir: %w", err)
	}
	if err := syscall.Chroot(dir); err != nil {
		return fmt.Errorf("ChrootDir %s: %w", dir, err)
	}
	return os.Chdir("/")
}

// Groups returns the ids of all groups of the user, the primary one first.
func (u User) Groups() []int {
	out := []int{u.GID}
	for _, g := range u.More {
		if !slices.Contains(out, g) {
			out = append(out, g)
		}
	}
	return out
}

// verify checks that all ids are the new ones, and that setting the old ones
// fails, which it would not with CAP_SETUID or a saved id left.
func (u User) verify() error {
	if os.Getuid() != u.UID || os.Geteuid() != u.UID || os.Getgid() != u.GID || os.Getegid() != u.GID {
		return fmt.Errorf("ids are %d/%d and %d/%d", os.Getuid(), os.Geteuid(), os.Getgid(), os.Getegid())
	}
	have, err := os.Getgroups()
	if err != nil {
		return err
	}
	want := u.Groups()
	slices.Sort(have)
	slices.Sort(want)
	if !slices.Equal(slices.Compact(have), want) {
		return fmt.Errorf("groups are %v, not %v", have, want)
	}
	if syscall.Setuid(0) == nil || u.GID != 0 && syscall.Setgid(0) == nil {
		return errors.New("they could be taken back")
	}
	return nil
}
