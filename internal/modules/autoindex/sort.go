package autoindex

import (
	"cmp"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// entry is one line of a listing.
type entry struct {
	name            string // with a slash at its end if it is a folder; the path of the parent, which begins with one
	icon, alt, desc string
	hasAlt, hasDesc bool
	size            int64 // -1: none
	modified        int64 // seconds; -1: not known
	folder          bool  // it is sorted among the folders, which come first
}

// sortEntries sorts by the order. httpd: dsortf.
func sortEntries(list []entry, o *order) {
	slices.SortFunc(list, func(a, b entry) int {
		switch {
		case strings.HasPrefix(a.name, "/"):
			return -1
		case strings.HasPrefix(b.name, "/"):
			return 1
		case a.folder != b.folder && a.folder:
			return -1
		case a.folder != b.folder:
			return 1
		case o.direction == 'D':
			return o.compare(&b, &a)
		}
		return o.compare(&a, &b)
	})
}

func (o *order) compare(a, b *entry) int {
	result := 0
	switch o.key {
	case 'M':
		result = cmp.Compare(a.modified, b.modified)
	case 'S':
		result = cmp.Compare(a.size, b.size)
	case 'D':
		if o.opts&versionSort != 0 {
			result = natural(a.desc, b.desc, false)
		} else {
			result = strings.Compare(a.desc, b.desc)
		}
	}
	if o.opts&versionSort != 0 {
		if result == 0 && o.opts&ignoreCase != 0 {
			result = natural(a.name, b.name, true)
		}
		if result == 0 {
			result = natural(a.name, b.name, false)
		}
	}
	if result == 0 && o.opts&ignoreCase != 0 {
		result = ascii.CompareFold(a.name, b.name)
	}
	if result == 0 {
		result = strings.Compare(a.name, b.name)
	}
	return result
}

// natural compares texts so that numbers in them count by their value. httpd:
// apr_strnatcmp; numbers that begin with 0 are compared as fractions, and blanks
// do not count.
func natural(a, b string, fold bool) int {
	for i, j := 0, 0; ; i, j = i+1, j+1 {
		for i < len(a) && ascii.IsSpace(a[i]) {
			i++
		}
		for j < len(b) && ascii.IsSpace(b[j]) {
			j++
		}
		ca, cb := at(a, i), at(b, j)
		if ascii.IsDigit(ca) && ascii.IsDigit(cb) {
			result := 0
			if ca == '0' || cb == '0' {
				result = fraction(a[i:], b[j:])
			} else {
				result = number(a[i:], b[j:])
			}
			if result != 0 {
				return result
			}
		}
		if ca == 0 && cb == 0 {
			return 0
		}
		if fold {
			ca, cb = ascii.Lower(ca), ascii.Lower(cb)
		}
		if ca != cb {
			return cmp.Compare(ca, cb)
		}
	}
}

func at(s string, i int) byte {
	if i < len(s) {
		return s[i]
	}
	return 0
}

// number compares the numbers at the beginning: the longer one is larger, of the
// same length the first digit that differs decides.
func number(a, b string) int {
	bias := 0
	for i := 0; ; i++ {
		ca, cb := at(a, i), at(b, i)
		da, db := ascii.IsDigit(ca), ascii.IsDigit(cb)
		switch {
		case !da && !db:
			return bias
		case !da:
			return -1
		case !db:
			return 1
		}
		if bias == 0 {
			bias = cmp.Compare(ca, cb)
		}
	}
}

// fraction compares digits from the left.
func fraction(a, b string) int {
	for i := 0; ; i++ {
		ca, cb := at(a, i), at(b, i)
		da, db := ascii.IsDigit(ca), ascii.IsDigit(cb)
		switch {
		case !da && !db:
			return 0
		case !da:
			return -1
		case !db:
			return 1
		case ca != cb:
			return cmp.Compare(ca, cb)
		}
	}
}
