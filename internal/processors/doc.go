// Package processors says how many of the machine's processors this process may
// use: those of its affinity, and no more than the CPU limit of its cgroups
// allows. Both change while a process runs, so it is made to be asked again.
//
// A Source belongs to who made it. Imports nothing of this module.
package processors
