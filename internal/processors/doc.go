// Package processors counts the processors that this process may use: those of
// its affinity, limited by the CPU quota of its cgroups. Both change while a
// process runs, so callers ask repeatedly.
//
// A Source belongs to its maker. Imports nothing of this module.
package processors
