// Package proxyproto reads and writes the header that a proxy sends ahead of
// everything else on a connection: the PROXY protocol of HAProxy, versions 1 and 2
// (its proxy-protocol.txt, section 2).
//
// Parse is a function of bytes. It takes what httpd's mod_remoteip takes, which is more
// than the specification allows in version 1 and less in version 2, and says of what
// it refuses what httpd says. A library would parse from a reader, cannot tell half a
// header from a wrong one, and judges differently.
//
// Imports subnet.
package proxyproto
