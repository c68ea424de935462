// Package demo has the two small backends of "headgate demo": a page that says
// what Headgate is and shows what a backend gets to see, and an echo service.
//
// They stand behind the proxy like anybody's own backends, on loopback ports
// the system chooses, and are served by net/http: nothing of them is part of
// the proxy. Whoever starts them closes them. Imports nothing of this module.
package demo
