// Package lint tests the rules of the house: "go test ./internal/lint" reads the source of the whole repository and
// fails where a rule is broken, saying what to do instead. It has tests only.
//
// The rules: layers (which package may import which), sizes of files and functions, documented exported names, no init
// functions, no vague package names, no sleeping tests, no paths of one machine, no stilted phrases. To change a rule,
// change its test in the same commit.
package lint
