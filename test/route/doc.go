// Package route plays configurations with requests to headgate route and compares what it prints with the transcripts
// in testdata. A file there has a configuration and the transcript: each line that begins with "$ " is a command, and
// what follows it is its output and, where that is not 0, its exit code. go test ./test/route -update writes them again;
// the diff is the review.
package route
