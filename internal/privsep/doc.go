// Package privsep is the privileged helper: a small process that keeps root
// when the server gives it up for its User, and opens for the server what only
// root may open. The server says "reload" and "open item N" over a socket pair
// and gets descriptors back. What the items are, the helper decides: it reads
// and checks the configuration itself. No path and no address comes from the
// server after it gave up root, so a server that was taken over can ask for
// nothing but what the configuration names. SECURITY.md states the threat model.
//
// The package owns the protocol, the server's end (Client) and the helper's
// end (Serve). The caller of Serve brings the function that reads a
// configuration. It imports listen and unixd; it is of layer 5.
package privsep
