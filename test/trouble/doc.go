// Package trouble stages twelve failures against the real program, on both engines,
// and writes docs/troubleshooting.md from what it said: the configuration, the line of
// the error log, the Proxy-Status field and the output of "headgate explain".
//
//	go test ./test/trouble -update    writes the page again; its diff is the review
package trouble
