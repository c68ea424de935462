package passwd

import (
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/syntax"
)

// Users is what a file of htpasswd says: the stored password of each user.
type Users map[string]string

// Realms is what a file of htdigest says: the hash of each user of each realm,
// MD5 of user:realm:password in hexadecimal digits.
type Realms map[RealmUser]string

// RealmUser names a user of a realm.
type RealmUser struct{ User, Realm string }

// Groups is what a file of groups says: the groups that each user is in.
type Groups map[string][]string

// Lines longer than these end the reading of a file of users (httpd:
// MAX_STRING_LEN), and of one of groups (VARBUF_MAX_LEN).
const (
	longestUser  = 8192
	longestGroup = 16 << 20
)

// ParseUsers reads lines of user:password. Of one user the first line counts,
// and what follows a second colon does not. httpd: check_password of mod_authn_file.
func ParseUsers(text string) Users {
	users := make(Users)
	lines(text, longestUser, func(line string) {
		user, rest, _ := strings.Cut(line, ":")
		if _, ok := users[user]; !ok {
			users[user], _, _ = strings.Cut(rest, ":")
		}
	})
	return users
}

// ParseRealms reads lines of user:realm:hash. Of one user of a realm the first
// line counts. httpd: get_realm_hash of mod_authn_file.
func ParseRealms(text string) Realms {
	realms := make(Realms)
	lines(text, longestUser, func(line string) {
		user, rest, _ := strings.Cut(line, ":")
		realm, rest, _ := strings.Cut(rest, ":")
		key := RealmUser{user, realm}
		if _, ok := realms[key]; !ok {
			realms[key], _, _ = strings.Cut(rest, ":")
		}
	})
	return realms
}

// ParseGroups reads lines of "group: user user", whose words may be quoted as in
// a directive. httpd: groups_for_user.
func ParseGroups(text string) Groups {
	groups := make(Groups)
	lines(text, longestGroup, func(line string) {
		group, rest, _ := strings.Cut(line, ":")
		group = ascii.TrimRightSpace(group)
		for rest != "" {
			var user string
			user, rest = syntax.Word(rest)
			if !slices.Contains(groups[user], group) {
				groups[user] = append(groups[user], group)
			}
		}
	})
	return groups
}

// In reports whether group is among the groups of a user. httpd: names of groups
// are the same in any case of letters (apr_table_get).
func In(groups []string, group string) bool {
	for _, name := range groups {
		if ascii.EqualFold(name, group) {
			return true
		}
	}
	return false
}

// lines calls f with each line that is neither empty nor a comment, without the
// blanks around it. A backslash at the end joins the next one, and a line as long
// as longest ends the reading. httpd: ap_cfg_getline.
func lines(text string, longest int, f func(line string)) {
	for text != "" {
		var line string
		line, text = logicalLine(text)
		if len(line) >= longest-1 {
			return
		}
		line = ascii.TrimSpace(line)
		if line != "" && line[0] != '#' {
			f(line)
		}
	}
}

// logicalLine takes a line with those it goes on in.
func logicalLine(text string) (line, rest string) {
	line, rest, _ = strings.Cut(text, "\n")
	line = strings.TrimSuffix(line, "\r")
	if !strings.HasSuffix(line, `\`) {
		return line, rest
	}
	var b strings.Builder
	for strings.HasSuffix(line, `\`) {
		b.WriteString(line[:len(line)-1])
		line, rest, _ = strings.Cut(rest, "\n")
		line = strings.TrimSuffix(line, "\r")
	}
	b.WriteString(line)
	return b.String(), rest
}
