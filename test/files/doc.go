// Package files tests the sending of files by a whole server: that no path leads out of
// the folders that are served, and what becomes of files that change while they are sent.
package files
