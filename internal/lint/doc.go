// Package lint holds the rules of the house as tests: "go test ./internal/lint" reads the source of the whole repository
// and fails where a rule is broken, saying what to do instead. It has no code of its own.
//
// The rules: layers (which package may import which), sizes of files and functions, documented exported names, no init
// functions, no vague package names, no sleeping tests, no paths of one machine. To change a rule, change its test in the
// same commit.
package lint
