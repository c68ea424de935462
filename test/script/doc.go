// Package script plays the scripts of testdata: each is one page with a configuration, origins, clients and the expected
// results. README.md describes the language.
package script
