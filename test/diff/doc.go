// Package diff plays the same requests to the real httpd and to Headgate, under the same configuration, and compares what
// a client and a backend can see: status line, header fields, body, what reached the backend, whether the connection
// stayed open, and access log lines.
//
// A file of testdata is one group: a configuration and its cases (README.md describes the format). httpd's side is kept in
// recorded/, so that "go test" needs no httpd; "make diff" plays both sides live and checks the record. Every accepted
// difference is in known.txt with the key of its entry in docs/differences.md; a difference that is not listed
// fails, and a listed one that no longer exists fails too.
package diff
