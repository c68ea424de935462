// Package rx compiles and matches every pattern of a configuration, with the
// meaning that httpd's PCRE2 defines.
//
// A pattern is parsed by this package into a tree over bytes and then handed to
// the cheapest engine that can run it:
//
//   - a plain comparison, for shapes such as ^/foo, \.php$ or ^/x(.*)$;
//   - RE2 (package regexp), linear in the subject;
//   - a backtracker (regexp2), only when the pattern needs look-around,
//     back-references, atomic groups, possessive quantifiers or conditions.
//     It runs under a time limit and a stack limit; running out of either is an
//     error and never a match. Backtracking reports such patterns.
//
// Subjects are bytes. As in PCRE2 without UTF, "." and a class match one byte,
// and bytes from 0x80 up have no case and are not word characters.
//
// Ownership: a Regexp is immutable and safe for concurrent use; a subject is
// only read and never kept.
//
// It may import nothing of this module.
package rx
