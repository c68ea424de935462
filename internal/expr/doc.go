// Package expr is httpd's expression language (ap_expr): conditions such as
// those of <If> and Require expr, and strings with %{...} in them such as those
// of Header "expr=..." and ErrorDocument.
//
// ParseBool and ParseString compile once, when the configuration is read; every
// name is looked up then, and an unknown one is an error in httpd's words. Eval
// and Append run against an Env, which is all this package knows of a request.
//
// Ownership: a compiled expression is immutable and safe for concurrent use. A
// State belongs to one evaluation at a time and is meant to be used again: its
// buffers make the common cases free of allocation. What Env appends is copied
// into them.
//
// The grammar is that of 2.4.71, as observed: no split, join or sub, and i is
// the only flag of a regular expression. Differences kept on purpose: -ipmatch
// does not ask the resolver for names, nesting may go deeper than twenty levels,
// and a regular expression that hits its limit is an error rather than false.
//
// It may import ascii, glob, rx and subnet.
package expr
