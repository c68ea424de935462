// Package tunnels tests upgraded connections on the running program: what they
// cost, and that they survive a reload.
package tunnels
