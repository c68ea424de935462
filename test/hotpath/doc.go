// Package hotpath asserts that a proxied HTTP/1.1 request allocates nothing
// above the engine, from its head to its access log line.
package hotpath
