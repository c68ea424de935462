// Package passthrough tests HeadgatePassthrough: connections that are passed on unread by the name in their ClientHello,
// next to virtual hosts that end TLS themselves, on each engine.
package passthrough
