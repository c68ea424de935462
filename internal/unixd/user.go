package unixd

import (
	"errors"
	"fmt"
	"os/user"
	"strconv"
	"strings"
)

// ErrRoot refuses "User root" as httpd does: anything a request can make the
// server do would run as root.
var ErrRoot = errors.New("the server must not serve as root: name a user without privileges")

// User is the identity that a User directive names.
type User struct {
	Name string // "" for an id without an entry
	UID  int
	GID  int   // primary group, -1 if unknown
	More []int // supplementary groups, without GID
}

// LookupUser reads a User directive: a name, or '#' and an id. It returns
// ErrRoot, with the user, for uid 0.
func LookupUser(arg string) (User, error) {
	var entry *user.User
	var err error
	u := User{UID: -1, GID: -1}
	if id, ok := strings.CutPrefix(arg, "#"); ok {
		if u.UID, err = parseID(id); err != nil {
			return u, fmt.Errorf("AH00543: bad user id %s: %w", arg, err)
		}
		entry, err = user.LookupId(id)
		if err != nil { // an id needs no entry
			return u, refuseRoot(u)
		}
	} else if entry, err = user.Lookup(arg); err != nil {
		return u, fmt.Errorf("AH00543: bad user name %s%w", arg, unless[user.UnknownUserError](err))
	}
	u.Name = entry.Username
	if u.UID, err = strconv.Atoi(entry.Uid); err != nil {
		return u, fmt.Errorf("bad user id of %s: %w", arg, err)
	}
	if u.GID, err = strconv.Atoi(entry.Gid); err != nil {
		return u, fmt.Errorf("bad group id of %s: %w", arg, err)
	}
	u.More = moreGroups(entry, u.GID)
	return u, refuseRoot(u)
}

// unexpected is an error other than an unknown name, for which our message is
// enough.
type unexpected struct{ error }

// Error implements error.
func (e unexpected) Error() string {
	if e.error == nil {
		return ""
	}
	return ": " + e.error.Error()
}

// Unwrap returns the cause.
func (e unexpected) Unwrap() error { return e.error }

// unless returns err unless it is an E.
func unless[E error](err error) error {
	if _, ok := errors.AsType[E](err); ok {
		err = nil
	}
	return unexpected{err}
}

func refuseRoot(u User) error {
	if u.UID == 0 {
		return ErrRoot
	}
	return nil
}

// moreGroups is best effort: if the groups cannot be listed it returns none,
// which is the safe choice.
func moreGroups(entry *user.User, primary int) []int {
	ids, err := entry.GroupIds()
	if err != nil {
		return nil
	}
	var out []int
	for _, id := range ids {
		if n, err := strconv.Atoi(id); err == nil && n != primary {
			out = append(out, n)
		}
	}
	return out
}

// LookupGroup reads a Group directive: a name, or '#' and an id.
func LookupGroup(arg string) (int, error) {
	if id, ok := strings.CutPrefix(arg, "#"); ok {
		gid, err := parseID(id)
		if err != nil {
			return -1, fmt.Errorf("AH00544: bad group id %s: %w", arg, err)
		}
		return gid, nil
	}
	g, err := user.LookupGroup(arg)
	if err != nil {
		return -1, fmt.Errorf("AH00544: bad group name %s%w", arg, unless[user.UnknownGroupError](err))
	}
	return strconv.Atoi(g.Gid)
}

// parseID reads an id. httpd reads "#" and "#abc" as 0, which is root; here
// they are errors, and so is its default #-1.
func parseID(s string) (int, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		return -1, errors.New("not a number from 0 to 4294967294")
	}
	if n == 1<<32-1 {
		return -1, errors.New("no such id") // (uid_t)-1 means "do not change" to the kernel
	}
	return int(n), nil
}
