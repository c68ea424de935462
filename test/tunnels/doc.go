// Package tunnels holds the running program to what upgraded connections may
// cost and must survive.
package tunnels
