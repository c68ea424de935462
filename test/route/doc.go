// Package route runs headgate route on configurations and requests and compares its output with the transcripts
// in testdata. A file there has a configuration and the transcript: each line that begins with "$ " is a command, and
// the lines after it are its output and, if not 0, its exit code. go test ./test/route -update writes them again;
// the diff is the review.
package route
