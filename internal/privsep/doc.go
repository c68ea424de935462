// Package privsep is the privileged helper: a small process that stays root when
// the server becomes its User, and that opens for the server what only root may
// open. Over a socket pair the server sends "reload" and "open item N" and
// receives descriptors. The helper decides what the items are: it reads and
// checks the configuration itself. After the server gave up root it sends no
// path and no address, and for a rotated log a time that must be now. So an
// attacker who took over the server can get only what the configuration names.
// SECURITY.md states the threat model.
//
// The package owns the protocol, the server's end (Client) and the helper's end
// (Serve). The caller of Serve passes the function that reads a configuration.
// It imports listen, logsink and unixd; it is at layer 5.
package privsep
