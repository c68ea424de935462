// Package rewrite is mod_rewrite: RewriteEngine, RewriteRule, RewriteCond,
// RewriteMap, RewriteBase and RewriteOptions, in servers and in sections.
//
// A rule is compiled when it is read: pattern, conditions, and the templates of
// its substitution. A run takes its memory from a pool, so rules that do not match
// allocate nothing. A chain without rules contains nothing of this package.
//
// As in httpd, the rules of a server are a Translator before all others, and the
// rules of a section are a fixup.
//
// Imports module and the layers below it.
package rewrite
