// Package ajp is AJP/1.3 as a codec of backend/attempt: what servlet containers
// like Tomcat speak.
//
// A request is one packet with its head, in which common names are numbers, and
// with what the server knows of the client: address, user, TLS. A body with a
// length begins in the next packet; further packets, and all of them for a body
// without a length, follow when the container requests them. A response is a
// packet of headers, packets of the body, and one that ends it and says whether the
// connection may be used again. CPING and CPONG ask whether a container responds
// at all.
//
// What Read returns is borrowed from the engine's buffer, but for the head of a
// response without a body, which is copied to the exchange's arena.
//
// Reference: httpd: mod_proxy_ajp; Tomcat: AJPv13 protocol reference.
//
// Imports attempt, cgi, exchange and what is below them.
package ajp
