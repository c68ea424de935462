// Package testkit has the peers of tests: a scripted origin, a raw client, the real httpd, our own
// binary, and the checks that nothing leaked.
//
// It uses plain bytes on loopback sockets and imports nothing of Headgate, so that a fault in our wire code can never
// hide a fault in our wire code. Everything it starts belongs to the test that started it and ends with t.Cleanup.
// Nothing here sleeps to wait: a test either blocks on the event itself or polls a condition with Eventually.
//
// Only tests import it (internal/lint enforces that).
package testkit
