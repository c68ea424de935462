// Package ops plays what an operator does with a server that root starts and
// that becomes another user: rotate logs, add low ports, reload, stop, and
// find it killed. It needs root; CI has it.
package ops
