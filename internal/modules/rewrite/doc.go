// Package rewrite is mod_rewrite: RewriteEngine, RewriteRule, RewriteCond,
// RewriteMap, RewriteBase and RewriteOptions, in servers and in sections.
//
// Everything of a rule is compiled when it is read: pattern, conditions, the
// templates of its substitution. A run borrows its memory from a pool, so that
// rules that do not match allocate nothing, and a chain without rules has
// nothing of this package in it.
//
// The rules of a server are a Translator ahead of all others, those of a
// section a step of the fixups, as in httpd.
//
// Imports module and what is below it.
package rewrite
