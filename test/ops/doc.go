// Package ops plays the work of an operator with a server that root starts and
// that becomes another user: rotate logs, add ports below 1024, reload, stop, and
// deal with killed processes. It needs root, which CI has.
package ops
