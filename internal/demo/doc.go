// Package demo has the small backends of "headgate demo": a page that says
// what Headgate is and shows what a backend receives, and an echo service.
//
// They run behind the proxy like any user's backends, on loopback ports that
// the system chooses. net/http serves them: they are no part of the proxy. The
// caller of Start closes them. Imports nothing of this module.
package demo
