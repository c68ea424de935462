package passwd

import (
	"crypto/sha1" //nolint:gosec // {SHA} is SHA-1
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// ErrUnknown says that a stored password has a form nothing here can compare
// with: nobody can log in by it.
var ErrUnknown = errors.New("the form of the stored password is not known")

// form is one way in which passwords are stored.
type form struct {
	prefix string
	cheap  bool // comparing takes microseconds, not milliseconds
	match  func(stored, password string) (bool, error)
}

// forms are tried in turn. httpd: apr_password_validate, and libcrypt for what
// it leaves to crypt(3). A plain text is never a stored form on Unix.
var forms = []form{
	{"$2y$", false, matchBcrypt},
	{"$2a$", false, matchBcrypt},
	{"$2b$", false, matchBcrypt},
	{apr1, false, made(func(stored, password string) (string, bool) { return md5Crypt(apr1, stored, password) })},
	{"{SHA}", true, matchSHA1},
	{md5Magic, false, made(func(stored, password string) (string, bool) { return md5Crypt(md5Magic, stored, password) })},
	{sha256Form.magic, false, made(sha256Form.crypt)},
	{sha512Form.magic, false, made(sha512Form.crypt)},
	{"", false, made(desCrypt)},
}

func formOf(stored string) *form {
	for i := range forms {
		if strings.HasPrefix(stored, forms[i].prefix) {
			return &forms[i]
		}
	}
	return nil // not reached: the last form has no prefix
}

// Cheap reports whether comparing with a stored password takes no time worth
// leaving the loop for.
func Cheap(stored string) bool { return formOf(stored).cheap }

// Match reports whether password is the one that stored was made of. The error is
// ErrUnknown, which is a no. The time it takes does not depend on how much of
// a password is right.
func Match(stored, password string) (bool, error) {
	// httpd: passwords are C strings, which end at a NUL.
	password, _, _ = strings.Cut(password, "\x00")
	return formOf(stored).match(stored, password)
}

// made makes the match of a form by which the password is stored as a text that
// crypt makes again from the stored one's salt; false means that it has none.
func made(crypt func(stored, password string) (string, bool)) func(stored, password string) (bool, error) {
	return func(stored, password string) (bool, error) {
		again, ok := crypt(stored, password)
		if !ok {
			return false, ErrUnknown
		}
		return Equal(stored, again), nil
	}
}

// Equal compares two texts in a time that depends on their lengths only.
func Equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func matchBcrypt(stored, password string) (bool, error) {
	err := bcrypt.CompareHashAndPassword([]byte(stored), []byte(password))
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, bcrypt.ErrMismatchedHashAndPassword):
		return false, nil
	}
	return false, ErrUnknown
}

func matchSHA1(stored, password string) (bool, error) {
	sum := sha1.Sum([]byte(password)) //nolint:gosec // as above
	return Equal(stored, "{SHA}"+base64.StdEncoding.EncodeToString(sum[:])), nil
}

// alphabet is what crypt(3) writes six bits with.
const alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// appendSix appends the lowest n*6 bits of v, lowest first.
func appendSix(dst []byte, v uint, n int) []byte {
	for range n {
		dst = append(dst, alphabet[v&63])
		v >>= 6
	}
	return dst
}
