// Package expr is httpd's expression language (ap_expr): conditions such as
// those of <If> and Require expr, and strings with %{...} in them such as those
// of Header "expr=..." and ErrorDocument.
//
// ParseBool and ParseString compile once, when the configuration is read. They
// look up every name; an unknown name is an error with httpd's message. Eval and
// Append evaluate against an Env, the only access to a request that this package
// has.
//
// Ownership: a compiled expression is immutable and safe for concurrent use. A
// State belongs to one evaluation at a time and should be reused: with its buffers
// the common cases do not allocate. Values that an Env appends are in these
// buffers.
//
// The grammar is that of httpd 2.4.71, as observed: no split, join or sub, and i
// is the only flag of a regular expression. Intended differences: -ipmatch does
// not resolve names, expressions may be nested deeper than twenty levels, and a
// regular expression that exceeds its limit is an error rather than false.
//
// May import ascii, glob, rx and subnet.
package expr
