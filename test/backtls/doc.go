// Package backtls tests Headgate in front of backends with TLS that break off or stall
// handshakes, that lie, or that renew their certificates, on each engine.
package backtls
