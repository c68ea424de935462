// Package stapling keeps OCSP responses about the server's certificates, which go with
// the certificates in handshakes (RFC 6066, section 8).
//
// A Keeper requests responses in the background, ahead of need: at the start, and again
// long before one expires. No handshake waits for a responder. A response is used only
// if the issuer of the certificate, or a responder that the issuer has authorised, has
// signed it, and if it is about the certificate and current. Responses outlive a
// restart in a file.
//
// Its goroutines are not those of loops. It imports certfile, lock, responder and wholefile; it is
// at layer 2.
package stapling
